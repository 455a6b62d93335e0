"""Before/after cases of rewrites: tests run them, and the pages in ``docs/rewrites`` show them.

A case is a text file: a title, the settings in TOML (and with ``[file]`` what the rewrite is
told of the file, with ``[project]`` the text of other files by their paths), then
``--- before`` and ``--- after``, or ``--- unchanged``; at the end ``--- findings`` may list
what is reported.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.in_place import settings_from
from extractor.outcome import Outcome
from extractor.rewrites import load
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.source_file import SourceFile

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def project_of(texts: Mapping[str, bytes]) -> Project:
    """A project of the Python files among ``texts``, which are paths to contents."""
    paths = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in texts
        if path.endswith(".py")
    }
    return Project(paths, texts.__getitem__)


CASES = Path(__file__).parent / "cases"
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

    @property
    def rewrite(self) -> str:
        return self.path.parent.name

    @property
    def is_python(self) -> bool:
        """Whether the file of the case is Python, as it is unless ``[file]`` says otherwise."""
        path: str = tomllib.loads(self.settings_text).get("file", {}).get("path", "example.py")
        return path.endswith(".py")

    def run(self, source: str) -> Outcome:
        """What the case's rewrite, with its settings, makes of ``source``."""
        rewrite = load(self.rewrite)
        values: dict[str, Any] = tomllib.loads(self.settings_text)
        others: dict[str, str] = values.pop("project", {})
        file = {"path": "example.py", "module": "example", **values.pop("file", {})}
        content = source.encode("utf-8")
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


def all_cases() -> list[Case]:
    """Every case, by rewrite and file name."""
    return [read_case(path) for path in sorted(CASES.glob("*/*.txt"))]
