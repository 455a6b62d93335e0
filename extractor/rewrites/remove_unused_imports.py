"""Take imports out whose names nothing in the file uses any more.

Other rewrites take uses away; the import that is left would still load the module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.project.conventions.pytest import CONFTEST
from extractor.project.standard_library import is_standard_library
from extractor.reading.exports import read_exports
from extractor.reading.quoted import names_in_doctest, names_in_type_comments
from extractor.rewrites.parts.import_blocks import place_imports, runs_of_imports
from extractor.rewrites.parts.import_statements import Import, edit_import, first_import
from extractor.rewrites.parts.removal import remove_statements, suites
from extractor.rewrites.parts.scopes import Binding, ImportStatement, Names, read_names
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import (
    Edit,
    SourceText,
    apply_edits,
    edited_slice,
    read_source,
)

REVIEW = Review.READ
# Names that pytest and unittest look for in a module.
_HOOKS = ("pytestmark", "pytest_plugins", "load_tests", "setUpModule", "tearDownModule")
_XUNIT = ("setup_module", "teardown_module", "setup_function", "teardown_function")
_BY_NAME = ("usefixtures", "getfixturevalue")
_NOQA = re.compile(rb"#.*\b(noqa|pylint|flake8)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """``names``: local names to consider, all without; ``keep``: names others reach for here."""

    names: frozenset[str] | None = None
    keep: frozenset[str] = field(default_factory=frozenset)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it."""
    return rewrite(
        file.content,
        names=settings.names,
        keep=settings.keep,
        is_package=file.is_package,
        path=file.path,
    )


def rewrite(
    source: bytes,
    *,
    names: Collection[str] | None = None,
    keep: Collection[str] = frozenset(),
    is_package: bool | None = None,
    path: str = "<source>",
) -> Outcome:
    """Remove unused imports of one file, all of them or those of ``names``.

    Kept in any case: lines with ``noqa``, names in ``__all__`` or ``keep``, what a
    package's ``__init__`` imports at top level (its re-exports) unless ``names`` says
    so, ``from x import y as y``, imports that are foreseen to fail, ``__future__`` and star
    imports, names that quoted types, type comments and doctests use, and what pytest finds by
    name. Where ``__all__`` is computed a public name that stays for it is told. Whether the
    file is a package's is told by its path when ``is_package`` is not given.
    """
    if is_package is None:
        is_package = path.endswith("__init__.py")
    if b"import" not in source or (names is not None and not names):
        return Unchanged()
    try:
        text = read_source(source, path)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    found = read_names(text.tree)
    unused = [
        binding
        for binding in found.bindings
        if (names is None or binding.local in names)
        and (names is not None or not is_package or binding.scope.kind != "module")
        and is_unused(text, found, binding, keep)
    ]
    if not unused:
        return Unchanged()
    kept = guarded_imports(text.tree)
    wanted = names_in_type_comments(text.utf8) | names_by_custom(text.tree, path)
    shown = {name for node in found.prose for name in names_in_doctest(_text_of(node))}
    unused = [
        binding
        for binding in unused
        if binding.statement not in kept
        and binding.local not in wanted
        and (binding.scope.kind != "module" or binding.local not in shown)
        and (names is not None or not is_fixture_import(binding, path))
    ]
    exports = read_exports(text.tree)
    findings: list[Finding] = []
    if exports.is_there and (exports.computed or exports.others):
        public = [b for b in unused if b.scope.kind == "module" and b.local[:1] != "_"]
        for binding in public:
            unused.remove(binding)
            why = f"{binding.local} may be in __all__, which is computed: it stays"
            findings.append(Finding(why, binding.statement.lineno))
    if not unused:
        return Unchanged(tuple(findings))
    return Rewritten(text.encode(apply_edits(text.utf8, edits_for(text, unused))), tuple(findings))


@dataclass(frozen=True)
class UnusedImport:
    """``local`` is the name it binds; ``module`` what is imported, or imported from, as written;
    ``is_plain`` where that is ``import module``; ``whole`` has the name that is taken from it."""

    local: str
    module: str
    is_plain: bool
    whole: str
    line: int


def unused_imports(source: bytes, path: str = "<source>") -> list[UnusedImport]:
    """What ``rewrite`` could take out of one file if its names were given; no ``Failed`` here."""
    if b"import" not in source:
        return []
    try:
        text = read_source(source, path)
    except UnreadableSource:
        return []
    found = read_names(text.tree)
    guarded = guarded_imports(text.tree)
    return [
        UnusedImport(
            one.local,
            one.module or one.alias.name,
            one.module is None,
            f"{one.module}.{one.alias.name}" if one.module else one.alias.name,
            one.statement.lineno,
        )
        for one in found.bindings
        if one.statement not in guarded and is_unused(text, found, one, frozenset())
    ]


