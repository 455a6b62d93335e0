"""Take sections, options and lines out of INI-like files: what named code that is gone.

An entry point or a filter of a deployment file that names a removed module breaks whoever
loads it. Comments go with what they stand above; everything else keeps its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from extractor.outcome import Finding, Outcome, Rewritten, Unchanged
from extractor.rewrites.parts.source_file import Review, SourceFile

REVIEW = Review.READ
SUFFIXES = (".cfg", ".conf", ".ini", ".toml")
_SECTION = re.compile(rb"\[\[?([^\]]+)\]")
_KEY = re.compile(rb"([^\s#;=:\[][^=:]*?)\s*[=:](.*)")
_LISTS = re.compile(r"entry.points|scripts")  # a section that only lists what there is
_NAME = re.compile(rb"\s*[\w.:*-]+\s*")
_COMMENT = re.compile(rb"\s*[#;]")


@dataclass(frozen=True)
class Settings:
    """``sections``: by their titles; ``keys``: as ``section:key``.

    ``modules``: dotted names; an option or line of a longer value that names one of them, or
    what is in it, goes. Where that was what a section is about, it is told.
    """

    sections: frozenset[str] = field(default_factory=frozenset)
    keys: frozenset[str] = field(default_factory=frozenset)
    modules: frozenset[str] = field(default_factory=frozenset)


@dataclass
class _Option:
    """Line numbers: the option's first line, the further lines of its value."""

    section: str
    key: str
    first: int
    value: bytes
    more: list[int]


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    return rewrite(
        file.content,
        sections=settings.sections,
        keys=settings.keys,
        modules=settings.modules,
    )


def rewrite(
    source: bytes,
    *,
    sections: Iterable[str] = (),
    keys: Iterable[str] = (),
    modules: Iterable[str] = (),
) -> Outcome:
    """``source`` without the sections and keys named and without what names ``modules``.

    An option whose value loses all its lines goes as a whole; of names in a row, with commas
    between them, the others stay.
    """
    sections, keys, modules = frozenset(sections), frozenset(keys), frozenset(modules)
    named = _naming(modules)
    lines = source.splitlines(keepends=True)
    heads, options = _read(lines)
    gone: set[int] = set()
    shorter = False
    findings: list[Finding] = []
    for number, (title, first) in enumerate(heads):
        end = heads[number + 1][1] if number + 1 < len(heads) else len(lines)
        if title in sections:
            stop = end if end == len(lines) else _first_comment(lines, end, first)
            gone.update(range(first, stop))
    for option in options:
        if option.first in gone:
            continue
        if f"{option.section}:{option.key}" in keys:
            gone.update([option.first, *option.more])
        elif named and option.value.strip() and named.search(option.value):
            rest = _other_names(option.value, named)
            if rest:
                line = lines[option.first]
                start = len(line.rstrip(b"\r\n")) - len(option.value.rstrip(b"\r"))
                end = start + len(option.value.rstrip(b"\r"))
                lines[option.first] = line[:start] + rest + line[end:]
                shorter = True
                continue
            gone.update([option.first, *option.more])
            if not _LISTS.search(option.section):
                what = f"[{option.section}] no longer has {option.key}"
                findings.append(Finding(what, option.first + 1))
        elif named:
            lost = {line for line in option.more if named.search(_code(lines[line]))}
            left = [line for line in option.more if line not in lost and _code(lines[line]).strip()]
            gone |= lost
            if lost and not left and not option.value.strip():
                gone.update([option.first, *option.more])
    if not gone and not shorter:
        return Unchanged()
    for number in sorted(gone):
        first = _first_comment(lines, number, -1)
        if first and first - 1 not in gone:
            gone.update(range(first, number))
    return Rewritten(b"".join(_without_double_gaps(lines, gone)), tuple(findings))


def _naming(modules: Iterable[str]) -> re.Pattern[bytes] | None:
    names = b"|".join(re.escape(module.encode()) for module in sorted(modules))
    return re.compile(rb"(?<![\w.])(?:%s)(?![\w-])" % names) if names else None


def _other_names(value: bytes, named: re.Pattern[bytes]) -> bytes:
    """What is left of ``a.b, c.d`` without the names that go; nothing of any other value."""
    items = value.split(b",")
    if len(items) < 2 or not all(_NAME.fullmatch(item) for item in items):
        return b""
    return b",".join(item for item in items if not named.search(item)).rstrip()


def _code(line: bytes) -> bytes:
    return b"" if _COMMENT.match(line) else line


def _read(lines: list[bytes]) -> tuple[list[tuple[str, int]], list[_Option]]:
    """The sections (title and first line) and options of a file, by 0-based line numbers."""
    heads: list[tuple[str, int]] = []
    options: list[_Option] = []
    section = ""
    for number, line in enumerate(lines):
        if not line.strip() or _COMMENT.match(line):
            continue
        if line[:1].isspace():
            if options and options[-1].section == section:
                options[-1].more.append(number)
            continue
        head, key = _SECTION.match(line), _KEY.match(line)
        if head:
            section = head.group(1).strip().decode("utf-8", "replace")
            heads.append((section, number))
        elif key:
            name = key.group(1).strip().decode("utf-8", "replace")
            options.append(_Option(section, name, number, key.group(2), []))
    return heads, options


def _first_comment(lines: list[bytes], line: int, floor: int) -> int:
    """Where the comments that stand above ``line`` begin."""
    while line - 1 > floor and _COMMENT.match(lines[line - 1]):
        line -= 1
    return line


def _without_double_gaps(lines: list[bytes], gone: set[int]) -> list[bytes]:
    """What stays; where something went, no more blank lines than the larger gap beside it."""
    kept: list[bytes] = []
    number = 0
    while number < len(lines):
        if number not in gone:
            kept.append(lines[number])
            number += 1
            continue
        while number in gone:
            number += 1
        above = 0
        while above < len(kept) and not kept[-1 - above].strip():
            above += 1
        while above and number < len(lines) and number not in gone and not lines[number].strip():
            number += 1
        if number >= len(lines) and above:
            del kept[-above:]
    return kept
