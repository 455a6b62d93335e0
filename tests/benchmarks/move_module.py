"""Move one module of a real code base with several tools, each on a fresh copy, in one run.

    python -m tests.benchmarks.move_module SOURCE OLD NEW [--with TOOL]... [--test PATH]...

SOURCE is a work tree; OLD and NEW are dotted names of a module that is not a package. With
``--test`` these tests are run in every moved tree and in an untouched one, and compared one by
one: the time of a tool means nothing before its result is seen to work. Other tools: ``rope``
(MoveModule) and ``libcst`` (RenameCommand), which have to be installed.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from extractor.errors import ExitCode
from extractor.plan.load import load_plan
from extractor.verification.check import Context
from extractor.verification.laboratory.test_runs import (
    PASSED,
    Outcomes,
    Suite,
    list_tests,
    prepare_tree,
    run_tests,
)
from extractor.verification.labs import environment_of_source

ROPE = """
import sys
from rope.base.project import Project
from rope.refactor.move import MoveModule
root, old, folder = sys.argv[1:]
project = Project(root, ropefolder=None, ignore_syntax_errors=True)
mover = MoveModule(project, project.get_resource(old))
project.do(mover.get_changes(project.get_resource(folder)))
"""


def move_with_extractor(tree: Path, old: str, new: str) -> None:
    """``extractor rewrite rename_references``."""
    command = [sys.executable, "-m", "extractor", "rewrite", "rename_references", str(tree)]
    command += ["--module", f"{old}={new}", "--move-files", "--write"]
    done = subprocess.run([*command, "--quiet"], stdout=subprocess.DEVNULL)
    if done.returncode not in (ExitCode.DONE, ExitCode.DID_NOT_HOLD):
        raise subprocess.CalledProcessError(done.returncode, command)


def move_with_rope(tree: Path, old: str, new: str) -> None:
    """rope's MoveModule; it keeps the module's own name."""
    folder = new.rpartition(".")[0].replace(".", "/")
    command = [sys.executable, "-c", ROPE, str(tree), f"{old.replace('.', '/')}.py", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def move_with_libcst(tree: Path, old: str, new: str) -> None:
    """LibCST's RenameCommand over the package, and the file itself; it skips unreadable files."""
    (tree / ".libcst.codemod.yaml").write_text("modules: ['libcst.codemod.commands']\n")
    command = [sys.executable, "-m", "libcst.tool", "codemod", "--jobs=2", "rename.RenameCommand"]
    command += ["--old_name", old, "--new_name", new, "--no-format", old.partition(".")[0]]
    subprocess.run(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    source, target = (tree / f"{name.replace('.', '/')}.py" for name in (old, new))
    source.rename(target)


TOOLS = {
    "extractor": move_with_extractor,
    "rope": move_with_rope,
    "libcst": move_with_libcst,
}


def prepare(source: Path, tree: Path, new: str) -> None:
    """A copy of ``source`` with the package that NEW goes to."""
    shutil.copytree(source, tree, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    folder = tree / new.rpartition(".")[0].replace(".", "/")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").touch()


def changed_files(source: Path, tree: Path) -> int:
    """How many Python files of ``source`` are not the same in ``tree``."""
    count = 0
    for path in source.rglob("*.py"):
        other = tree / path.relative_to(source)
        if not other.exists() or other.read_bytes() != path.read_bytes():
            count += 1
    return count


def judge(trees: dict[str, Path], plan_name: str, tests: list[str]) -> dict[str, dict[str, object]]:
    """What the tests come to in every tree, one by one, against those of the untouched one.

    They run in the environment of the time that the plan describes for its source.
    """
    plan = load_plan(plan_name)
    settings = plan.data.verify
    found: dict[str, Outcomes] = {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        context = Context(
            plan=plan,
            settings=settings,
            scratch=scratch,
            shared=scratch,
            against=trees["untouched"],
            report=lambda line: print(line, file=sys.stderr),
        )
        environment = environment_of_source(context)
        for tool, tree in trees.items():
            copy = prepare_tree(tree, scratch, environment, settings.source.version)
            suite = Suite(copy, tuple(tests), environment, settings.test_environment)
            found[tool] = run_tests(suite, list_tests(suite, scratch), scratch)
            shutil.rmtree(copy)
    expected = {test for test, outcome in found["untouched"].of.items() if outcome == PASSED}
    return {
        tool: {
            "passed": sum(outcomes.of.get(test) == PASSED for test in expected),
            "broken": sorted(test for test in expected if outcomes.of.get(test) != PASSED),
        }
        for tool, outcomes in found.items()
    }


def main() -> None:
    """Print one JSON object: for every tool its seconds, files changed, and its tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--with", dest="tools", action="append", choices=sorted(TOOLS))
    parser.add_argument("--rounds", type=int, default=1, help="of ours; the median is told")
    parser.add_argument("--plan", default="placement", help="whose environment runs the tests")
    parser.add_argument("--test", dest="tests", action="append", help="folder or file of tests")
    parser.add_argument("--trees", type=Path, help="keep the moved trees here, or judge these")
    arguments = parser.parse_args()
    results: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = arguments.trees or Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        trees: dict[str, Path] = {}
        for tool in ["untouched", "extractor", *(arguments.tools or [])]:
            trees[tool] = root / tool
            results[tool] = {}
            if trees[tool].exists():
                continue
            rounds = arguments.rounds if tool == "extractor" else 1
            taken = []
            for _ in range(rounds):
                shutil.rmtree(trees[tool], ignore_errors=True)
                prepare(arguments.source, trees[tool], arguments.new)
                if tool != "untouched":
                    taken.append(timed(tool, trees[tool], arguments.old, arguments.new))
            if taken:
                results[tool]["seconds"], results[tool]["cpu_seconds"] = sorted(taken)[
                    len(taken) // 2
                ]
                results[tool]["files_changed"] = changed_files(arguments.source, trees[tool])
            print(tool, json.dumps(results[tool]), file=sys.stderr)
        if arguments.tests:
            for tool, said in judge(trees, arguments.plan, arguments.tests).items():
                results[tool] |= said
    print(json.dumps(results, indent=2))


def timed(tool: str, tree: Path, old: str, new: str) -> tuple[float, float]:
    """Seconds by the clock and of processors that the tool takes, its start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    TOOLS[tool](tree, old, new)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return round(wall, 2), round(cpu, 2)


if __name__ == "__main__":
    main()
