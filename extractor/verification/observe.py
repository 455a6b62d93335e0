"""What imports really load: each module imported in a process of its own.

The only place of the import analysis where code of the source runs, in an interpreter the
caller names, on a copy of the tree: the source itself is never written to.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from extractor.analysis.modules import Module
from extractor.analysis.truth import Observation
from extractor.errors import UsageError
from extractor.source.tree import SUBMODULE, SYMLINK, Tree

# Runs on every Python since 2.7; the module's own output must not mix with the answer.
_PROGRAM = r"""
import importlib, json, os, sys
before = set(sys.modules)
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
try:
    importlib.import_module(sys.argv[1])
except BaseException as error:
    answer.write(json.dumps({"error": "%s: %s" % (type(error).__name__, error)}))
else:
    answer.write(json.dumps({"modules": sorted(set(sys.modules) - before)}))
answer.flush()
os._exit(0)
"""
_SECONDS = 180


def observe(
    tree: Tree,
    modules: Mapping[str, Module],
    python: Path,
    names: Iterable[str],
    jobs: int = 1,
) -> list[Observation]:
    """What importing each of ``names`` loads in ``python``, in the order of the names.

    ``UsageError`` when ``python`` cannot be started.
    """
    # Not resolved: a virtual environment's interpreter is a symlink that must stay one.
    python = Path(os.path.abspath(python))  # noqa: PTH100
    if not os.access(python, os.X_OK):
        raise UsageError(f"{python} is no interpreter that can be run")
    tops = {name.partition(".")[0] for name in modules}
    with tempfile.TemporaryDirectory(prefix="extractor-observe-") as folder:
        root = Path(folder)
        _write(tree, root)
        path = _import_path(root, modules)

        def one(name: str) -> Observation:
            return _observe(python, path, name, tops)

        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(one, names))


def _write(tree: Tree, root: Path) -> None:
    for path in tree.paths():
        if tree.entry(path).mode in {SYMLINK, SUBMODULE}:
            continue
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(tree.read(path))


def _import_path(root: Path, modules: Mapping[str, Module]) -> list[str]:
    """The folders that the packages are found in, as ``sys.path`` wants them."""
    folders = set()
    for module in modules.values():
        if module.path is not None:
            inner = module.name.replace(".", "/")
            suffix = f"{inner}/__init__.py" if module.is_package else f"{inner}.py"
            if module.path.endswith(suffix):
                folders.add(str(root / module.path[: -len(suffix)]))
    return sorted(folders)


def _observe(python: Path, path: Sequence[str], name: str, tops: set[str]) -> Observation:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PYTHONPATH"] = os.pathsep.join(path)
    try:
        done = subprocess.run(
            [str(python), "-W", "ignore", "-c", _PROGRAM, name],
            env=environment,
            cwd=path[0] if path else None,
            capture_output=True,
            timeout=_SECONDS,
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return Observation(name, (), (), f"no answer within {_SECONDS} seconds")
    except ValueError:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return Observation(name, (), (), last[0] if last else "the interpreter died")
    if "error" in answer:
        return Observation(name, (), (), answer["error"])
    loaded = answer["modules"]
    own = [m for m in loaded if m.partition(".")[0] in tops]
    others = {m.partition(".")[0] for m in loaded} - tops
    return Observation(name, tuple(own), tuple(sorted(others)), "")
