"""Before/after cases of rewrites: tests run them, and the pages in ``docs/rewrites`` show them.

A case is a text file: a title, the settings in TOML (and with ``[file]`` what the rewrite is
told of the file, with ``[project]`` the text of other files by their paths), then
``--- before`` and ``--- after``, or ``--- unchanged``; at the end ``--- findings`` may list
what is reported.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.in_place import settings_from
from extractor.outcome import Outcome
from extractor.rewrites import load
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.source_file import SourceFile


def project_of(texts: Mapping[str, bytes]) -> Project:
    """A project of the Python files among ``texts``, which are paths to contents."""
    paths = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in texts
        if path.endswith(".py")
    }
    return Project(paths, texts.__getitem__)


CASES = Path(__file__).parent / "cases"
CHECKLIST = Path(__file__).parent / "checklist"
_TITLE = re.compile(r"^=== (.*)\n", re.MULTILINE)
_RULER = re.compile(r"^--- (\w+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One case; ``after`` is ``None`` when the file is to stay as it is."""

    path: Path
    title: str
    settings_text: str
    before: str
    after: str | None
    findings: str
    more_settings: str = ""  # over those of all

    @property
    def rewrite(self) -> str:
        return self.path.parent.name if self.path.parent.parent == CASES else self.path.stem

    @property
    def values(self) -> dict[str, Any]:
        """The settings as read, ``file`` and ``project`` among them."""
        return {**tomllib.loads(self.settings_text), **tomllib.loads(self.more_settings)}

    @property
    def is_python(self) -> bool:
        """Whether the file of the case is Python, as it is unless ``[file]`` says otherwise."""
        path: str = self.values.get("file", {}).get("path", "example.py")
        return path.endswith(".py")

    def run(self, source: str | bytes) -> Outcome:
        """What the case's rewrite, with its settings, makes of ``source``."""
        rewrite = load(self.rewrite)
        values = self.values
        others: dict[str, str] = values.pop("project", {})
        file = {"path": "example.py", "module": "example", **values.pop("file", {})}
        content = source.encode("utf-8") if isinstance(source, str) else source
        texts = {path: text.encode("utf-8") for path, text in others.items()}
        texts[file["path"]] = content
        settings = rewrite.prepare(settings_from(rewrite, values), project_of(texts))
        return rewrite.run(SourceFile(content=content, **file), settings)


def read_case(path: Path) -> Case:
    """The case in the file ``path``."""
    head, *parts = _RULER.split(path.read_text("utf-8"))
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    title, _, settings = head.partition("\n")
    before = sections.get("before", sections.get("unchanged", ""))
    return Case(
        path, title, settings.strip(), before, sections.get("after"), sections.get("findings", "")
    )


def checklist(rewrite: str) -> list[Case]:
    """The cases of ``checklist/<rewrite>.txt``: one for every way a name may be written.

    The file begins with settings for all; ``=== title`` begins a case, in which ``--- settings``
    may give others.
    """
    path = CHECKLIST / f"{rewrite}.txt"
    settings, *parts = _TITLE.split(path.read_text("utf-8"))
    found = []
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        names = _RULER.split(text)[1:]
        sections = dict(zip(names[::2], names[1::2], strict=True))
        before = sections.get("before", sections.get("unchanged", ""))
        after, findings = sections.get("after"), sections.get("findings", "")
        more = sections.get("settings", "")
        found.append(Case(path, title, settings, before, after, findings, more))
    return found


def all_cases() -> list[Case]:
    """Every case, by rewrite and file name."""
    return [read_case(path) for path in sorted(CASES.glob("*/*.txt"))]
