"""While it works, the service's process holds no module and opens no file of the old package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.laboratory.plan_code import load_class
from extractor.verification.laboratory.service import Setup, running
from extractor.verification.laboratory.test_runs import prepare_tree

NEEDS = "environment"
_REQUESTS = 400


def check(result: Result, context: Context) -> CheckResult:
    """Let the generator keep the service busy, then look at what its process touched."""
    rules, data = context.settings.replay, context.plan.data
    if not context.settings.serve.factory:
        return does_not_apply("isolation", "the plan does not say how to serve it ([verify.serve])")
    made = labs.runtime_of_result(result, context)
    copy = prepare_tree(result.root, context.scratch, made, context.settings.source.version)
    setup = Setup(context.settings.serve, made, copy, context.scratch / "isolation")
    sent = 0
    with running(setup) as service:
        if rules.generator:
            generator = load_class(context.plan.folder / rules.generator, "Generator")(rules.seed)
            for _ in range(_REQUESTS):
                request = generator.next()
                answer = service.send(
                    request.method, request.path, dict(request.headers), request.as_bytes()
                )
                generator.saw(request, answer)
                sent += 1
        told = service.stop()
    findings = judge(told, data.source_package)
    if not told:
        findings.append("the service did not report what it used")
    start = told.get("start", {"modules": [], "seconds": 0.0})
    own = [m for m in start["modules"] if _below(m, data.target_package)]
    evidence = [
        f"after {sent} requests: {len(told.get('modules', []))} modules, "
        f"{len(told.get('opened', []))} files opened, {len(told.get('options', []))} options read",
        f"at start: {len(own)} modules of {data.target_package} of {len(start['modules'])} in all, "
        f"listening after {start['seconds']:.1f} s, {told.get('memory', 0) // 1024} MiB at most",
    ]
    figures: dict[str, float] = {"own_at_start": len(own), "at_start": len(start["modules"])}
    if context.against is not None:
        evidence.append(_source_figures(context, figures))
    return verdict("isolation", findings, evidence, figures, compared=len(start["modules"]))


def judge(told: Mapping[str, Any], old: str) -> list[str]:
    """Findings: modules of the old package loaded, files of it opened, options nobody declared."""
    declared = {tuple(option) for option in told.get("declared", [])}
    findings = [
        f"option [{group}] {name} is read, and neither the result nor a library declares it"
        for group, name in told.get("options", [])
        if (group, name) not in declared
    ]
    findings += [f"module {m} is loaded" for m in told.get("modules", []) if _below(m, old)]
    part = re.compile(rf"/{re.escape(old)}/[^/].*[.]pyc?$|/{re.escape(old)}-[^/]*-info/")
    findings += [f"file {path} was opened" for path in _matching(told.get("opened", []), part)]
    return findings


def _matching(paths: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    return sorted(path for path in paths if pattern.search(path))


def _source_figures(context: Context, figures: dict[str, float]) -> str:
    assert context.against is not None
    made = labs.environment_of_source(context)
    copy = labs.tree_of_source(context)
    setup = Setup(context.settings.source.serve, made, copy, context.scratch / "source")
    with running(setup) as service:
        service.send("GET", "/")
        told = service.stop()
    old = context.plan.data.source_package
    own = [m for m in told["start"]["modules"] if _below(m, old)]
    figures |= {"source_own_at_start": len(own), "source_at_start": len(told["start"]["modules"])}
    return (
        f"in the source: {len(own)} modules of {old} of {len(told['start']['modules'])} in all, "
        f"listening after {told['start']['seconds']:.1f} s, {told['memory'] // 1024} MiB"
    )


def _below(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
