"""What still names what is gone: modules, files and documents.

Pure: two states of a tree go in, the lines that a person has to look at come out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from extractor.outcome import Failed, Outcome, Rewritten, Unchanged
from extractor.plan.moves import is_below
from extractor.project.layout import module_of
from extractor.rewrites import drop_documents, rename_references
from extractor.rewrites.driver import run_on
from extractor.rewrites.parts.source_file import SourceFile
from extractor.rewrites.rename_references import Renames

_LABEL = re.compile(rb"^\.\. _([\w.-]+):\s*$", re.MULTILINE)
_TO_LABEL = re.compile(rb":ref:`(?:[^`<]*<)?([^`<>]+)>?`")


class Mention(NamedTuple):
    """A line, counted from 1, that names something gone."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def mentions_of_gone(
    files: Mapping[str, bytes],
    *,
    modules: Collection[str],
    known: Collection[str],
    gone: Mapping[str, bytes],
) -> list[Mention]:
    """Lines of ``files`` that name one of ``modules`` or a path of ``gone``, sorted.

    ``modules`` are gone, ``known`` are all there were; ``gone`` are the files that are not among
    ``files`` any more, with what was last in them: labels that documents of them had are looked
    for as well.
    """
    found: set[Mention] = set()
    tops = {m for m in modules if not is_below(m.rpartition(".")[0], modules)}
    words = {top.rpartition(".")[2].encode() for top in tops}
    renames = Renames(
        modules={module: f"{module}_" for module in modules},
        known_modules=frozenset(known),
    )
    paths = _paths(gone, files, tops)
    documents = frozenset(path for path in gone if path.endswith(drop_documents.SUFFIXES))
    labels = {label for path in documents for label in _LABEL.findall(gone[path])}
    for path, content in sorted(files.items()):
        if b"\0" in content[:8000]:
            continue
        if paths is not None:
            found.update(_matched(path, content, paths))
        if any(word in content for word in words) and path.endswith(rename_references.SUFFIXES):
            file = SourceFile(path, content, module_of(path), path.endswith("/__init__.py"))
            found.update(_changed(path, content, run_on("rename_references", file, renames)))
        if path.endswith(drop_documents.SUFFIXES):
            settings = drop_documents.Settings(documents)
            outcome = run_on("drop_documents", SourceFile(path, content), settings)
            found.update(_changed(path, content, outcome))
            found.update(
                mention
                for label in _TO_LABEL.finditer(content)
                if label.group(1) in labels
                for mention in [_at(path, content, label.start())]
            )
    return sorted(found)


# Private functions


def _paths(
    gone: Iterable[str], files: Iterable[str], modules: Iterable[str]
) -> re.Pattern[bytes] | None:
    """What matches a path that is gone, or a module in a regular expression's spelling.

    A folder of which nothing is left stands for its files.
    """
    folders = {folder for path in files for folder in _folders(path)}
    roots = set()
    for path in gone:
        lost = [folder for folder in _folders(path) if folder not in folders]
        roots.add(min(lost, key=len) if lost else path)
    if not roots:
        return None
    # A folder at the top is called like any word.
    named = sorted(root if "/" in root else f"{root}/" for root in roots)
    named += sorted(re.escape(module) for module in modules if "." in module)
    names = b"|".join(re.escape(name.encode()) for name in named)
    return re.compile(rb"(?<![\w.-])(?:%s)(?:(?<=/)|(?![\w-]))" % names)


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _changed(path: str, content: bytes, outcome: Outcome) -> Iterable[Mention]:
    """The lines that an outcome would change or tells of."""
    lines = content.decode("utf-8", "replace").splitlines()
    if isinstance(outcome, Failed):
        yield Mention(path, outcome.line, f"cannot be read: {outcome.error}")
    if isinstance(outcome, Rewritten | Unchanged):
        for finding in outcome.findings:
            yield Mention(path, finding.line, finding.message)
    if isinstance(outcome, Rewritten):
        after = outcome.content.decode("utf-8", "replace").splitlines()
        matcher = difflib.SequenceMatcher(None, lines, after, autojunk=False)
        for kind, first, last, _, _ in matcher.get_opcodes():
            if kind != "equal":
                for number in range(first, last):
                    yield Mention(path, number + 1, lines[number].strip())


def _matched(path: str, content: bytes, pattern: re.Pattern[bytes]) -> Iterable[Mention]:
    for match in pattern.finditer(content):
        yield _at(path, content, match.start())


def _at(path: str, content: bytes, position: int) -> Mention:
    first = content.rfind(b"\n", 0, position) + 1
    last = content.find(b"\n", position)
    text = content[first : last if last >= 0 else None].decode("utf-8", "replace").strip()
    return Mention(path, content.count(b"\n", 0, position) + 1, text)
