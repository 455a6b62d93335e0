"""Put import statements where the style wants them: by group, sorted, comments attached.

A run is a series of import statements with nothing else between them; blank lines part
it into groups. A group that was sorted stays sorted; one that was not is not reordered.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.project.standard_library import is_standard_library
from extractor.rewrites.parts.import_statements import Import, sort_key
from extractor.rewrites.parts.removal import first_line
from extractor.rewrites.parts.scopes import ImportStatement
from extractor.rewrites.parts.source_text import Edit, SourceText

STANDARD, THIRD_PARTY, FIRST_PARTY = 0, 1, 2


@dataclass
class Line:
    """One import statement with the comment lines above it."""

    key: str
    rank: int
    text: str
    lead: str = ""


@dataclass
class Group:
    """Statements without a blank line between them, and what stood before the first."""

    gap: str
    lines: list[Line] = field(default_factory=list)


def rank_of(module: str, first_party: frozenset[str] | None) -> int:
    """Standard library, third party or first party, by the top-level name; without it, alike."""
    if first_party is None:
        return FIRST_PARTY
    root = module.partition(".")[0]
    if root in first_party or not root:
        return FIRST_PARTY
    return STANDARD if is_standard_library(root) else THIRD_PARTY


def runs_of_imports(source: SourceText) -> list[list[ImportStatement]]:
    """Top-level import statements, in series, each alone on its lines."""
    runs: list[list[ImportStatement]] = [[]]
    body = source.tree.body
    for index, node in enumerate(body):
        line = node.lineno
        end = node.end_lineno
        alone = (index == 0 or body[index - 1].end_lineno != line) and (
            index + 1 == len(body) or body[index + 1].lineno != end
        )
        if isinstance(node, (ast.Import, ast.ImportFrom)) and alone:
            runs[-1].append(node)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def is_future(node: ImportStatement) -> bool:
    """Whether the statement is ``from __future__ import``, which nothing may stand before."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def first_import_edit(source: SourceText, text: str) -> Edit:
    """Put the import statements ``text`` into a file that has none."""
    body = source.tree.body
    newline = source.newline.decode()
    index = 0
    while index < len(body) and is_preamble(body[index]):
        index += 1
    if index == 0:
        at, lead = source.line_starts[first_line(body[0]) - 1] if body else len(source.utf8), ""
        if body:
            at -= len(lead_of(source, body[0]))
    else:
        at, lead = _after(source, body[index - 1]), newline
    rest = source.utf8[at:].decode("utf-8")
    tail = "" if not rest.strip() or rest.startswith(("\n", "\r")) else newline * 2
    return Edit(at, at, (lead + text.replace("\n", newline) + tail).encode("utf-8"))


def is_preamble(node: ast.stmt) -> bool:
    """Whether ``node`` is a docstring or of ``__future__``, which must come first."""
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or (isinstance(node, ast.ImportFrom) and is_future(node))


def place_imports(
    source: SourceText,
    run: Sequence[ImportStatement],
    changed: Mapping[ImportStatement, Sequence[tuple[Import, str]]],
    current: Mapping[ImportStatement, Import],
    render: Callable[[int, int], str],
    first_party: frozenset[str] | None,
    added: Sequence[tuple[Import, str]] = (),
) -> Edit:
    """The text of ``run`` with the ``changed`` statements in their places.

    ``changed`` gives each one's new statements (none: it goes) with the first name each
    binds; ``current`` what an untouched one binds first; ``render`` the text between two
    offsets, with the edits that do not concern imports already made; ``added`` statements
    come in besides. Without ``first_party`` everything stays where it is, whatever its order.
    """
    start = source.line_starts[run[0].lineno - 1]
    stop = _after(source, run[-1])
    groups = _read_groups(source, run, current, render, first_party)
    newline = source.newline.decode()
    by_node = dict(zip(run, [line for group in groups for line in group.lines], strict=True))
    home = {id(line): group for group in groups for line in group.lines}
    sorts = first_party is not None
    order_kept = {id(group): sorts and _is_sorted(group) for group in groups}
    ranks = {id(group): _rank(group) for group in groups}
    mixed = {id(group): {line.rank for line in group.lines} for group in groups}
    for node in run:
        if node not in changed:
            continue
        old, group = by_node[node], home[id(by_node[node])]
        at = group.lines.index(old)
        del group.lines[at]
        lead = old.lead
        for number, (entry, text) in enumerate(changed[node]):
            if text and not text.endswith(("\n", "\r")):
                text += newline
            line = Line(sort_key(entry), rank_of(entry.module, first_party), text, lead)
            lead = ""
            target = group
            if line.rank != old.rank and line.rank not in mixed[id(group)] - {old.rank}:
                target = _group_for(line.rank, group, groups, ranks, newline)
                order_kept.setdefault(id(target), True)
                mixed.setdefault(id(target), {line.rank})
            if order_kept[id(target)]:
                _insert_sorted(target, line)
            elif target is group:
                group.lines.insert(at + number, line)
            else:
                target.lines.append(line)
        if lead and not changed[node] and at == 0 and group.lines and not group.lines[0].lead:
            # It may head the group, not only the statement that goes.
            group.lines[0].lead = lead + group.lines[0].lead
    for entry, text in added:
        line = Line(sort_key(entry), rank_of(entry.module, first_party), text)
        target = _group_for(line.rank, groups[-1], groups, ranks, newline)
        if order_kept.setdefault(id(target), sorts):
            _insert_sorted(target, line)
        else:
            target.lines.append(line)
    start -= len(lead_of(source, run[0]))
    text = _write(groups)
    if not text:
        start, stop = _without_double_gap(source, start, stop)
    return Edit(start, stop, text.encode("utf-8"))


