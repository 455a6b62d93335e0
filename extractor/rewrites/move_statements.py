"""Move start-up statements from one module to the top of others, with what they need.

What prepares a process (an environment variable, the first import of a library that patches
others) belongs where processes start, not in a package that everything imports.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.errors import UsageError
from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites.parts.import_blocks import is_preamble, lead_of
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.removal import first_line, remove_statements
from extractor.rewrites.parts.scopes import names_bound, names_read
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import Edit, SourceText, apply_edits, read_source

REVIEW = Review.DECIDE


@dataclass(frozen=True)
class Block:
    """One statement with its comments, and whether a blank line stands before it.

    ``needed`` is set for imports that only serve other statements of the block.
    """

    key: str
    text: str
    gap: bool = False
    needed: bool = False


@dataclass(frozen=True)
class Settings:
    """``statements``: top-level statements as they are written, but for comments and layout.

    They leave the modules ``sources`` and stand first, in that order, in the modules
    ``targets``. What is there already is not written again. With ``through`` they stand once, in
    the one module it names, made if need be, which the targets import first.
    """

    statements: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = field(default=(), metadata={"derived": True})
    creates: Mapping[str, str] = field(default_factory=dict, metadata={"derived": True})
    header: bytes = field(default=b"", metadata={"derived": True})


def prepare(settings: Settings, project: Project) -> Settings:
    """``settings`` with the statements as they stand in the sources.

    Raises ``UsageError`` for a module that is not there, a statement that cannot be read, and
    one that is neither in a source nor in every target.
    """
    keys = [key_of(statement) for statement in settings.statements]
    found: dict[str, Block] = {}
    for module in settings.sources:
        for block in blocks_of(project.source(module), keys):
            found.setdefault(block.key, block)
    holders = settings.targets
    creates: dict[str, str] = {}
    header = b""
    if len(settings.through) > 1:
        raise UsageError("statements go through one module only")
    for holder in settings.through:
        holders = (holder,) if holder in project.paths else ()
        if not holders:
            like = settings.sources[0] if settings.sources else settings.targets[0]
            creates[project.path_for(holder, like=like)] = holder
            first = project.source(like)
            header = first.utf8[: first.line_starts[first.tree.body[0].lineno - 1]]
            header = header[: len(header) - len(lead_of(first, first.tree.body[0]))]
    there = [_keys(project.source(module).tree.body) for module in holders]
    for key, text in zip(keys, settings.statements, strict=True):
        if key not in found and not (there and all(key in known for known in there)):
            raise UsageError(f"{text!r} is not a statement of {' or '.join(settings.sources)}")
    ordered = [found.pop(key) for key in keys if key in found]
    return dataclasses.replace(
        settings, blocks=(*found.values(), *ordered), creates=creates, header=header
    )


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it, with settings that ``prepare`` has seen."""
    is_source, is_target = file.module in settings.sources, file.module in settings.targets
    if file.module in settings.through:
        if not file.content and settings.creates.get(file.path) == file.module:
            return Rewritten(settings.header + _written(settings.blocks).encode("utf-8"))
        return put_first(file.content, blocks=settings.blocks, path=file.path)
    if not (is_source or is_target):
        return Unchanged()
    if is_source and is_target:
        return Failed(f"{file.module} is a source and a target")
    if is_source:
        return take_out(file.content, statements=settings.statements, path=file.path)
    if settings.through:
        statement = f"import {settings.through[0]}"
        block = Block(key_of(statement), f"{statement}  # noqa")
        return put_first(file.content, blocks=[block], path=file.path)
    return put_first(file.content, blocks=settings.blocks, path=file.path)


def take_out(source: bytes, *, statements: Iterable[str], path: str = "<source>") -> Outcome:
    """One file without ``statements`` and the imports that only they needed.

    A statement that binds what the rest of the file uses stays, which is a finding.
    """
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    keys = {key_of(statement) for statement in statements}
    going = [node for node in text.tree.body if key_of(node) in keys]
    findings: list[Finding] = []
    for node in list(going):
        used = names_bound(node) & names_read(node for node in text.tree.body if node not in going)
        if used:
            going.remove(node)
            findings.append(
                Finding(f"{', '.join(sorted(used))} is used here: it stays", node.lineno)
            )
    if not going:
        return Unchanged(tuple(findings))
    going += _only_for(text, going)
    content = apply_edits(text.utf8, remove_statements(text, going))
    return Rewritten(text.encode(content), tuple(findings))


