"""Compare what ``git blame`` says of each line here with what it says in the source."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.moves import Move, SliceMove
from extractor.slicing import split_module
from extractor.source.objects import ObjectReader
from extractor.source.tree import run_git

Line = tuple[str, int]
Relation = Callable[[str, str, str, bytes], bool]


@dataclass(frozen=True)
class FileBlame:
    """The lines of one result file that are not blank, by how their blame compares.

    ``same``: the commit here is the image of the one blame names in the source.
    ``older``: it is the image of an ancestor of that one, for the line was copied or moved
    and its past was followed. ``different`` is neither; ``unpaired`` lines have no
    counterpart in the source (written by a rewrite or by a person).
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
    arguments = ["-c", "blame.ignoreRevsFile=", "blame", "-w", "--porcelain", revision, "--", path]
    found: list[str] = []
    expecting_header = True
    for line in run_git(git_dir, *arguments).split(b"\n"):
        if expecting_header and line:
            found.append(line[:40].decode("ascii"))
            expecting_header = False
        elif line.startswith(b"\t"):
            expecting_header = True
    return found


def pair_lines(
    result: bytes, sources: Sequence[tuple[str, bytes]], is_whole: bool
) -> list[Line | None]:
    """For each line of ``result`` its counterpart (path, 1-based line) in ``sources``.

    A whole file's lines are paired where the files agree, and where a stretch was
    replaced by one of as many lines; a slice's by the statements it is made of.
    """
    new = result.splitlines()
    if is_whole:
        path, content = sources[0]
        return [None if i is None else (path, i + 1) for i in _aligned(content.splitlines(), new)]
    paired: list[Line | None] = [None] * len(new)
    statements: dict[bytes, list[tuple[str, int, list[bytes]]]] = {}
    for path, content in sources:
        module = split_module(content)
        line = _count(module.header)
        if module.header.strip():
            statements.setdefault(module.header.strip(), []).append(
                (path, 1, module.header.splitlines())
            )
        for statement in module.body:
            line += _count(statement.gap)
            line_of_block = line + 1
            block = statement.comment + statement.code
            statements.setdefault(block.strip(), []).append(
                (path, line_of_block, block.splitlines())
            )
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


def compare_blame(
    path: str,
    result_blame: Sequence[str],
    result_lines: Sequence[bytes],
    pairs: Sequence[Line | None],
    source_blame: Mapping[str, Sequence[str]],
    origin_of: Mapping[str, str],
    is_older: Relation,
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
        expected = source_blame[pair[0]][pair[1] - 1]
        if origin == expected:
            same += 1
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
) -> FileBlame:
    """Compare one target, made of ``moves``, at ``commit`` of the result."""
    target = moves[0].target
    sources: list[tuple[str, bytes]] = []
    with ObjectReader(source_git_dir) as reader:
        for path in dict.fromkeys(move.source for move in moves):
            sources.append((path, reader.read(f"{revision}:{path}")))
    with ObjectReader(git_dir) as reader:
        content = reader.read(f"{commit}:{target}")
    is_whole = not isinstance(moves[0], SliceMove)
    return compare_blame(
        target,
        blame_lines(git_dir, commit, target),
        content.split(b"\n")[: _count(content)],
        pair_lines(content, sources, is_whole),
        {path: blame_lines(source_git_dir, revision, path) for path, _content in sources},
        origin_of,
        is_older,
    )


def _count(text: bytes) -> int:
    return text.count(b"\n") + (not text.endswith(b"\n") if text else 0)


def _aligned(old: Sequence[bytes], new: Sequence[bytes]) -> list[int | None]:
    if old == new:
        return list(range(len(new)))
    found: list[int | None] = [None] * len(new)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal" or (kind == "replace" and old_to - old_from == new_to - new_from):
            for offset in range(new_to - new_from):
                found[new_from + offset] = old_from + offset
    return found
