"""Files that name what moved, and that no rewrite understands or was given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from extractor.in_place.change import Change
from extractor.in_place.files import Files, files_in
from extractor.in_place.proof import moved_by

_LARGEST = 2_000_000  # bytes: larger files are data


def left_mentions(
    settings: Any, every: Sequence[Change], files: Files
) -> tuple[str, tuple[str, ...]]:
    """What is named, in words, and the files that will still name it by its old name."""
    moved = moved_by(settings, always=True)
    names = [*moved.modules, *(symbol.replace(":", ".") for symbol in moved.symbols)]
    if not names:
        return "", ()
    words = {name.rpartition(".")[2].encode() for name in names}
    pattern = _pattern(names)
    after = {change.path: change.after for change in every}
    found = []
    others = (path for path in files.all if path.suffix != ".py")
    for path in (*others, *files_in(files.ignored), *files.outside):
        content = after.get(path)
        if content is None:
            try:
                if path.stat().st_size > _LARGEST:
                    continue
                content = path.read_bytes()
            except OSError:
                continue
        if any(word in content for word in words) and pattern.search(content):
            found.append(path.as_posix())
    more = f" and {len(names) - 1} more names" if len(names) > 1 else ""
    return names[0] + more, tuple(found)


def _pattern(names: Sequence[str]) -> re.Pattern[bytes]:
    """Names as they stand in any kind of text: dotted, as a path, in an import statement."""
    parts: list[str] = []
    for name in names:
        above, _, last = name.rpartition(".")
        parts += [rf"(?<![\w.]){re.escape(name)}(?!\w)", rf"(?<!\w){re.escape(above)}:{last}(?!\w)"]
        parts.append(rf"(?<!\w){re.escape(name.replace('.', '/'))}(?![\w.]|/\w)")
        parts.append(rf"(?<!\w){re.escape(name.replace('.', '/'))}\.py")
        if above:
            parts.append(rf"from[ \t]+{re.escape(above)}[ \t]+import[ \t(\w,]*?(?<!\w){last}(?!\w)")
    return re.compile("|".join(parts).encode())
