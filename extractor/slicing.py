"""Slice a module: the lines of some of its top-level names and of all they need.

The source is cut into top-level statements by its lexical shape alone (strings, brackets,
line joins), which is the same in every Python there was: a version that only Python 2
parses is sliced as well as a new one. A grammar is needed only to tell which names one
statement binds and uses; where none accepts the statement, its identifiers are taken.

No line is ever edited, so a slice is an ordered selection of its source's lines. What
is known about a statement is remembered by its bytes: the versions of one file through
its history share nearly all of their statements.
"""

from __future__ import annotations

import ast
import builtins
import functools
import io
import itertools
import re
import symtable
import tokenize
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.parsing import StandIns, UnreadableSource, parse_ast

_BOM = b"\xef\xbb\xbf"
_START = re.compile(rb"\n(?=\f*[^\s#)\]}])")
_TOKEN = re.compile(
    rb"\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|(?P<open>\"\"\"|''')"
    rb"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|(?P<stray>[\"'])"
    rb"|\#[^\n]*|(?P<up>[(\[{])|(?P<down>[)\]}])|\\\r?\n"
    rb"|(?P<end>\n(?=\f*[^\s#)\]}]))|\\",
    re.DOTALL,
)
_CLAUSE = re.compile(rb"\f*(?:else|elif|except|finally)\b")
_DEFINITION = re.compile(rb"\f*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_IMPORT = re.compile(rb"\f*(?:import|from)\b")
_FUTURE = re.compile(rb"\f*from\s+__future__\b")
_STRING = re.compile(rb"\f*[bBrRuU]{0,2}[\"']")
_LEGAL = re.compile(rb"licen[cs]e|copyright", re.IGNORECASE)
_IDENTIFIER = re.compile(rb"(?<![\w.])[^\W\d]\w*")
_BUILTINS = frozenset(dir(builtins)) | {"unicode", "basestring", "long", "xrange", "unichr"}


@dataclass(frozen=True)
class Statement:
    """One top-level statement: ``gap`` blank lines, ``comment`` lines attached, ``code``.

    ``rest`` is what stands between the code and the next statement's gap: comments that
    belong to nobody. A slice leaves it out.
    """

    gap: bytes
    comment: bytes
    code: bytes
    rest: bytes = b""


@dataclass(frozen=True)
class Statements:
    """A module cut at its top level; ``header`` is every comment before the first statement."""

    header: bytes
    body: tuple[Statement, ...]
    encoding: str = "utf-8"


def slice_module(source: bytes, symbols: Collection[str]) -> bytes:
    """The lines of ``source`` that ``symbols`` need, in their order; empty when it has none.

    Kept are the comment at the file's head (its licence), ``from __future__`` imports, the
    statements that bind a symbol with their decorators, attached comments and the bare
    string after an assignment, the statements that change such a name in place, and
    whatever of the module these use in turn. The module docstring is left out, for it
    speaks of the whole. Names this version does not have are passed over.

    Raises ``UnreadableSource`` when the text has no lexical shape (an open string or bracket).
    """
    module = split_module(source)
    kept = needed_statements(module, symbols)
    return join_statements(module, kept) if kept else b""


def needed_names(source: bytes, symbols: Collection[str]) -> frozenset[str]:
    """``symbols`` and all names of the module they need, as far as it binds them.

    The slice of these names is the slice of ``symbols``; in older versions, where some of
    the symbols are not there yet, it holds what they were to need.
    """
    return _needs(split_module(source), symbols)[1]


def slice_past(source: bytes, symbols: Collection[str]) -> tuple[bytes, frozenset[str]]:
    """What an older version has of a slice, and which of ``symbols`` it binds.

    Where it binds none of them, its header stands alone: those lines live on too.
    """
    module = split_module(source)
    kept = needed_statements(module, symbols)
    if not kept:
        return module.header if module.header.strip() else b"", frozenset()
    bound: set[str] = set()
    for statement in module.body:
        bound.update(_shape(statement.code, module.encoding).binds)
    return join_statements(module, kept), frozenset(bound.intersection(symbols))


def join_slices(parts: Sequence[bytes]) -> bytes:
    """Several slices as one module, in the order given.

    The first header stays; imports come together after it (those of ``__future__`` first);
    a statement or header that an earlier part already brought is not repeated.
    """
    modules = [split_module(part) for part in parts if part]
    if len(modules) < 2:
        return next((part for part in parts if part), b"")
    headers = list(dict.fromkeys(module.header for module in modules if module.header.strip()))
    seen: set[bytes] = set()
    groups: tuple[list[Statement], ...] = ([], [], [])
    for module in modules:
        for statement in module.body:
            if statement.code.strip() in seen:
                continue
            seen.add(statement.code.strip())
            is_import = _IMPORT.match(statement.code) is not None
            rank = 0 if _FUTURE.match(statement.code) else 1 if is_import else 2
            groups[rank].append(statement)
    out = [headers[0]] if headers else []
    for group in groups:
        for index, statement in enumerate(group):
            gap = statement.gap
            if index == 0 and out:
                gap = b"\n\n" if group is groups[2] else b"\n"
            out += [gap, statement.comment, _ended(statement.code)]
    return b"".join(out)


def join_statements(module: Statements, kept: Collection[int]) -> bytes:
    """The header and the statements at the indexes ``kept``, with the widest gap between."""
    out = [module.header]
    gap = b""
    for index, statement in enumerate(module.body):
        gap = max(gap, statement.gap, key=len)
        if index in kept:
            if len(out) > 1 or module.header:
                out.append(gap)
            out += [statement.comment, statement.code]
            gap = b""
    return b"".join(out)


def bare_definitions(source: bytes, names: Collection[str]) -> tuple[bytes, frozenset[str]]:
    """The statements that bind ``names``, and nothing they need; which names those are.

    This is the past of symbols in a file that is not theirs any more: its header and its
    imports were never written for them.
    """
    module = split_module(source)
    kept: set[int] = set()
    bound: set[str] = set()
    for index, statement in enumerate(module.body):
        binds = _shape(statement.code, module.encoding).binds.intersection(names)
        if binds and not _IMPORT.match(statement.code):
            kept.add(index)
            bound |= binds
    headless = Statements(b"", module.body, module.encoding)
    return join_statements(headless, kept), frozenset(bound)


def split_module(source: bytes) -> Statements:
    """Cut ``source`` at its top level; ``UnreadableSource`` when a string or bracket is open."""
    encoding = _encoding(source)
    starts = _statement_starts(source)
    if not starts:
        return Statements(source, (), encoding)
    is_docstring = _STRING.match(source, starts[0]) is not None
    header, gap, comment = _split_head(source[: starts[0]], is_docstring)
    body: list[Statement] = []
    for start, end in zip(starts, [*starts[1:], len(source)], strict=True):
        code, rest, next_gap, next_comment = _split_tail(source[start:end])
        body.append(Statement(gap, comment, code, rest))
        gap, comment = next_gap, next_comment
    return Statements(header, tuple(body), encoding)


def needed_statements(
    module: Statements, symbols: Collection[str], without: Collection[str] = ()
) -> frozenset[int]:
    """Indexes of the statements that ``symbols`` need; empty when none of them is bound.

    What binds a name of ``without`` is not followed: it is to come from elsewhere.
    """
    return _needs(module, symbols, without)[0]


def bound_names(module: Statements) -> dict[str, tuple[int, ...]]:
    """The names a module binds at its top level, and the statements that bind each."""
    found: dict[str, list[int]] = {}
    for index, statement in enumerate(module.body):
        for name in _shape(statement.code, module.encoding).binds:
            found.setdefault(name, []).append(index)
    return {name: tuple(indexes) for name, indexes in sorted(found.items())}


# Private functions


def _needs(
    module: Statements, symbols: Collection[str], without: Collection[str] = ()
) -> tuple[frozenset[int], frozenset[str]]:
    """The statements that ``symbols`` need, and the module's names that led to them."""
    body, encoding = module.body, module.encoding
    binders: dict[str, list[int]] = {}
    changers: dict[str, list[int]] = {}
    stars: list[int] = []
    for index, statement in enumerate(body):
        shape = _shape(statement.code, encoding)
        for name in shape.binds:
            binders.setdefault(name, []).append(index)
        for name in shape.changes:
            changers.setdefault(name, []).append(index)
        if shape.star:
            stars.append(index)
    kept: set[int] = set()
    wanted = [name for name in symbols if name in binders]
    seen: set[str] = set()
    if not wanted:
        return frozenset(), frozenset()
    while wanted:
        name = wanted.pop()
        if name in seen or name in without:
            continue
        seen.add(name)
        found = binders.get(name, [])
        if not found and name not in _BUILTINS:
            found = stars
        is_local = any(not _IMPORT.match(body[i].code) for i in found)
        # ``import a.b`` waits until all uses of ``a`` are known.
        plain = [i for i in found if not _shape(body[i].code, encoding).dotted]
        for index in [*plain, *(changers.get(name, []) if is_local else [])]:
            if index not in kept:
                kept.add(index)
                wanted.extend(_uses(body[index].code, encoding) - seen)
    kept |= _needed_submodules(body, encoding, kept, seen)
    for index, statement in enumerate(body):
        if _FUTURE.match(statement.code) or (
            index - 1 in kept
            and not statement.gap
            and _STRING.match(statement.code)
            and _shape(statement.code, encoding).bare_string
            and _shape(body[index - 1].code, encoding).assigns
        ):
            kept.add(index)
    return frozenset(kept), frozenset(seen & binders.keys())


@dataclass(frozen=True)
class _Shape:
    """What one top-level statement does to the module's names."""

    binds: frozenset[str]
    changes: frozenset[str] = frozenset()
    dotted: tuple[str, ...] = ()
    star: bool = False
    assigns: bool = False
    bare_string: bool = False


def _statement_starts(source: bytes) -> list[int]:
    """Offsets where a top-level statement begins."""
    first = _first_start(source)
    if first is None:
        return []
    cuts = [first, *(cut.end() for cut in _START.finditer(source, first)), len(source)]
    starts: list[int] = []
    joins_next = False
    end = 0
    for cut, next_cut in itertools.pairwise(cuts):
        if cut < end:
            continue
        piece = _piece(source[cut:next_cut])
        if not (starts and (joins_next or piece.is_clause)):
            starts.append(cut)
        joins_next = piece.is_decorator
        end = next_cut if piece.is_closed else _closing(source, cut)
    return starts


def _first_start(source: bytes) -> int | None:
    offset = len(_BOM) if source.startswith(_BOM) else 0
    if re.match(rb"\f*[^\s#)\]}]", source[offset : offset + 80]):
        return offset
    found = _START.search(source, offset)
    if found:
        return found.end()
    stray = re.search(rb"^[ \t]*[^\s#]", source[offset:], re.MULTILINE)
    if stray:
        raise UnreadableSource("no statement begins in the first column", 1)
    return None


@dataclass(frozen=True)
class _Piece:
    """What can be told of a statement's lines without knowing where it ends."""

    is_closed: bool
    is_decorator: bool
    is_clause: bool


@functools.lru_cache(maxsize=1 << 14)
def _piece(lines: bytes) -> _Piece:
    return _Piece(
        _is_closed(lines), lines.lstrip(b"\f")[:1] == b"@", _CLAUSE.match(lines) is not None
    )


def _is_closed(piece: bytes) -> bool:
    """Whether no string, bracket or line join is open at the end of ``piece``."""
    depth = 0
    last = b""
    for token in _TOKEN.finditer(piece):
        kind = token.lastgroup
        if kind in ("open", "stray"):
            return False
        if kind == "up":
            depth += 1
        elif kind == "down":
            depth -= 1
        last = token[0]
    return depth == 0 and not (last.startswith(b"\\") and piece.endswith(last))


def _closing(source: bytes, start: int) -> int:
    """Where the statement that begins at ``start`` really ends."""
    depth = 0
    for token in _TOKEN.finditer(source, start):
        kind = token.lastgroup
        if kind == "open" or kind == "stray":
            line = source.count(b"\n", 0, token.start()) + 1
            raise UnreadableSource("a string is not closed", line)
        if kind == "up":
            depth += 1
        elif kind == "down":
            depth -= 1
            if depth < 0:
                line = source.count(b"\n", 0, token.start()) + 1
                raise UnreadableSource("a bracket closes that was not opened", line)
        elif kind == "end" and depth == 0:
            return token.end()
    if depth:
        line = source.count(b"\n", 0, start) + 1
        raise UnreadableSource("a bracket is not closed", line)
    return len(source)


def _split_head(head: bytes, is_docstring_next: bool) -> tuple[bytes, bytes, bytes]:
    """Header, gap and attached comment out of all that comes before the first statement."""
    lines = head.splitlines(keepends=True)
    at = _attached(lines, 0)
    comment = lines[at:]
    gap_from = at
    while gap_from and not lines[gap_from - 1].strip():
        gap_from -= 1
    header = lines[:gap_from]
    if not header or is_docstring_next or any(map(_LEGAL.search, comment)):
        # The file's own comment, however close the code follows.
        if comment:
            return head, b"", b""
        return b"".join(header), b"".join(lines[gap_from:]), b""
    return b"".join(header), b"".join(lines[gap_from:at]), b"".join(comment)


@functools.lru_cache(maxsize=1 << 14)
def _split_tail(piece: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Code of a statement, what belongs to nobody, and the next one's gap and comment."""
    lines = piece.splitlines(keepends=True)
    index = len(lines)
    while index > 1 and (not lines[index - 1].strip() or lines[index - 1].startswith(b"#")):
        index -= 1
    if index == len(lines):
        return piece, b"", b"", b""
    at = _attached(lines, index)
    gap_from = at
    while gap_from > index and not lines[gap_from - 1].strip():
        gap_from -= 1
    parts = lines[:index], lines[index:gap_from], lines[gap_from:at], lines[at:]
    code, rest, gap, comment = map(b"".join, parts)
    return code, rest, gap, comment


def _attached(lines: Sequence[bytes], first: int) -> int:
    """Index of the first of the comment lines that end ``lines``."""
    at = len(lines)
    while at > first and lines[at - 1].lstrip(b"\f").startswith(b"#"):
        at -= 1
    return at


def _ended(code: bytes) -> bytes:
    return code if code.endswith(b"\n") else code + b"\n"


def _encoding(source: bytes) -> str:
    if source.isascii():
        return "utf-8"
    try:
        return tokenize.detect_encoding(io.BytesIO(source).readline)[0]
    except SyntaxError:
        return "latin-1"


def _needed_submodules(
    body: Sequence[Statement], encoding: str, kept: Collection[int], seen: Collection[str]
) -> set[int]:
    """The ``import a.b`` statements among all of one root that the kept code reaches."""
    by_root: dict[str, list[int]] = {}
    for index, statement in enumerate(body):
        for name in _shape(statement.code, encoding).dotted:
            root = name.partition(".")[0]
            if root in seen:
                by_root.setdefault(root, []).append(index)
    code = b"\n".join(body[index].code for index in sorted(kept))
    needed: set[int] = set()
    for indexes in by_root.values():
        reached = [
            index
            for index in indexes
            if any(
                re.search(rb"(?<![\w.])%s\b" % re.escape(name.encode()), code)
                for name in _shape(body[index].code, encoding).dotted
            )
        ]
        needed.update(reached or indexes)
    return needed


@functools.lru_cache(maxsize=1 << 14)
def _shape(code: bytes, encoding: str) -> _Shape:
    """What the statement ``code`` binds and changes."""
    definition = _DEFINITION.match(code)
    if definition:
        return _Shape(frozenset([definition[1].decode(encoding, "replace")]))
    try:
        tree, stand_ins = parse_ast(_as_utf8(code, encoding))
    except UnreadableSource:
        return _shape_by_text(code)
    binds: set[str] = set()
    changes: set[str] = set()
    dotted: list[str] = []
    star = False
    for node in _module_level(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            binds.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                if alias.name == "*":
                    star = True
                    continue
                binds.add(alias.asname or alias.name.partition(".")[0])
                if isinstance(node, ast.Import) and "." in alias.name and not alias.asname:
                    dotted.append(alias.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            binds.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            binds.add(node.name)
    for node in tree.body:
        changes |= _changed_roots(node)
    first = tree.body[0] if tree.body else None
    plain_dotted = tuple(stand_ins.restore_name(name) for name in dotted)
    return _Shape(
        binds=frozenset(map(stand_ins.restore_name, binds)),
        changes=frozenset(map(stand_ins.restore_name, changes)),
        # Only a statement that is nothing but submodule imports may wait for its uses.
        dotted=plain_dotted if len(dotted) == len(_import_bindings(tree)) else (),
        star=star,
        assigns=isinstance(first, (ast.Assign, ast.AnnAssign)),
        bare_string=len(tree.body) == 1
        and isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, (str, bytes)),
    )


def _import_bindings(tree: ast.Module) -> list[str]:
    """The dotted names and aliases the import statements at the top of ``tree`` list."""
    return [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]


def _module_level(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes that run in the module's own scope."""
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        yield from _module_level(ast.iter_child_nodes(node))


def _changed_roots(node: ast.stmt) -> set[str]:
    """Names whose objects a top-level statement changes in place: ``X += ..``, ``X.f()``."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Delete):
        targets = node.targets
    elif isinstance(node, ast.Assign):
        targets = [t for t in node.targets if isinstance(t, (ast.Attribute, ast.Subscript))]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        targets = [node.value.func] if isinstance(node.value.func, ast.Attribute) else []
    roots: set[str] = set()
    for target in targets:
        root = target
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if isinstance(root, ast.Name):
            roots.add(root.id)
    return roots


def _shape_by_text(code: bytes) -> _Shape:
    """The names a statement of an unknown grammar seems to bind."""
    binds: set[str] = set()
    for line in code.splitlines():
        text = line.strip()
        definition = _DEFINITION.match(text)
        assigned = re.match(rb"((?:[^\W\d]\w*\s*[=,]\s*)+)(?!=)", text)
        imported = re.match(rb"(?:from\s+[\w.]+\s+)?import\s+(.*)", text)
        if definition:
            binds.add(definition[1].decode("latin-1"))
        elif imported:
            for part in imported[1].split(b","):
                words = part.replace(b"(", b" ").replace(b")", b" ").split()
                if words:
                    binds.add(words[-1].decode("latin-1").partition(".")[0])
        elif assigned and b"=" in assigned[1]:
            found = _IDENTIFIER.findall(assigned[1])
            binds.update(name.decode("latin-1") for name in found)
        if definition and line[:1] not in b" \t\f":
            break
    return _Shape(frozenset(binds))


@functools.lru_cache(maxsize=1 << 14)
def _uses(code: bytes, encoding: str) -> frozenset[str]:
    """The module-level names that running or importing ``code`` may look up."""
    try:
        tree, stand_ins = parse_ast(_as_utf8(code, encoding))
    except UnreadableSource:
        bare = _TOKEN.sub(_blanked, code)
        return frozenset(name.decode("latin-1") for name in _IDENTIFIER.findall(bare))
    try:
        return frozenset(map(stand_ins.restore_name, _global_names(stand_ins)))
    except SyntaxError:
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        return frozenset(map(stand_ins.restore_name, names))


def _blanked(token: re.Match[bytes]) -> bytes:
    return b" " if token[0][:1] in b"\"'#" else token[0]


def _global_names(stand_ins: StandIns) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = symtable.symtable(stand_ins.source.decode("utf-8"), "<statement>", "exec")
    found: set[str] = set()
    tables = [top]
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        for symbol in table.get_symbols():
            is_module_level = table is top or symbol.is_global() or symbol.is_declared_global()
            if is_module_level and (symbol.is_referenced() or symbol.is_declared_global()):
                found.add(symbol.get_name())
    return found


def _as_utf8(code: bytes, encoding: str) -> bytes:
    if encoding in ("utf-8", "utf-8-sig"):
        return code
    return code.decode(encoding, "replace").encode("utf-8")
