"""Move one module of a real code base with several tools, each on a fresh copy, in one run.

    python -m tests.benchmarks.move_module SOURCE OLD NEW [--with TOOL]... [--check COMMAND]

SOURCE is a work tree; OLD and NEW are dotted names of a module that is not a package. With
``--check`` a shell command is run in every moved tree (and in an untouched one, first): the
time of a tool means nothing before its result is seen to work. Other tools: ``rope``
(MoveModule) and ``libcst`` (RenameCommand), which have to be installed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
    """``extractor rewrite rename_references``, and the file itself."""
    command = [sys.executable, "-m", "extractor", "rewrite", "rename_references", str(tree)]
    command += ["--module", f"{old}={new}", "--no-report-left", "--write", "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    source, target = (tree / f"{name.replace('.', '/')}.py" for name in (old, new))
    source.rename(target)


def move_with_rope(tree: Path, old: str, new: str) -> None:
    """rope's MoveModule; it keeps the module's own name."""
    folder = new.rpartition(".")[0].replace(".", "/")
    command = [sys.executable, "-c", ROPE, str(tree), f"{old.replace('.', '/')}.py", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def move_with_libcst(tree: Path, old: str, new: str) -> None:
    """LibCST's RenameCommand over the package, and the file itself; it skips unreadable files."""
    (tree / ".libcst.codemod.yaml").write_text("modules: ['libcst.codemod.commands']\n")
    command = [sys.executable, "-m", "libcst.tool", "codemod", "-j", "2", "rename.RenameCommand"]
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
    shutil.copytree(source, tree, symlinks=True)
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


def main() -> None:
    """Print one JSON object: for every tool its seconds, files changed, and the check's end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--with", dest="tools", action="append", choices=sorted(TOOLS))
    parser.add_argument("--check", help="shell command run in every tree; its last line is kept")
    arguments = parser.parse_args()
    results: dict[str, dict[str, object]] = {}
    for tool in [None, "extractor", *(arguments.tools or [])]:
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder) / "tree"
            prepare(arguments.source, tree, arguments.new)
            entry: dict[str, object] = {}
            if tool is not None:
                started = time.perf_counter()
                TOOLS[tool](tree, arguments.old, arguments.new)
                entry["seconds"] = round(time.perf_counter() - started, 2)
                entry["files_changed"] = changed_files(arguments.source, tree)
            if arguments.check:
                done = subprocess.run(
                    arguments.check, shell=True, cwd=tree, capture_output=True, text=True
                )
                lines = (done.stdout + done.stderr).strip().splitlines()
                entry["check"] = {"exit": done.returncode, "says": lines[-1] if lines else ""}
            results[tool or "untouched"] = entry
            print(tool or "untouched", json.dumps(entry), file=sys.stderr)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
