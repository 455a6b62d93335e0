"""The generators that ship beside plans: same seed, same requests; a sweep leaves nothing out."""

import json
from collections import Counter

import pytest

from extractor.plan.load import PLANS, load_plan
from extractor.verification.comparisons.replay import shape
from extractor.verification.laboratory.plan_code import load_class
from extractor.verification.laboratory.service import Answer

NEWEST = 5


def rules_of(name):
    return load_plan(name).data.verify.replay


PLANNED = sorted(path.parent.name for path in PLANS.glob("*/plan.toml"))
SWEPT = [name for name in PLANNED if rules_of(name).sweep]


def answered(generator, most):
    """What it asks a service that says its versions and likes whatever names a thing."""
    document = {"versions": [{"max_version": f"1.{NEWEST}"}]}
    asked = []
    while len(asked) < most and (request := generator.next()) is not None:
        asked.append(request)
        body = document if request.path == "/" else {"resource_provider_generation": 1}
        good = request.method in {"GET", "POST"} or request.path.count("/") > 1
        generator.saw(request, Answer(200 if good else 405, (), json.dumps(body).encode()))
    return asked


@pytest.mark.parametrize("name", PLANNED)
def test_a_seed_gives_the_same_requests(name):
    path = PLANS / name / rules_of(name).generator
    once, again, other = (answered(load_class(path, "Generator")(seed), 300) for seed in (7, 7, 8))
    assert once == again
    assert once != other


@pytest.mark.parametrize("name", SWEPT)
def test_a_sweep_ends_and_asks_each_kind_at_each_version(name):
    rules = rules_of(name)
    sweep = load_class(PLANS / name / rules.generator, "Sweep")(rules.seed)
    asked = answered(sweep, 20000)
    assert sweep.next() is None
    # The first ones prepare.
    at = {}
    for request in asked[41:]:
        version = dict(request.headers).get(rules.watch, "")
        at.setdefault(shape(request), Counter())[version] += 1
    assert len(at) > 25
    versions = {version for counter in at.values() for version in counter}
    assert {v.rpartition(" 1.")[2] for v in versions} >= {str(n) for n in range(NEWEST + 2)}
    often = [kind for kind, counter in at.items() if len(counter) >= NEWEST + 2]
    # A kind that the makers seldom make may be missed at a version; most must not be.
    assert len(often) > 0.9 * len(at), sorted(set(at) - set(often))


@pytest.mark.parametrize("name", PLANNED)
def test_an_answer_of_another_kind_teaches_nothing(name):
    """A wrong method to the version document is answered in HTML by some releases."""
    generator = load_class(PLANS / name / rules_of(name).generator, "Generator")(7)
    request = generator.next()
    for body in (b"<html>Not here</html>", b"", b"[]", b"\xff"):
        generator.saw(request, Answer(405, (), body))
    assert generator.next() is not None
