"""Every option and policy rule of the running service has the default it had in the source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.patterns import limited
from extractor.plan.verify_settings import OptionSettings
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.laboratory.service import ServiceDied, Setup, running

NEEDS = "source"
Options = Mapping[str, Mapping[str, str]]


def check(result: Result, context: Context) -> CheckResult:
    """Start both services, let them work a little, and compare what they have registered."""
    settings = context.settings
    if context.against is None:
        return does_not_apply("options", "no source to compare with (--against)")
    if not settings.serve.factory:
        return does_not_apply("options", "the plan does not say how to serve it ([verify.serve])")
    told = {}
    for place in labs.places(result, context):
        state = context.scratch / f"{place.name}-options"
        setup = Setup(place.serve, place.environment, place.tree, state)
        try:
            with running(setup) as service:
                # Policy rules are registered when they are first asked about.
                for probe in settings.serve.probes:
                    service.send(probe.method, probe.path, probe.headers, probe.body.encode())
                told[place.name] = service.stop()
        except ServiceDied as error:
            return verdict("options", [f"the {place.name}: {error}"], [])
    return judge(told["source"], told["result"], settings.options)


def judge(there: Mapping[str, Any], here: Mapping[str, Any], rules: OptionSettings) -> CheckResult:
    """Findings for options that differ or are only here, and rules that differ or are lost.

    An option that is lost and still read is an error of its own; one that is lost and no longer
    read may well have been the old package's.
    """
    old: Options = there.get("registered", {})
    new: Options = here.get("registered", {})
    findings = []
    compared = 0
    for name, option in new.items():
        group, _, word = name.partition(".")
        then = old.get(f"{rules.renamed.get(group, group)}.{word}")
        if then is None:
            findings.append(f"option {name} is not in the source")
            continue
        compared += 1
        findings += [
            f"option {name}: {key} is {value}, was {then.get(key, 'absent')}"
            for key, value in option.items()
            if value != then.get(key)
        ]
    rules_there, rules_here = there.get("rules", {}), here.get("rules", {})
    for name, rule in rules_here.items():
        if rules_there.get(name) != rule:
            findings.append(f"policy rule {name} is {rule!r}, was {rules_there.get(name)!r}")
    prefixes = tuple(rules.policies)
    for name in sorted(set(rules_there) - set(rules_here)):
        if prefixes and name.startswith(prefixes):
            findings.append(f"policy rule {name} is lost")
    explained: dict[str, int] = {}
    for finding in tuple(findings):
        for known in rules.explained:
            if limited(known.finding).fullmatch(finding):
                findings.remove(finding)
                explained[known.reason] = explained.get(known.reason, 0) + 1
                break
    evidence = [
        f"{compared} options of {len(old)} in the source compared, {len(rules_here)} policy rules",
        *(f"{n} differ by decision: {reason}" for reason, n in sorted(explained.items())),
    ]
    figures = {"options": compared, "in_source": len(old), "rules": len(rules_here)}
    return verdict("options", findings, evidence, figures, compared=compared + len(rules_there))