def put_first(source: bytes, *, blocks: Sequence[Block], path: str = "<source>") -> Outcome:
    """One file with ``blocks`` before everything but its docstring and ``__future__``.

    A statement the file has already is not doubled; it moves up where one that is new has
    to come after it.
    """
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    body = text.tree.body
    start = 0
    while start < len(body) and is_preamble(body[start]):
        start += 1
    present = {key_of(node): index for index, node in reversed(list(enumerate(body)))}
    at = start
    wanted: dict[int, list[Block]] = {}
    moved: list[ast.stmt] = []
    missing = [n for n, b in enumerate(blocks) if b.key not in present and not b.needed]
    if not missing:
        return Unchanged()
    for number, block in enumerate(blocks):
        index = present.get(block.key)
        if index is None:
            wanted.setdefault(at, []).append(block)
        elif index == at:
            at += 1
        elif index > at and number < missing[-1]:
            wanted.setdefault(at, []).append(block)
            moved.append(body[index])
    edits = remove_statements(text, moved) if moved else []
    edits += [_insertion(text, index, found) for index, found in wanted.items()]
    return Rewritten(text.encode(apply_edits(text.utf8, edits)))


def blocks_of(text: SourceText, keys: Sequence[str]) -> list[Block]:
    """The statements of a file with one of ``keys``, after the imports they need."""
    nodes = [node for node in text.tree.body if key_of(node) in keys]
    used = names_read(nodes)
    needed = [
        node
        for node in text.tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and node not in nodes
        and names_bound(node) & used
    ]
    found: list[Block] = []
    last_line = 0
    for node in sorted([*needed, *nodes], key=lambda node: node.lineno):
        alone = not text.utf8[text.line_starts[node.lineno - 1] : text.start(node)].strip()
        lead = lead_of(text, node) if alone else b""
        first = node.lineno - lead.count(b"\n")
        end = node.end_lineno or node.lineno
        following = [other for other in text.tree.body if other.lineno == end and other is not node]
        stop = text.end(node) if following else text.line_bounds(end)[1]
        code = (lead + text.utf8[text.start(node) : stop]).decode("utf-8")
        gap = bool(last_line) and first > last_line + 1
        found.append(Block(key_of(node), code.replace("\r\n", "\n"), gap, node in needed))
        last_line = end
    return found


def key_of(statement: str | ast.stmt) -> str:
    """What makes two statements the same, however they are laid out."""
    if isinstance(statement, ast.stmt):
        return ast.dump(statement)
    try:
        (node,) = ast.parse(statement).body
    except (SyntaxError, ValueError):
        raise UsageError(f"{statement!r} is not one Python statement") from None
    return ast.dump(node)


def _keys(body: Iterable[ast.stmt]) -> set[str]:
    return {key_of(node) for node in body}


def _only_for(text: SourceText, going: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Imports whose names nothing uses but the statements that go."""
    rest = [node for node in text.tree.body if node not in going]
    served = names_read(going)
    used = names_read(rest)
    return [
        node
        for node in rest
        if isinstance(node, ast.Import | ast.ImportFrom)
        and names_bound(node)
        and names_bound(node) <= served
        and not names_bound(node) & used
    ]


def _written(blocks: Sequence[Block]) -> str:
    code = ""
    for block in blocks:
        code += ("\n" if block.gap and code else "") + block.text + "\n"
    return code


def _insertion(text: SourceText, index: int, blocks: Sequence[Block]) -> Edit:
    body = text.tree.body
    newline = text.newline
    written = _written(blocks).encode("utf-8").replace(b"\n", newline)
    if index == 0 and body:
        at = text.line_starts[first_line(body[0]) - 1] - len(lead_of(text, body[0]))
        return Edit(at, at, written + newline)
    if not body:
        at = len(text.utf8)
        gap = newline if text.utf8.strip() else b""
        return Edit(at, at, gap + written)
    end = body[index - 1].end_lineno or body[index - 1].lineno
    at = text.line_starts[end] if end < len(text.line_starts) else len(text.utf8)
    joined = not text.utf8[:at].endswith(b"\n")
    blank = is_preamble(body[index - 1]) or index < len(body)
    tail = newline if index < len(body) and not text.utf8[at:].startswith((b"\n", b"\r")) else b""
    return Edit(at, at, (newline if joined else b"") + (newline if blank else b"") + written + tail)
