"""Move top-level definitions to another module, with the imports they need and every reference.

Import statements, attribute chains, strings and configuration files follow. Where the old name
is out in people's configuration, a callable of that name stays that only then imports the new.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from extractor.errors import UsageError
from extractor.outcome import Failed, Finding, Outcome, Rewritten, Skipped, Unchanged
from extractor.parsing import UnreadableSource
from extractor.rewrites import rename_references
from extractor.rewrites.drop_definitions import definitions
from extractor.rewrites.drop_definitions import rewrite as drop
from extractor.rewrites.parts.add_imports import add_imports
from extractor.rewrites.parts.import_blocks import first_import_edit
from extractor.rewrites.parts.import_statements import Import
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.renames import Renames
from extractor.rewrites.parts.scopes import Binding, names_bound, names_read, read_names
from extractor.rewrites.parts.shims import shim
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import Edit, SourceText, apply_edits, read_source
from extractor.rewrites.remove_unused_imports import rewrite as remove_unused
from extractor.slicing import join_statements, needed_statements, split_module

REVIEW = Review.DECIDE
SUFFIXES = rename_references.SUFFIXES
EVERYTHING = "*"


@dataclass(frozen=True)
class Settings:
    """``symbols``: old to new place, ``old.module:name`` to ``new.module:name``.

    ``old.module:*`` and ``new.module:*`` stand for all definitions of a module. ``shims``: old
    names, ``module:function`` or ``module:Class.method``, that are to go on being callable.
    """

    symbols: Mapping[str, str] = field(default_factory=dict)
    shims: frozenset[str] = field(default_factory=frozenset)
    renames: Renames | None = field(default=None, metadata={"derived": True})
    # What each new module gets, as a module of its own; the paths of new modules to be made.
    pieces: Mapping[str, bytes] = field(default_factory=dict, metadata={"derived": True})
    creates: Mapping[str, str] = field(default_factory=dict, metadata={"derived": True})

    def shims_in(self, module: str) -> dict[str, str]:
        """The shims that stay in ``module``: the name each is called, and its text."""
        methods: dict[str, list[str]] = {}
        for old in sorted(self.shims):
            home, _, name = old.partition(":")
            if home == module:
                symbol, _, method = name.partition(".")
                methods.setdefault(symbol, []).extend(filter(None, [method]))
        return {
            name: shim(name, self.symbols[f"{module}:{name}"], found)
            for name, found in methods.items()
            if f"{module}:{name}" in self.symbols
        }


def prepare(settings: Settings, project: Project) -> Settings:
    """``settings`` with the text that moves, taken from the old modules.

    What only the moved names need moves along; what both need is imported from the old module,
    or repeated if it is but another name for something imported, or a logger. Raises
    ``UsageError`` for a name that is in neither place and for a module that cannot be read.
    """
    settings = dataclasses.replace(settings, symbols=_expanded(settings.symbols, project))
    pairs = {(o.partition(":")[0], n.partition(":")[0]) for o, n in settings.symbols.items()}
    parts = [_Part(project, old, new, settings) for old, new in sorted(pairs)]
    symbols = dict(settings.symbols)
    for part in parts:
        symbols |= {f"{part.old}:{name}": f"{part.new}:{name}" for name in part.names}
    unmoved = sorted(name for name in settings.shims if _symbol(name) not in symbols)
    if unmoved:
        raise UsageError(f"{unmoved[0]} is no name that moves: no shim is needed")
    roots = {symbol.partition(":")[0].partition(".")[0] for symbol in symbols}
    known = {name for name in project.modules if name.partition(".")[0] in roots}
    known |= {part.new for part in parts}
    renames = Renames(symbols=symbols, known_modules=frozenset(known), report_left=False)
    staying = {
        part.old
        for part in parts
        if part.is_package or rename_references.keeps_names(renames, part.old, project)
    }
    renames = dataclasses.replace(renames, staying=frozenset(staying))
    moving = [part for part in parts if part.names]
    pieces: dict[str, bytes] = {}
    for part in moving:
        if part.new in pieces:
            raise UsageError(f"move to {part.new} from one module at a time")
        pieces[part.new] = part.text(renames)
    creates = {
        project.path_for(part.new, like=part.old): part.new
        for part in moving
        if part.new not in project.paths
    }
    return dataclasses.replace(
        settings, symbols=symbols, renames=renames, pieces=pieces, creates=creates
    )


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it, with settings that ``prepare`` has seen."""
    renames = settings.renames
    assert renames is not None, "prepare(settings, project) comes first"
    if settings.creates.get(file.path) == file.module and not file.content:
        return Rewritten(settings.pieces[file.module])
    steps: list[Callable[[SourceFile], Outcome]] = []
    if file.path.endswith(".py"):
        names = [old.partition(":")[2] for old in settings.symbols if _home(old) == file.module]
        shims = settings.shims_in(file.module)
        piece = settings.pieces.get(file.module)
        if names:
            steps.append(lambda now: take_out(now, names=names, shims=shims))
        steps.append(lambda now: rename_references.run(now, renames))
        if piece is not None:
            steps.append(lambda now: add_piece(now, piece=piece))
        if shims:
            steps.append(lambda now: add_shims(now, shims=shims))
    else:
        steps.append(lambda now: rename_references.run(now, renames))
    now, findings = file, list[Finding]()
    try:
        for step in steps:
            outcome = step(now)
            if isinstance(outcome, Failed | Skipped):
                return outcome
            findings += outcome.findings
            if isinstance(outcome, Rewritten):
                now = dataclasses.replace(now, content=outcome.content)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    if now == file:
        return Unchanged(tuple(findings))
    return Rewritten(now.content, tuple(findings))


