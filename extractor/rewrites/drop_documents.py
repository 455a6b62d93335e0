"""Take documents that are gone out of the tables of contents that list them.

A document builder stops at an entry without a file. Links in running text are told, since a
sentence has to say something else.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from extractor.outcome import Finding, Outcome, Rewritten, Unchanged
from extractor.rewrites.parts.source_file import Review, SourceFile

REVIEW = Review.READ
SUFFIXES = (".rst", ".inc", ".txt")
_DIRECTIVE = re.compile(rb"(\s*)\.\. toctree::")
_OPTION = re.compile(rb"\s*:[\w-]+:")
_TITLED = re.compile(rb".*<([^<>]+)>\s*$")
_LINK = re.compile(rb":doc:`(?:[^`<]*<)?([^`<>]+)>?`")


@dataclass(frozen=True)
class Settings:
    """``documents``: the paths of the documents that go, as the files' own paths are given."""

    documents: frozenset[str] = field(default_factory=frozenset)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    return rewrite(file.content, documents=settings.documents, path=file.path)


def rewrite(source: bytes, *, documents: Iterable[str], path: str) -> Outcome:
    """The document ``path`` without entries for ``documents``; an empty table goes as a whole.

    An entry is read relative to ``path``, one that starts with a slash from whatever folder
    makes it one of ``documents``.
    """
    gone = frozenset(posixpath.splitext(document)[0] for document in documents)
    if posixpath.splitext(path)[0] in gone:
        return Unchanged()
    lines = source.splitlines(keepends=True)
    dropped: set[int] = set()
    number = 0
    while number < len(lines):
        found = _DIRECTIVE.match(lines[number])
        first = number
        number += 1
        if found is None:
            continue
        entries: list[int] = []
        while number < len(lines) and _is_inside(lines[number], found.group(1)):
            if lines[number].strip() and not _OPTION.match(lines[number]):
                entries.append(number)
            number += 1
        lost = {line for line in entries if _names(lines[line], gone, path)}
        dropped |= lost
        if lost and len(lost) == len(entries):
            end = number
            while end < len(lines) and not lines[end - 1].strip() and not lines[end].strip():
                end += 1
            dropped.update(range(first, end))
    findings = tuple(
        Finding(f"links to {link.group(1).decode('utf-8', 'replace')}, which is gone", line + 1)
        for line, text in enumerate(lines)
        for link in _LINK.finditer(text)
        if _is_gone(link.group(1), gone, path)
    )
    if not dropped:
        return Unchanged(findings)
    kept = (line for number, line in enumerate(lines) if number not in dropped)
    return Rewritten(b"".join(kept), _after(findings, dropped))


def _after(findings: Iterable[Finding], dropped: set[int]) -> tuple[Finding, ...]:
    """``findings`` with the line numbers of the new text."""
    return tuple(
        Finding(found.message, found.line - sum(line < found.line - 1 for line in dropped))
        for found in findings
    )


def _is_inside(line: bytes, indent: bytes) -> bool:
    return not line.strip() or (line.startswith(indent) and line[len(indent) :][:1].isspace())


def _names(line: bytes, gone: frozenset[str], path: str) -> bool:
    titled = _TITLED.match(line)
    return _is_gone((titled.group(1) if titled else line).strip(), gone, path)


def _is_gone(entry: bytes, gone: frozenset[str], path: str) -> bool:
    name = entry.strip().decode("utf-8", "replace").removesuffix(".rst")
    if name.startswith("/"):
        return any(f"/{document}".endswith(name) for document in gone)
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) in gone