def _without_double_gap(source: SourceText, start: int, stop: int) -> tuple[int, int]:
    """Where nothing is left of a run, the larger of the gaps around it is enough."""
    above, below = start, stop
    while above and source.utf8[:above].endswith((b"\n\n", b"\r\n\r\n")):
        above -= len(source.newline)
    while source.utf8.startswith(source.newline, below):
        below += len(source.newline)
    if start == 0 or start - above >= below - stop:
        return start, below
    return above, stop


def _after(source: SourceText, node: ast.stmt) -> int:
    assert node.end_lineno is not None
    if node.end_lineno < len(source.line_starts):
        return source.line_starts[node.end_lineno]
    return len(source.utf8)


def lead_of(source: SourceText, node: ast.stmt) -> bytes:
    """The comment lines directly above the first statement of a run."""
    first = first_line(node)
    while first > 1:
        start, stop = source.line_bounds(first - 1)
        text = source.utf8[start:stop].strip()
        if not text.startswith(b"#"):
            break
        first -= 1
    if first == 1 or (first == 2 and source.utf8.startswith(b"#!")):
        return b""  # the licence header or an interpreter line, not a comment on an import
    return source.utf8[source.line_starts[first - 1] : source.line_starts[first_line(node) - 1]]


def _read_groups(
    source: SourceText,
    run: Sequence[ImportStatement],
    current: Mapping[ImportStatement, Import],
    render: Callable[[int, int], str],
    first_party: frozenset[str] | None,
) -> list[Group]:
    groups: list[Group] = []
    position = source.line_starts[run[0].lineno - 1] - len(lead_of(source, run[0]))
    for node in run:
        start, stop = source.line_starts[node.lineno - 1], _after(source, node)
        between = render(position, start)
        text = render(start, stop)
        lines = between.splitlines(keepends=True)
        attached = len(lines)
        while attached and lines[attached - 1].strip():
            attached -= 1
        gap, lead = "".join(lines[:attached]), "".join(lines[attached:])
        if gap or not groups:
            groups.append(Group(gap))
        entry = current[node]
        groups[-1].lines.append(
            Line(sort_key(entry), rank_of(entry.module, first_party), text, lead)
        )
        position = stop
    return groups


def _is_sorted(group: Group) -> bool:
    keys = [line.key for line in group.lines]
    return keys == sorted(keys)


def _rank(group: Group) -> int:
    counts = Counter(line.rank for line in group.lines)
    return max(counts, key=lambda rank: (counts[rank], rank))


def _insert_sorted(group: Group, line: Line) -> None:
    at = len(group.lines)
    for index, other in enumerate(group.lines):
        if other.key > line.key:
            at = index
            break
    group.lines.insert(at, line)


def _group_for(
    rank: int, origin: Group, groups: list[Group], ranks: dict[int, int], newline: str
) -> Group:
    here = groups.index(origin)
    fitting = [index for index, group in enumerate(groups) if ranks[id(group)] == rank]
    if fitting:
        return groups[min(fitting, key=lambda index: (abs(index - here), index))]
    later = [index for index, group in enumerate(groups) if ranks[id(group)] > rank]
    at = later[0] if later else len(groups)
    new = Group(newline)
    if at == 0:
        new.gap, groups[0].gap = groups[0].gap, newline
    groups.insert(at, new)
    ranks[id(new)] = rank
    return new


def _write(groups: Sequence[Group]) -> str:
    text = ""
    for group in groups:
        if not group.lines:
            # What is only blank goes with its statements, a comment of its own stays.
            text += group.gap if group.gap.strip() else ""
            continue
        if text or group.gap.strip():
            text += group.gap
        text += "".join(line.lead + line.text for line in group.lines)
    return text