def take_out(file: SourceFile, *, names: Collection[str], shims: Mapping[str, str]) -> Outcome:
    """The old module without ``names`` and the imports that only they needed.

    ``shims`` of a run before stay. Raises ``UnreadableSource``.
    """
    before = read_source(file.content, file.path)
    found = _without_shims(definitions(before.tree), shims)
    present = set(names) & found.keys()
    outcome = drop(file.content, names=present, path=file.path, report_used=False)
    if not isinstance(outcome, Rewritten):
        return Unchanged()
    content = outcome.content
    served = names_read(node for name in present for node in found[name])
    imports = read_names(before.tree).scopes[0].imports.keys()
    cleaned = remove_unused(
        content, names=served & imports, is_package=file.is_package, path=file.path
    )
    content = cleaned.content if isinstance(cleaned, Rewritten) else content
    return Rewritten(content, outcome.findings)


def add_shims(file: SourceFile, *, shims: Mapping[str, str]) -> Outcome:
    """The old module with those of ``shims`` at its end whose names it does not define.

    Raises ``UnreadableSource``.
    """
    text = read_source(file.content, file.path)
    missing = [code for name, code in shims.items() if name not in definitions(text.tree)]
    if not missing:
        return Unchanged()
    code = "".join(f"\n\n{each}" for each in missing).encode()
    content = apply_edits(text.utf8, [_end_edit(text, code.replace(b"\n", text.newline))])
    text = read_source(text.encode(content), file.path)
    if "warnings" not in read_names(text.tree).scopes[0].imports:
        content = apply_edits(text.utf8, add_imports(text, [Import("warnings", None, "warnings")]))
    return Rewritten(text.encode(content))


