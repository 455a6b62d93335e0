"""Every class descends from what it descended from in the source, and holds the same values.

A handler catches what descends from the name it gives: an exception with another parent passes
it by, and no test need ever raise it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from extractor.analysis.resolver import modules_of
from extractor.analysis.symbols import Symbol
from extractor.plan.alive import tests_of_result
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below, target_module
from extractor.source.tree import FolderTree
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.verification.laboratory.environment import Environment, NoEnvironment
from extractor.verification.laboratory.test_runs import prepare_tree
from extractor.wording import counted

NEEDS = "source"
_PROBE = Path(__file__).parents[1] / "laboratory" / "probes" / "describe_classes.py"
# A class: the names of its ancestors in order, and its plain values as text.
Class = Mapping[str, Any]
Classes = Mapping[str, Class]


def check(result: Result, context: Context) -> CheckResult:
    """Import the modules of both sides and compare class by class, tests left out."""
    if context.against is None:
        return does_not_apply("classes", "no source to compare with (--against)")
    data = context.plan.data
    made = labs.environment_of_result(result, context)
    copy = prepare_tree(result.root, context.scratch, made, context.settings.source.version)
    paths = modules_of(result.tree, [data.target_package])
    tests = frozenset().union(*tests_of_result(data, result.tree, paths))
    here = [module for module in paths if module not in tests]
    tree = FolderTree(context.against)
    there = counterparts(modules_of(tree, [data.source_package]), here, data)
    ours = described(here, made, copy, context, "result")
    old = described(
        list(there),
        labs.environment_of_source(context),
        labs.tree_of_source(context),
        context,
        "source",
    )
    return judge(renamed(old, there, data), ours)


def judge(there: Classes, here: Classes) -> CheckResult:
    """Findings for classes of the source, under their new names, that are others here."""
    findings = []
    values = 0
    both = sorted(set(there) & set(here))
    for name in both:
        old, new = there[name], here[name]
        was, now = _without_repeats(old["ancestors"]), _without_repeats(new["ancestors"])
        if was != now:
            findings.append(f"{name} descends from {_listed(now)}, was {_listed(was)}")
        values += len(old["values"])
        for key in sorted(set(old["values"]) | set(new["values"])):
            before, after = old["values"].get(key, "absent"), new["values"].get(key, "absent")
            if before != after:
                findings.append(f"{name}.{key} is {after[:200]}, was {before[:200]}")
    evidence = [
        f"{counted(len(both), 'class', 'classes')} and {values} of their values compared, "
        f"{counted(len(set(here) - set(both)), 'class', 'classes')} only in the result"
    ]
    return verdict(
        "classes", findings, evidence, {"classes": len(both), "values": values}, compared=len(both)
    )


def counterparts(modules: Iterable[str], here: Iterable[str], data: PlanData) -> dict[str, str]:
    """Modules of the source to the module of the result that their symbols went to.

    Those of the subsystem itself come last: what they define counts where others define it too.
    """
    known = set(here)
    ordered = sorted(modules, key=lambda m: (is_below(m, data.roots.packages), m))
    found = {module: target_module(module, data.layout.modules) for module in ordered}
    return {module: target for module, target in found.items() if target in known}


def described(
    modules: list[str], made: Environment, top: Path, context: Context, side: str
) -> dict[str, Class]:
    """The classes that the modules define, by ``module.class``."""
    output = context.scratch / f"classes-{side}.json"
    spec = context.scratch / f"classes-{side}.spec.json"
    spec.write_text(json.dumps({"modules": modules}), encoding="utf-8")
    done = subprocess.run(
        [str(made.python), str(_PROBE), str(top), str(output), str(spec)],
        env=made.variables(**context.settings.test_environment),
        cwd=top,
        capture_output=True,
        text=True,
    )
    if done.returncode or not output.is_file():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoEnvironment(f"the classes of the {side} cannot be read: {last}")
    answer = json.loads(output.read_text(encoding="utf-8"))
    return {
        f"{module}.{name}": one
        for module, said in answer.items()
        for name, one in said.get("classes", {}).items()
    }


def renamed(old: Classes, places: Mapping[str, str], data: PlanData) -> dict[str, Class]:
    """The source's classes and their ancestors under the names they have in the result."""
    names: dict[str, str] = {}
    for rule in data.replace:
        stand_in = Symbol.parse(rule.with_)
        if stand_in.name:
            names[rule.subject.replace(":", ".")] = f"{stand_in.module}.{stand_in.name}"
        for name, new in rule.names.items():
            to = new.replace(":", ".") if ":" in new else f"{rule.with_}.{new}"
            names[f"{rule.subject}.{name}"] = to
    whole = {rule.subject: rule.with_ for rule in data.replace if ":" not in rule.subject}

    def new_name(name: str) -> str:
        if name in names:
            return names[name]
        for prefixes in (whole, places):
            module = name
            while module:
                module = module.rpartition(".")[0]
                if module in prefixes:
                    return prefixes[module] + name[len(module) :]
        return name

    return {
        new_name(name): {**one, "ancestors": [new_name(a) for a in one["ancestors"]]}
        for name, one in old.items()
    }


def _without_repeats(ancestors: Iterable[str]) -> list[str]:
    """What two names have become one by is told once, at the later place."""
    return list(dict.fromkeys(reversed(list(ancestors))))[::-1]


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "nothing"
