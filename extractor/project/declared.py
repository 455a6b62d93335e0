"""What a project declares about itself: entry points and requirements, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

# Where entry points may be declared.
FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_TEST_WORDS = frozenset({"check", "checks", "dev", "develop", "lint", "test", "testing", "tests"})
_POINT = re.compile(r"\s*([^=]+?)\s*=\s*([\w.]+(?:\s*:\s*[\w.]+)?)\s*(?:\[.*\]\s*)?")
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")


class EntryPoint(NamedTuple):
    """``name = target`` of ``group``; ``target`` is ``module:attribute`` or ``module``.

    ``line`` is 1-based, 0 when unknown.
    """

    group: str
    name: str
    target: str
    path: str
    line: int

    @property
    def module(self) -> str:
        return self.target.partition(":")[0]

    @property
    def attribute(self) -> str:
        """What is called in the module, dotted; empty for the module itself."""
        return self.target.partition(":")[2]

    @property
    def symbol(self) -> str:
        """``module:name`` of the top-level name that has to be there, or the module alone."""
        return top_symbol(self.target)


@dataclass(frozen=True)
class Requirement:
    """A distribution that is needed: ``text`` is the line as it stands, comment included.

    ``group`` is empty for what is needed to run; else the extra, the dependency group or what
    the requirement file is called after. ``specifier`` is what ``text`` says in the syntax of
    requirement files.
    """

    name: str
    text: str
    group: str
    path: str
    line: int
    specifier: str = ""

    @property
    def to_test(self) -> bool:
        """Whether only those who test or develop the project need it."""
        return not _TEST_WORDS.isdisjoint(re.split(r"[^a-z]+", self.group.lower()))


def top_symbol(target: str) -> str:
    """``module:name`` of the top-level name that ``module:name.attribute`` needs."""
    module, colon, attribute = target.partition(":")
    return f"{module}{colon}{attribute.partition('.')[0]}"


def normal(name: str) -> str:
    """A name without case and separators: ``oslo_config`` and ``oslo.config`` are one."""
    return re.sub(r"[-_.]+", "", name).lower()


def point_of(group: str, text: str, path: str, line: int) -> EntryPoint | None:
    """The entry point that ``name = module:attribute [extra]`` declares; ``None`` for no such."""
    found = _POINT.fullmatch(text)
    if found is None:
        return None
    return EntryPoint(group, found[1], re.sub(r"\s", "", found[2]), path, line)


def points_of(
    groups: Mapping[str, Mapping[str, object]], path: str, lines: Iterable[str]
) -> Iterator[EntryPoint]:
    """Entry points of tables that map a group to names and targets."""
    numbered = list(enumerate(lines, 1))
    for group, points in groups.items():
        for name, target in points.items() if isinstance(points, dict) else ():
            if isinstance(target, dict):
                # Poetry's longer form.
                target = target.get("reference") or target.get("callable")
            if isinstance(target, str):
                line = next((n for n, text in numbered if name in text and target in text), 0)
                found = point_of(group, f"{name} = {target}", path, line)
                if found is not None:
                    yield found


def requirement_of(text: str, group: str, path: str, line: int) -> Requirement | None:
    """The requirement that one line states; ``None`` where it names no distribution."""
    stripped = text.strip()
    found = _NAME.match(stripped)
    if found is None or re.match(r"[a-z+]+://|[./]|[\w.-]+/", stripped):
        return None
    return Requirement(found[1], stripped, group, path, line, _bare(stripped))


def _bare(text: str) -> str:
    """``text`` without its comment."""
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
