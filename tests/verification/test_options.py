"""Options and policy rules of two running services are compared."""

from extractor.plan.verify_settings import KnownDifference, OptionSettings
from extractor.verification.checks.options import judge


def told(rules=None, **options):
    registered = {
        name.replace("__", "."): {"default": value, "type": "x"} for name, value in options.items()
    }
    return {"registered": registered, "rules": rules or {}}


def test_the_same_options_hold_whatever_else_the_source_has():
    judged = judge(told(a__b="1", c__d="2"), told(a__b="1"), OptionSettings())
    assert judged.held
    assert judged.evidence[0] == "1 options of 2 in the source compared, 0 policy rules"


def test_a_changed_default_and_an_unknown_option_are_found():
    judged = judge(told(a__b="1"), told(a__b="2", a__c="1"), OptionSettings())
    assert judged.findings == ("option a.b: default is 2, was 1", "option a.c is not in the source")


def test_renamed_groups_and_explained_differences():
    rules = OptionSettings(
        renamed={"new": "old"},
        explained=(KnownDifference("option new[.]c is not in the source", "it is new"),),
    )
    judged = judge(told(old__b="1"), told(new__b="1", new__c="3"), rules)
    assert judged.held
    assert judged.evidence[1] == "1 differ by decision: it is new"
    assert not judge(told(old__b="1"), told(new__b="2", new__c="3"), rules).held


def test_policy_rules():
    rules = OptionSettings(policies=("shop",))
    there = told(rules={"shop:sell": "role:admin", "other": "x"})
    assert judge(there, told(rules={"shop:sell": "role:admin"}), rules).held
    assert judge(there, told(rules={"shop:sell": "@"}), rules).findings == (
        "policy rule shop:sell is '@', was 'role:admin'",
    )
    assert judge(there, told(), rules).findings == ("policy rule shop:sell is lost",)
