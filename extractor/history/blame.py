"""Compare what ``git blame`` says of each line here with what it says in the source."""

from __future__ import annotations

import ast
import difflib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.moves import Move, SliceMove
from extractor.slicing.slices import join_slices, slice_module
from extractor.slicing.statements import split_module
from extractor.source.objects import ObjectReader
from extractor.source.tree import run_git

Line = tuple[str, int]
Place = tuple[str, str]
# Renaming changes a path at most: of `from a.b.c import d` half the words stay.
_LEAST_LIKENESS = 0.5
Relation = Callable[[str, str, str, bytes], bool]
Refused = Callable[[str, Place], bool]


@dataclass(frozen=True)
class FileBlame:
    """The lines of one result file that are not blank, by how their blame compares.

    ``same``: the commit here is the image of the one blame names in the source.
    ``older``: it is the image of an ancestor of that one, for the line was copied or moved
    and its past was followed. ``different`` is neither; ``unpaired`` lines have no
    counterpart in the source (written by a rewrite or by a person), or one that was written in
    a past which the plan refuses.
    """

    path: str
    same: int
    older: int
    different: int
    unpaired: int
    examples: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Part of the paired lines that name the right commit; 1.0 for none."""
        paired = self.same + self.older + self.different
        return (self.same + self.older) / paired if paired else 1.0


def blame_lines(git_dir: Path, revision: str, path: str) -> list[str]:
    """The commit ``git blame -w`` names for each line of ``path``."""
    return [commit for commit, _path in blame_places(git_dir, revision, path)]


def blame_places(git_dir: Path, revision: str, path: str) -> list[Place]:
    """The commit, and what the file's path was there, for each line of ``path``."""
    settings = ["-c", "core.quotePath=true", "-c", "blame.ignoreRevsFile="]
    arguments = [*settings, "blame", "-w", "--porcelain", revision, "--", path]
    found: list[Place] = []
    path_at: dict[str, str] = {}
    commit = ""
    for line in run_git(git_dir, *arguments).split(b"\n"):
        if not commit and line:
            commit = line[:40].decode("ascii")
        elif line.startswith(b"\t"):
            found.append((commit, path_at[commit]))
            commit = ""
        elif line.startswith(b"filename "):
            path_at[commit] = _unquoted(line.removeprefix(b"filename "))
    return found


def _unquoted(name: bytes) -> str:
    """A path that git writes as C does where it holds special characters."""
    return os.fsdecode(ast.literal_eval(f"b{name.decode('ascii')}") if name[:1] == b'"' else name)


def pair_lines(
    result: bytes, sources: Sequence[tuple[str, bytes]], is_whole: bool
) -> list[Line | None]:
    """For each line of ``result`` its counterpart (path, 1-based line) in ``sources``.

    A whole file's lines are paired where the files agree, and where a stretch was
    replaced by one of as many lines; a slice's by the statements it is made of.
    """
    new = lines_of(result)
    if is_whole:
        path, content = sources[0]
        return [None if i is None else (path, i + 1) for i in aligned(lines_of(content), new)]
    paired: list[Line | None] = [None] * len(new)
    statements: dict[bytes, list[tuple[str, int, list[bytes]]]] = {}
    for path, content in sources:
        module = split_module(content)
        line = _count(module.header)
        if module.header.strip():
            statements.setdefault(module.header.strip(), []).append(
                (path, 1, lines_of(module.header))
            )
        for statement in module.body:
            line += _count(statement.gap)
            line_of_block = line + 1
            block = statement.comment + statement.code
            statements.setdefault(block.strip(), []).append((path, line_of_block, lines_of(block)))
            line += _count(block) + _count(statement.rest)
    at = 0
    module = split_module(result)
    blocks = [module.header]
    for statement in module.body:
        blocks += [statement.gap, statement.comment + statement.code, statement.rest]
    for block in blocks:
        candidates = statements.get(block.strip()) if block.strip() else None
        if candidates:
            path, first, _lines = candidates.pop(0) if len(candidates) > 1 else candidates[0]
            for offset in range(_count(block)):
                paired[at + offset] = (path, first + offset)
        at += _count(block)
    return paired


def plain_content(moves: Sequence[Move], contents: Mapping[str, bytes]) -> bytes:
    """What the moves of one target make of the source's files, before any rewrite."""
    parts = [
        slice_module(contents[move.source], move.symbols)
        if isinstance(move, SliceMove)
        else contents[move.source]
        for move in moves
    ]
    return join_slices(parts) if len(parts) > 1 else parts[0]


