"""What an interpreter says: everything that changes is really imported, before and after."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from extractor.errors import UsageError
from extractor.in_place.change import Change
from extractor.in_place.files import Files, top_folder
from extractor.resolution import Difference, Moved
from extractor.scratch import workspace

_SECONDS = 120
_CODE = "import importlib, sys; importlib.import_module(sys.argv[1])"


def import_differences(
    python: Path,
    changes: Sequence[Change],
    files: Files,
    moved: Moved,
    creates: Mapping[str, str],
) -> list[Difference]:
    """Modules that ``python`` imports from the files as they are and not as they are to be.

    The modules that change and the packages above them are imported, each in a process of its
    own, from copies of the files; ``creates`` has new files and the modules that they are.
    """
    made = [change for change in changes if change.is_one]
    changed = {files.modules[c.path]: c.path for c in made if c.path in files.modules}
    paths = {name: path for path, name in files.modules.items()}
    names = [one for name in changed for one in (*_above(name), name) if one in paths]
    pairs = {name: moved.module(name) for name in sorted(names)}
    if not pairs:
        return []
    with workspace() as folder:
        before, after = folder / "before", folder / "after"
        base = Path(os.path.commonpath([top_folder(path, name) for name, path in paths.items()]))
        roots = {top_folder(paths[name], name).relative_to(base) for name in pairs}
        for tree in (before, after):
            for path in files.all:
                _copy(path, tree, base)
        _apply(made, after, base)
        was = _failures(python, before, roots, pairs)
        now = _failures(python, after, roots, [*pairs.values(), *creates.values()])
    made_new = {module: Path(path) for path, module in creates.items()}
    return list(_compared(pairs, {**paths, **made_new}, was, now))


def _above(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _copy(path: Path, tree: Path, base: Path) -> None:
    real = path.resolve()
    if real.is_relative_to(base) and real.is_file():
        target = tree / real.relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(real, target)


def _apply(made: Sequence[Change], tree: Path, base: Path) -> None:
    for change in made:
        old, new = (p.resolve() for p in (change.path, change.target or change.path))
        if not (old.is_relative_to(base) and new.is_relative_to(base)):
            continue
        (tree / old.relative_to(base)).unlink(missing_ok=True)
        if change.removed:
            continue
        target = tree / new.relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(change.after)


def _failures(
    python: Path, tree: Path, roots: Collection[Path], modules: Collection[str]
) -> dict[str, str]:
    """The modules that cannot be imported, and why."""
    path = os.pathsep.join(str(tree / root) for root in sorted(roots))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}

    def why(module: str) -> str:
        try:
            done = subprocess.run(
                [str(python), "-c", _CODE, module],
                cwd=tree,
                env=environment,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except OSError as error:
            raise UsageError(f"{python} cannot be started: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            return f"not imported after {_SECONDS} seconds"
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        said = lines[-1] if lines else f"exit code {done.returncode}"
        return said if done.returncode else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = zip(modules, pool.map(why, modules), strict=True)
        return {module: reason for module, reason in found if reason}


def _compared(
    pairs: Mapping[str, str],
    paths: Mapping[str, Path],
    was: Mapping[str, str],
    now: Mapping[str, str],
) -> Iterator[Difference]:
    for old, new in pairs.items():
        path = paths[old].as_posix()
        if old in was:
            said = (
                f"{old} cannot be imported before the change, so nothing was compared: {was[old]}"
            )
            yield Difference(path, 0, said, certain=False)
        elif new in now:
            yield Difference(path, 0, f"{new} can no longer be imported: {now[new]}")
    for new in now.keys() - set(pairs.values()):
        path = paths[new].as_posix()
        said = f"{new} could not be imported: {now[new]}"
        yield Difference(path, 0, said, certain=was.keys() != pairs.keys())
