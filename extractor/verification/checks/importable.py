"""Every module of the result imports, each alone, where the old package is not installed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from extractor.analysis.resolver import modules_of
from extractor.verification import labs
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.verification.laboratory.environment import NoEnvironment
from extractor.verification.laboratory.test_runs import prepare_tree

NEEDS = "environment"
_PROBE = Path(__file__).parents[1] / "laboratory" / "probes" / "import_modules.py"


def check(result: Result, context: Context) -> CheckResult:
    """Import in forked children; what fails, and what brings the old package in, is a finding."""
    data = context.plan.data
    made = labs.environment_of_result(result, context)
    copy = prepare_tree(result.root, context.scratch, made, context.settings.source.version)
    # The migration tool runs its own scripts, with things set up that they ask for.
    paths = modules_of(result.tree, [data.target_package])
    modules = sorted(module for module, path in paths.items() if not data.is_migration(path))
    start = context.settings.serve.factory.split(":")[0]
    spec = {"modules": modules, "own": data.target_package, "forbidden": data.source_package}
    if start in modules:
        spec["start"] = start
    output, spec_path = context.scratch / "imports.json", context.scratch / "imports.spec.json"
    spec_path.write_text(json.dumps(spec), encoding="utf-8")
    done = subprocess.run(
        [str(made.python), str(_PROBE), str(copy), str(output), str(spec_path)],
        env=made.variables(**context.settings.test_environment),
        cwd=copy,
        capture_output=True,
        text=True,
    )
    if done.returncode or not output.is_file():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoEnvironment(f"modules cannot be imported in {made.root.name}: {last}")
    answer = json.loads(output.read_text(encoding="utf-8"))
    findings = []
    if answer["present"] and not data.kept:
        findings.append(f"{data.source_package} is installed: {answer['present']}")
    for name, said in answer["modules"].items():
        if said is None:
            findings.append(f"{name}: the interpreter died")
        elif "error" in said:
            findings.append(f"{name}: {said['error'].strip().splitlines()[-1]}")
        elif said["forbidden"] and not data.kept:
            findings.append(f"{name}: loads {said['forbidden'][0]}")
    evidence = [f"{len(modules)} modules imported, each in a process of its own"]
    figures: dict[str, float] = {"modules": len(modules)}
    if "own" in (at_start := answer.get("start") or {}):
        evidence.append(
            f"{start} loads {at_start['own']} modules of {data.target_package}, "
            f"{at_start['all']} in all, in {at_start['seconds']} s"
        )
        figures |= {"at_start": at_start["own"], "at_start_all": at_start["all"]}
    return verdict("importable", findings, evidence, figures, compared=len(modules))