def pair_rewritten(result: bytes, plain: bytes, pairs: Sequence[Line | None]) -> list[Line | None]:
    """The ``pairs`` of the lines that ``plain`` has, for those of ``result`` made of them.

    Lines that agree are the same; each other line is what it resembles most, and nothing
    when there is no such line: a rewrite may sort imports anew and break lines.
    """
    old, new = lines_of(plain), lines_of(result)
    found: list[int | None] = [None] * len(new)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    rest_old: list[int] = []
    rest_new: list[int] = []
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            for offset in range(new_to - new_from):
                found[new_from + offset] = old_from + offset
            continue
        olds = [index for index in range(old_from, old_to) if old[index].strip()]
        news = [index for index in range(new_from, new_to) if new[index].strip()]
        _pair_similar(old, olds, new, news, found)
        rest_old += [index for index in olds if index not in found[new_from:new_to]]
        rest_new += [index for index in news if found[index] is None]
    _pair_similar(old, rest_old, new, rest_new, found)
    return [None if index is None else pairs[index] for index in found]


def _pair_similar(
    old: Sequence[bytes],
    olds: Sequence[int],
    new: Sequence[bytes],
    news: Sequence[int],
    found: list[int | None],
) -> None:
    """Note in ``found`` the most similar pairs first, each line in one pair at most."""
    scores = sorted(
        ((_likeness(old[i], new[j]), -abs(i - j), -i, -j) for i in olds for j in news),
        reverse=True,
    )
    used: set[int] = set()
    for score, _distance, i, j in scores:
        if score >= _LEAST_LIKENESS and -i not in used and found[-j] is None:
            used.add(-i)
            found[-j] = -i


def _likeness(old: bytes, new: bytes) -> float:
    """How far two lines agree, word by word; 1.0 for the same words."""
    before, after = re.findall(rb"\w+", old), re.findall(rb"\w+", new)
    return difflib.SequenceMatcher(None, before, after, autojunk=False).ratio()


def compare_blame(
    path: str,
    result_blame: Sequence[str],
    result_lines: Sequence[bytes],
    pairs: Sequence[Line | None],
    source_blame: Mapping[str, Sequence[Place]],
    origin_of: Mapping[str, str],
    is_older: Relation,
    is_refused: Refused = lambda origin, place: False,
) -> FileBlame:
    """Count the lines of one file; ``origin_of`` maps new commits to the source's."""
    same = older = different = unpaired = 0
    examples: list[str] = []
    for number, (commit, line, pair) in enumerate(
        zip(result_blame, result_lines, pairs, strict=True), 1
    ):
        if not line.strip():
            continue
        origin = origin_of.get(commit, "")
        if pair is None or not origin:
            unpaired += 1
            continue
        place = source_blame[pair[0]][pair[1] - 1]
        expected = place[0]
        if origin == expected:
            same += 1
        elif is_refused(origin, place):
            unpaired += 1
        elif is_older(origin, expected, path, line):
            older += 1
        else:
            different += 1
            if len(examples) < 5:
                examples.append(f"line {number}: {origin[:12]} here, {expected[:12]} there")
    return FileBlame(path, same, older, different, unpaired, tuple(examples))


def blame_file(
    source_git_dir: Path,
    revision: str,
    moves: Sequence[Move],
    git_dir: Path,
    commit: str,
    origin_of: Mapping[str, str],
    is_older: Relation,
    *,
    is_rewritten: bool = False,
    is_refused: Refused = lambda origin, place: False,
) -> FileBlame:
    """Compare one target, made of ``moves``, at ``commit`` of the result.

    With ``is_rewritten`` a line that was only renamed is paired with what it was. A line for
    whose commit here and place there ``is_refused`` holds is not compared.
    """
    target = moves[0].target
    sources: list[tuple[str, bytes]] = []
    with ObjectReader(source_git_dir) as reader:
        for path in dict.fromkeys(move.source for move in moves):
            sources.append((path, reader.read(f"{revision}:{path}")))
    with ObjectReader(git_dir) as reader:
        content = reader.read(f"{commit}:{target}")
    is_whole = not isinstance(moves[0], SliceMove)
    if is_rewritten:
        plain = plain_content(moves, dict(sources))
        pairs = pair_rewritten(content, plain, pair_lines(plain, sources, is_whole))
    else:
        pairs = pair_lines(content, sources, is_whole)
    return compare_blame(
        target,
        blame_lines(git_dir, commit, target),
        lines_of(content),
        pairs,
        {path: blame_places(source_git_dir, revision, path) for path, _content in sources},
        origin_of,
        is_older,
        is_refused,
    )


def lines_of(text: bytes) -> list[bytes]:
    """The lines as git counts them: only a line feed ends one."""
    return text.split(b"\n")[: _count(text)]


def _count(text: bytes) -> int:
    return text.count(b"\n") + (not text.endswith(b"\n") if text else 0)


def aligned(old: Sequence[bytes], new: Sequence[bytes]) -> list[int | None]:
    """For each line of ``new`` the index of the one of ``old`` that it is, or stands for."""
    if old == new:
        return list(range(len(new)))
    found: list[int | None] = [None] * len(new)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal" or (kind == "replace" and old_to - old_from == new_to - new_from):
            for offset in range(new_to - new_from):
                found[new_from + offset] = old_from + offset
    return found
