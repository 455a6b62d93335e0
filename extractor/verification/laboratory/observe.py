"""What imports really load: each module imported in a process of its own.

The only place of the import analysis where code of the source runs, in an interpreter the
caller names, on a copy of the tree: the source itself is never written to.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from extractor.analysis.modules import Module
from extractor.analysis.truth import Observation
from extractor.errors import UsageError
from extractor.files import Below
from extractor.scratch import workspace
from extractor.source.tree import Tree, is_link

# Runs on every Python since 2.7; the module's own output must not mix with the answer. For each
# first-party module it notes the lines that were running when it was first looked for, up to the
# module whose top level that was. A file of the project that was loaded under a name of another
# package is told under the name that its place gives it.
_PROGRAM = r"""
import importlib, json, os, sys
before = set(sys.modules)
tops = set(sys.argv[2].split(","))
by = {}
class Watch(object):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in tops and name not in by:
            places, frame = [], sys._getframe(1)
            while frame is not None:
                module = frame.f_globals.get("__name__") or ""
                if module.partition(".")[0] in tops and "<frozen" not in frame.f_code.co_filename:
                    places.append("%s:%d" % (module, frame.f_lineno))
                    if frame.f_code.co_name == "<module>":
                        break
                frame = frame.f_back
            by[name] = places
    def find_module(self, name, path=None):
        self.find_spec(name)
def second_names(loaded):
    found = set()
    for top in tops:
        for folder in list(getattr(sys.modules.get(top), "__path__", ())):
            for name in loaded:
                file = getattr(sys.modules[name], "__file__", None) or ""
                if name.partition(".")[0] not in tops and file.startswith(folder + os.sep):
                    inner = os.path.splitext(file[len(folder) + 1:])[0].replace(os.sep, ".")
                    inner = inner[:-9] if inner.endswith(".__init__") else inner
                    found.add(top + "." + inner)
    return sorted(found)
sys.meta_path.insert(0, Watch())
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
try:
    importlib.import_module(sys.argv[1])
except BaseException as error:
    answer.write(json.dumps({"error": "%s: %s" % (type(error).__name__, error)}))
else:
    loaded = set(sys.modules) - before
    answer.write(json.dumps({
        "modules": sorted(loaded),
        "before": sorted(n for n in before if n.partition(".")[0] in tops),
        "files": second_names(loaded),
        "by": by,
    }))
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
    tops = {name.partition(".")[0] for name in modules}
    with workspace() as folder:
        root = Path(folder)
        _write(tree, root)
        return observe_installed(python, names, tops, jobs, _import_path(root, modules))


def observe_installed(
    python: Path,
    names: Iterable[str],
    tops: Collection[str],
    jobs: int = 1,
    path: Sequence[str] = (),
) -> list[Observation]:
    """As ``observe``, of packages that ``python`` finds itself, or else in the folders ``path``.

    ``tops`` are the top-level packages that count as the project's own.
    """
    # Not resolved: a virtual environment's interpreter is a symlink that must stay one.
    python = Path(os.path.abspath(python))  # noqa: PTH100
    if not os.access(python, os.X_OK):
        raise UsageError(f"{python} is not an interpreter that can be run")

    def one(name: str) -> Observation:
        return _observe(python, path, name, tops)

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, names))


def _write(tree: Tree, root: Path) -> None:
    with Below(root) as below:
        for path in tree.paths():
            if not is_link(tree, path):
                below.write(path, tree.read(path))


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


def _observe(python: Path, path: Sequence[str], name: str, tops: Collection[str]) -> Observation:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PYTHONPATH"] = os.pathsep.join(path)
    try:
        done = subprocess.run(
            [str(python), "-W", "ignore", "-c", _PROGRAM, name, ",".join(sorted(tops))],
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
    others = {m.partition(".")[0] for m in answer["modules"]} - set(tops)
    own = {m for m in answer["modules"] if m.partition(".")[0] in tops}
    by = {module: _running(module, answer["by"], own) for module in own}
    otherwise = tuple(sorted({*answer["before"], *answer["files"]} - own))
    return Observation(name, tuple(sorted(own)), tuple(sorted(others)), "", by, otherwise)


def _running(module: str, by: Mapping[str, list[str]], loaded: Collection[str]) -> tuple[str, ...]:
    """The lines that were running, through modules that were begun and could not be loaded."""
    lines = list(by.get(module, ()))
    failed = {module}
    while lines:
        importer = lines[-1].rpartition(":")[0]
        if importer in loaded or importer in failed:
            break
        failed.add(importer)
        lines += by.get(importer, ())
    return tuple(lines)