def add_piece(file: SourceFile, *, piece: bytes) -> Outcome:
    """A module with the imports and definitions of ``piece``, a module's text, added.

    They stand at the end, or after the imports if the file's own top level needs them. A
    name the file binds already is not bound again; where that is something else, it is told.
    Raises ``UnreadableSource``.
    """
    text, new = read_source(file.content, file.path), read_source(piece, file.path)
    names, theirs = read_names(text.tree), read_names(new.tree)
    top = names.scopes[0]
    known = {*top.imports, *top.others}
    findings: list[Finding] = []
    have = {_entry(binding) for binding in names.bindings if binding.scope is top}
    entries: list[Import] = []
    for binding in theirs.bindings:
        entry = _entry(binding)
        if binding.scope is not theirs.scopes[0] or entry in have:
            continue
        there = top.imports.get(entry.local, [])
        roots = bool(there) and all(other.is_root for other in [binding, *there])
        if entry.local in known and not roots:
            findings.append(Finding(f"{entry.local} is something else here than {entry.loads}"))
        else:
            entries.append(entry)
    present = {ast.dump(node) for node in text.tree.body}
    bound: set[str] = set()
    code = b""
    for statement in split_module(piece).body:
        node = next(iter(read_source(statement.code, file.path).tree.body), None)
        if node is None or isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if ast.dump(node) in present:
            continue
        twice = sorted(names_bound(node) & known)
        if twice:
            findings.append(Finding(f"{', '.join(twice)} is defined here already"))
            continue
        gap = statement.gap if code else b"\n\n"
        code += gap + statement.comment + statement.code.rstrip(b"\r\n") + b"\n"
        bound |= names_bound(node)
    if not (entries or code):
        return Unchanged(tuple(findings))
    early = not read_at_import(text.tree).isdisjoint(bound)
    edits = [_code_edit(text, code.replace(b"\n", text.newline), early)] if code else []
    text = read_source(text.encode(apply_edits(text.utf8, edits)), file.path)
    own = frozenset({file.module.partition(".")[0]})
    content = apply_edits(text.utf8, add_imports(text, entries, own))
    return Rewritten(text.encode(content), tuple(findings))


def read_at_import(tree: ast.Module) -> set[str]:
    """The names that importing the module reads: bodies of functions are not run."""
    found: set[str] = set()
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            todo += [*node.decorator_list, *defaults]
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif not isinstance(node, ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return found


class _Part:
    """What goes from one module to another."""

    def __init__(self, project: Project, old: str, new: str, settings: Settings) -> None:
        self.old, self.new = old, new
        tree = project.source(old).tree
        self.path = project.paths[old]
        self.source = project.read(self.path)
        self.is_package = project.is_package(old)
        found = _without_shims(definitions(tree), settings.shims_in(old))
        bodies = {name: nodes for name, nodes in found.items() if _is_own(name)}
        wanted = {
            symbol.partition(":")[2]
            for symbol, home in settings.symbols.items()
            if _home(symbol) == old and _home(home) == new
        }
        self.names = wanted & bodies.keys()
        there = definitions(project.source(new).tree).keys() if new in project.paths else set()
        absent = sorted(wanted - bodies.keys() - there)
        if absent:
            raise UsageError(f"{old} does not define {', '.join(absent)}")
        self.repeated: set[str] = set()
        self.borrowed: set[str] = set()
        self._follow_needs(tree, bodies)

    def _follow_needs(self, tree: ast.Module, bodies: Mapping[str, list[ast.stmt]]) -> None:
        needs = {name: names_read(nodes) & bodies.keys() for name, nodes in bodies.items()}
        also = _closure(self.names, needs) - self.names
        moving = {node for name in self.names | also for node in bodies[name]}
        read = names_read(node for node in tree.body if node not in moving)
        shared = _closure(also & read, needs) & also
        self.names |= also - shared
        imported = read_names(tree).scopes[0].imports
        for name in sorted(shared & {need for moved in self.names for need in needs[moved]}):
            repeatable = all(is_repeatable(node, imported) for node in bodies[name])
            (self.repeated if repeatable else self.borrowed).add(name)

    def text(self, renames: Renames) -> bytes:
        """The moved names as a module of its own, under its new name."""
        module = split_module(self.source)
        kept = needed_statements(module, self.names | self.repeated, without=self.borrowed)
        piece = join_statements(module, kept)
        unused = remove_unused(piece, is_package=False, path=self.path)
        piece = unused.content if isinstance(unused, Rewritten) else piece
        borrowed = {f"{self.old}:{name}": f"{self.old}:{name}" for name in self.borrowed}
        outcome = rename_references.rewrite(
            piece,
            module=self.old,
            is_package=self.is_package,
            renames=dataclasses.replace(renames, symbols={**renames.symbols, **borrowed}),
            path=self.path,
            new_module=self.new,
        )
        if isinstance(outcome, Failed):
            raise UsageError(outcome.error)
        return outcome.content if isinstance(outcome, Rewritten) else piece


def is_repeatable(node: ast.stmt, imported: Collection[str]) -> bool:
    """Whether binding the same again makes no second thing: an alias, or a logger by name."""
    if not isinstance(node, ast.Assign):
        return False
    value = node.value
    if isinstance(value, ast.Call):
        named = [argument.id for argument in value.args if isinstance(argument, ast.Name)]
        return named == ["__name__"] and names_read([value.func]) <= set(imported)
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Name) and value.id in imported