def guarded_imports(tree: ast.Module) -> set[ast.AST]:
    """The imports whose failing is foreseen, by ``except`` or ``suppress``."""
    return {
        node
        for statement in ast.walk(tree)
        if (isinstance(statement, ast.Try | ast.TryStar) and statement.handlers)
        or (isinstance(statement, ast.With) and any(map(_is_suppress, statement.items)))
        for node in ast.walk(statement)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }


def _is_suppress(item: ast.withitem) -> bool:
    function = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == "suppress"


def is_unused(source: SourceText, found: Names, binding: Binding, keep: Collection[str]) -> bool:
    """Whether no use of ``binding`` is seen and nothing says that it is wanted anyway."""
    name = binding.local
    if name in keep or name in found.declared or binding.module == "__future__":
        return False
    if binding.scope.uses.get(name) or binding.scope.kind == "class" or name in found.typed:
        return False
    if binding.scope.kind == "module" and any(node.value == name for node in found.exported):
        return False
    if binding.alias.asname == binding.alias.name:
        return False  # how typed code says that a name is handed on
    start, _ = source.line_bounds(binding.statement.lineno)
    _, end = source.line_bounds(binding.statement.end_lineno or binding.statement.lineno)
    return not _NOQA.search(source.utf8[start:end])


def names_by_custom(tree: ast.Module, path: str) -> set[str]:
    """Names that test runners look for in a module, or that its tests ask for by parameter."""
    found = {*_HOOKS, *_XUNIT}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        decorated = [ast.unparse(decorator) for decorator in node.decorator_list]
        if node.name.startswith("test") or any("fixture" in text for text in decorated):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            found |= {argument.arg for argument in arguments}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in _BY_NAME:
            found |= {str(a.value) for a in call.args if isinstance(a, ast.Constant)}
    return found


def is_fixture_import(binding: Binding, path: str) -> bool:
    """Whether pytest may find what is imported: a hook, or a function among fixtures.

    It looks in the modules that it collects, and in no others.
    """
    module, name = binding.module or "", binding.local
    home, file = module.rpartition(".")[2], path.rpartition("/")[2]
    is_collected = file.startswith("test_") or file.endswith("_test.py")
    of_fixtures = file == f"{CONFTEST}.py" or (
        is_collected and ("fixture" in home or home == CONFTEST)
    )
    is_function = binding.module is not None and name == name.lower()
    return name.startswith("pytest_") or (
        of_fixtures and is_function and not is_standard_library(module.partition(".")[0])
    )


def _text_of(node: ast.expr) -> str:
    value = node.value if isinstance(node, ast.Constant) else ""
    return value if isinstance(value, str) else ""


def edits_for(
    source: SourceText,
    unused: Sequence[Binding],
    instead: Mapping[ImportStatement, bytes] | None = None,
) -> list[Edit]:
    """Edits that take the bindings of ``unused`` out and write ``instead`` for some statements."""
    by_statement: dict[ImportStatement, set[ast.alias]] = {}
    for binding in unused:
        by_statement.setdefault(binding.statement, set()).add(binding.alias)
    texts = {node: _remaining(source, node, gone) for node, gone in by_statement.items()}
    texts.update(instead or {})
    edits: list[Edit] = []
    for node, text in texts.items():
        if text is not None:
            edits.append(Edit(source.start(node), source.end(node), text))
    whole = {node for node, text in texts.items() if text is None}
    placed: set[ImportStatement] = set()
    for series in runs_of_imports(source):
        gone = {node: list[tuple[Import, str]]() for node in series if node in whole}
        if not gone or len(gone) == len(series):
            continue
        placed.update(gone)
        current = {node: first_import(node) for node in series}
        render = partial(edited_slice, source.utf8, tuple(edits))
        block = place_imports(source, series, gone, current, render, frozenset())
        edits = [e for e in edits if not (block.start <= e.start and e.end <= block.end)]
        edits.append(block)
    in_suites = {node for _, body in suites(source.tree) for node in body}
    rest = [node for node in whole - placed if node in in_suites]
    return edits + remove_statements(source, rest)


def _remaining(source: SourceText, node: ImportStatement, gone: set[ast.alias]) -> bytes | None:
    if len(gone) == len(node.names):
        return None
    wanted = []
    for alias in node.names:
        local = alias.asname or alias.name
        if isinstance(node, ast.Import):
            local = alias.asname or alias.name.partition(".")[0]
            entry = Import(alias.name, None, local)
        else:
            entry = Import("." * node.level + (node.module or ""), alias.name, local)
        wanted.append(None if alias in gone else entry)
    old = source.utf8[source.start(node) : source.end(node)].decode("utf-8")
    return edit_import(old, wanted, node.col_offset).encode("utf-8")
