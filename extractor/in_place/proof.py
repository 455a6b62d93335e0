"""The proof before the first write: does the new tree say what the old one said?

Two look: the resolver, which shares no reader with the rewrites, and pyflakes. What is found is
in the places of the old tree, since nothing is written yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from extractor.in_place.change import Change
from extractor.in_place.files import Files
from extractor.in_place.flakes import new_complaints
from extractor.parsing import deeply
from extractor.resolution import Difference, Modules, Moved, differences
from extractor.rewrites.parts.renames import Renames

_STAR = re.compile(rb"import[ \t]*\(?[ \t]*\*")
_WORD = re.compile(rb"[^\W\d]\w*")


def prove(settings: Any, changes: Sequence[Change], files: Files) -> list[Difference]:
    """What ``changes`` would break, sorted; those that are not ``certain`` are to be looked at."""
    made = [change for change in changes if change.is_one]
    python = [change for change in made if (change.target or change.path).suffix == ".py"]
    if not python:
        return []
    moved = moved_by(settings)
    contents = {change.path.as_posix(): change.before for change in changes}
    old_paths = {name: path.as_posix() for path, name in files.modules.items()}
    new_paths = _new_paths(python, old_paths, settings, moved)
    asserted = _asserted(old_paths, new_paths, moved_by(settings, always=True))
    others = [path.as_posix() for path in files.all if path.suffix != ".py"]
    old = Modules(old_paths, lambda path: _content(contents, path), others)
    new = Modules(new_paths, _reader(python, contents), others)
    moved = Moved({**asserted, **moved.modules}, moved.symbols, moved.merged)
    looked = _looked(python, files, moved, contents) - asserted.keys()
    keeps_uses = bool(moved.modules or moved.symbols)
    found = deeply(lambda: differences(old, new, moved, looked, all_uses_stay=keeps_uses))
    return sorted({*found, *(one for change in python for one in new_complaints(change))})


def moved_by(settings: Any, always: bool = False) -> Moved:
    """What the settings of a rewrite say that it moves; with ``always`` also what it says of
    modules whose files it leaves where they are."""
    renames = settings if isinstance(settings, Renames) else getattr(settings, "renames", None)
    if not isinstance(renames, Renames):
        return Moved()
    gone = getattr(settings, "gone", {})
    modules = {} if gone or not (renames.move_files or always) else renames.modules
    return Moved(modules, renames.symbols, gone)


def _asserted(old: dict[str, str], new: dict[str, str], said: Moved) -> dict[str, str]:
    """Modules whose files are moved by hand, before or after: both trees are taken to have them."""
    found: dict[str, str] = {}
    for was, now in said.modules.items():
        if now in new and was in old:
            continue
        if was in old:
            new[now] = new.pop(was)
        elif now in new:
            old[was] = new[now]
        else:
            continue
        found[was] = now
    return found


def _content(contents: Mapping[str, bytes | None], path: str) -> bytes:
    content = contents.get(path)
    return Path(path).read_bytes() if content is None else content


def _new_paths(
    python: Sequence[Change], old: Mapping[str, str], settings: Any, moved: Moved
) -> dict[str, str]:
    places = {
        change.path.as_posix(): change.target.as_posix() for change in python if change.target
    }
    gone = {change.path.as_posix() for change in python if change.removed}
    paths = {
        moved.module(name): places.get(path, path) for name, path in old.items() if path not in gone
    }
    paths |= {module: path for path, module in getattr(settings, "creates", {}).items()}
    return paths


def _reader(python: Sequence[Change], contents: Mapping[str, bytes | None]) -> Any:
    after = {(change.target or change.path).as_posix(): change.after for change in python}

    def read(path: str) -> bytes:
        return after[path] if path in after else _content(contents, path)

    return read


def _looked(
    python: Sequence[Change], files: Files, moved: Moved, contents: Mapping[str, bytes | None]
) -> set[str]:
    """The modules that changed, and those whose text may name what did."""
    looked = {files.modules[change.path] for change in python if change.path in files.modules}
    named = list(moved.modules) + [old.partition(":")[0] for old in moved.symbols]
    words = {name.encode() for old in named for name in [old.rpartition(".")[2]]}
    symbols = {old.partition(":")[2].encode() for old in moved.symbols}
    roots = {old.partition(".")[0].encode() for old in named}
    for path, module in files.modules.items():
        content = contents.get(path.as_posix())
        if content is None or module in looked:
            continue
        if _STAR.search(content) is not None or (
            any(word in content for word in words)
            and (not symbols or any(symbol in content for symbol in symbols))
            and (any(root in content for root in roots) or b"from ." in content)
            and _names_any(content, words)
        ):
            looked.add(module)
    return looked


def _names_any(content: bytes, words: set[bytes]) -> bool:
    """Whether one of ``words`` stands where a module is named: in an import, or after a dot."""
    for word in words:
        for match in re.finditer(rb"(?<!\w)%s(?!\w)" % re.escape(word), content):
            before = content[max(0, match.start() - 1) : match.start()]
            line = content[content.rfind(b"\n", 0, match.start()) + 1 : match.start()]
            if before == b"." or b"import" in line or not line.strip():
                return True
    return False