def _closure(names: Iterable[str], needs: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += needs[name]
    return found


def _is_own(name: str) -> bool:
    return bool(name) and "." not in name and not name.startswith("__")


def _home(symbol: str) -> str:
    return symbol.partition(":")[0]


def _symbol(shim_name: str) -> str:
    """The symbol that a shim stands for: ``a.b:C`` of ``a.b:C.method``."""
    module, _, name = shim_name.partition(":")
    return f"{module}:{name.partition('.')[0]}"


def _without_shims(
    found: Mapping[str, list[ast.stmt]], shims: Mapping[str, str]
) -> dict[str, list[ast.stmt]]:
    """Definitions that are more than the shims of a run before this one."""
    texts = {name: ast.dump(ast.parse(text).body[0]) for name, text in shims.items()}
    return {
        name: nodes for name, nodes in found.items() if [*map(ast.dump, nodes)] != [texts.get(name)]
    }


def _expanded(symbols: Mapping[str, str], project: Project) -> dict[str, str]:
    """``symbols`` with ``*`` written out: what the old module defines, or the new one by now."""
    found: dict[str, str] = {}
    for old, new in symbols.items():
        (module, _, name), (home, _, new_name) = old.partition(":"), new.partition(":")
        if not (module and name and home) or name != new_name or module == home:
            raise UsageError(f"write OLD.MODULE:NAME=NEW.MODULE:NAME, not {old}={new}")
        names = {name}
        if name == EVERYTHING:
            sources = [module, *({home} & project.modules)]
            names = {n for m in sources for n in definitions(project.source(m).tree) if _is_own(n)}
        found |= {f"{module}:{own}": f"{home}:{own}" for own in names}
    return found


def _entry(binding: Binding) -> Import:
    if binding.module is None:
        return Import(binding.alias.name, None, binding.local)
    return Import(binding.module, binding.alias.name, binding.local)


def _end_edit(text: SourceText, code: bytes) -> Edit:
    end = len(text.utf8.rstrip())
    lead = text.newline if end else b""
    body = code if end else code.lstrip(b"\r\n")
    return Edit(end, len(text.utf8), lead + body)


def _code_edit(text: SourceText, code: bytes, early: bool) -> Edit:
    """Put ``code`` at the end of the file, or after its first imports."""
    imports = [node for node in text.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if not early:
        return _end_edit(text, code)
    if not imports:
        return first_import_edit(text, code.decode("utf-8").replace("\r\n", "\n").lstrip("\n"))
    end = imports[-1].end_lineno or imports[-1].lineno
    at = text.line_starts[end] if end < len(text.line_starts) else len(text.utf8)
    return Edit(at, at, code)
