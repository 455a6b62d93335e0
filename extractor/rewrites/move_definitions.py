"""Move top-level definitions to another module, with the imports they need and every reference.

Import statements, attribute chains, strings and configuration files follow. Where the old name
is out in people's configuration, a callable of that name stays that only then imports the new.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from extractor.errors import UsageError
from extractor.outcome import Failed, Finding, Outcome, Rewritten, Skipped, Unchanged
from extractor.parsing import UnreadableSource
from extractor.reading.exports import read_exports
from extractor.rewrites import rename_references
from extractor.rewrites.moving.arrival import Arrival, end_edit
from extractor.rewrites.moving.emptied import what_stays
from extractor.rewrites.moving.part import Part
from extractor.rewrites.moving.units import going_units, read_units
from extractor.rewrites.parts.add_imports import add_imports
from extractor.rewrites.parts.definitions import definitions
from extractor.rewrites.parts.exported import single_exports, unexport
from extractor.rewrites.parts.import_statements import Import
from extractor.rewrites.parts.moving_files import check_names
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.removal import remove_statements
from extractor.rewrites.parts.renames import Renames
from extractor.rewrites.parts.scopes import read_names
from extractor.rewrites.parts.shims import shim
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import apply_edits, read_source
from extractor.rewrites.remove_unused_imports import rewrite as remove_unused

REVIEW = Review.DECIDE
SUFFIXES = rename_references.SUFFIXES
FILE_NAMES = rename_references.FILE_NAMES
EVERYTHING = "*"


@dataclass(frozen=True)
class Arriving:
    """What a module gets: the text, from which module, and the names for its ``__all__``."""

    piece: bytes
    former: str
    exported: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """``symbols``: old to new place, ``old.module:name`` to ``new.module:name`` or another name.

    ``old.module:*`` and ``new.module:*`` stand for all definitions of a module. ``shims``: old
    names, ``module:function`` or ``module:Class.method``, that are to go on being callable.
    """

    symbols: Mapping[str, str] = field(default_factory=dict)
    shims: frozenset[str] = field(default_factory=frozenset)
    renames: Renames | None = field(default=None, metadata={"derived": True})
    # What each new module gets; the paths of new modules to be made.
    pieces: Mapping[str, tuple[Arriving, ...]] = field(
        default_factory=dict, metadata={"derived": True}
    )
    creates: Mapping[str, str] = field(default_factory=dict, metadata={"derived": True})
    # Modules whose files go, since nothing is left in them, and where all of each went.
    gone: Mapping[str, str] = field(default_factory=dict, metadata={"derived": True})
    # Imports that an old module keeps for others; references that files keep, by their module;
    # what is told of each file.
    kept: Mapping[str, frozenset[str]] = field(default_factory=dict, metadata={"derived": True})
    spared: Mapping[str, frozenset[str]] = field(default_factory=dict, metadata={"derived": True})
    told: Mapping[str, tuple[Finding, ...]] = field(
        default_factory=dict, metadata={"derived": True}
    )

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

    Private names that only the moved code needs move along. Imports it needs are repeated with
    their guards, aliases and loggers are made again; other names are imported from the old
    module. Raises ``UsageError`` for a name that is in neither place and for a module that
    cannot be read, ``DidNotHold`` for a move that would not be right.
    """
    whole = {_home(old): _home(new) for old, new in settings.symbols.items() if old.endswith(":*")}
    settings = dataclasses.replace(settings, symbols=_expanded(settings.symbols, project))
    pairs = {(o.partition(":")[0], n.partition(":")[0]) for o, n in settings.symbols.items()}
    parts = [_part(project, old, new, settings) for old, new in sorted(pairs)]
    symbols = dict(settings.symbols)
    for part in parts:
        along = {f"{part.old}:{n}": f"{part.new}:{n}" for n in part.names | part.following}
        symbols |= {old: new for old, new in along.items() if old not in settings.symbols}
    unmoved = sorted(name for name in settings.shims if _symbol(name) not in symbols)
    if unmoved:
        raise UsageError(f"{unmoved[0]} is not one of the moved names, so it needs no shim")
    roots = {symbol.partition(":")[0].partition(".")[0] for symbol in symbols}
    known = {name for name in project.modules if name.partition(".")[0] in roots}
    known |= {part.new for part in parts}
    renames = Renames(symbols=symbols, known_modules=frozenset(known))
    staying = {
        part.old
        for part in parts
        if part.is_package or rename_references.keeps_names(renames, part.old, project)
    }
    gone = _emptied(parts, whole, project) if not settings.shims else {}
    renames = dataclasses.replace(renames, staying=frozenset(staying - gone.keys()), modules=gone)
    moving = [part for part in parts if part.names]
    pieces: dict[str, tuple[Arriving, ...]] = {}
    told: dict[str, tuple[Finding, ...]] = {}
    for part in moving:
        arriving = Arriving(part.piece(renames), part.old, tuple(part.exported))
        pieces[part.new] = (*pieces.get(part.new, ()), arriving)
        for path, finding in part.findings:
            told[path] = (*told.get(path, ()), finding)
    creates = {
        project.path_for(part.new, like=part.old): part.new
        for part in moving
        if part.new not in project.paths
    }
    for new, coming in pieces.items():
        path = project.paths.get(new) or next(p for p, module in creates.items() if module == new)
        there = project.read(path) if new in project.paths else b""
        file = SourceFile(path, there, new, new in project.paths and project.is_package(new))
        _with_pieces(dataclasses.replace(file, style=project.style), coming)  # refused on a clash
    return dataclasses.replace(
        settings,
        symbols=symbols,
        renames=renames,
        pieces=pieces,
        creates=creates,
        gone=gone,
        kept={part.old: frozenset(part.kept) for part in moving},
        spared={module: found for part in moving for module, found in part.spared.items()},
        told=told,
    )


def _emptied(parts: Collection[Part], whole: Mapping[str, str], project: Project) -> dict[str, str]:
    """Modules of which nothing is left, with where all went; the others are told what is."""
    found: dict[str, str] = {}
    for part in parts if project.removes else ():
        if part.names and whole.get(part.old) == part.new:
            file = project.source_file(part.old)
            left = take_out(file, names=part.names, shims={}, keep=part.kept)
            stays = what_stays(part, getattr(left, "content", file.content))
            part.findings += [(part.path, finding) for finding in stays]
            found |= {} if stays else {part.old: part.new}
    return found


def _part(project: Project, old: str, new: str, settings: Settings) -> Part:
    found = _without_shims(definitions(project.source(old).tree), settings.shims_in(old))
    own = {name for name in found if _is_own(name)}
    wanted = {
        symbol.partition(":")[2]: home.partition(":")[2]
        for symbol, home in settings.symbols.items()
        if _home(symbol) == old and _home(home) == new
    }
    there = definitions(project.source(new).tree).keys() if new in project.paths else set()
    absent = sorted(name for name in wanted.keys() - own if wanted[name] not in there)
    if absent:
        raise UsageError(f"{old} does not define {', '.join(absent)}")
    return Part(project, old, new, frozenset(wanted.keys() & own), wanted)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it, with settings that ``prepare`` has seen."""
    renames = settings.renames
    assert renames is not None, "call prepare(settings, project) first"
    told = settings.told.get(file.path, ())
    if settings.creates.get(file.path) == file.module and not file.content:
        made = _with_pieces(file, settings.pieces[file.module])
        return dataclasses.replace(made, findings=(*told, *made.findings))
    spared = settings.spared.get(file.module, frozenset())
    if spared:
        left = {old: new for old, new in renames.symbols.items() if old not in spared}
        renames = dataclasses.replace(renames, symbols=left)
    names = [old.partition(":")[2] for old in settings.symbols if _home(old) == file.module]
    is_python = file.path.endswith(".py")
    shims = settings.shims_in(file.module) if is_python else {}
    arriving = settings.pieces.get(file.module, ())
    kept = settings.kept.get(file.module, frozenset())
    steps: list[Callable[[SourceFile], Outcome]] = []
    if is_python and names:
        steps.append(lambda now: take_out(now, names=names, shims=shims, keep=kept))
    steps.append(lambda now: rename_references.run(now, renames))
    if is_python and arriving:
        steps.append(lambda now: _with_pieces(now, arriving))
    if shims:
        steps.append(lambda now: add_shims(now, shims=shims))
    return _in_turn(file, steps, told)


def _in_turn(
    file: SourceFile, steps: Collection[Callable[[SourceFile], Outcome]], told: tuple[Finding, ...]
) -> Outcome:
    now, findings = file, list(told)
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


def take_out(
    file: SourceFile,
    *,
    names: Collection[str],
    shims: Mapping[str, str],
    keep: Collection[str] = frozenset(),
) -> Outcome:
    """The old module without ``names`` and the imports that only they needed, but ``keep``.

    ``shims`` of a run before stay. Raises ``UnreadableSource``.
    """
    text = read_source(file.content, file.path, file.style)
    own = {name for name in _without_shims(definitions(text.tree), shims) if _is_own(name)}
    present = set(names) & own
    if not present:
        return Unchanged()
    units = read_units(text, file.module, file.is_package)
    going = going_units(units, present)
    nodes = {node for unit in going for node in unit.nodes} | single_exports(text.tree, present)
    edits = unexport(text, present) + remove_statements(text, nodes)
    content = text.encode(apply_edits(text.utf8, edits))
    served = {name for unit in going for name in unit.reads()} & units.bound
    cleaned = remove_unused(
        content, names=served, keep=keep, is_package=file.is_package, path=file.path
    )
    return cleaned if isinstance(cleaned, Rewritten) else Rewritten(content)


def add_shims(file: SourceFile, *, shims: Mapping[str, str]) -> Outcome:
    """The old module with those of ``shims`` at its end whose names it does not define.

    Raises ``UnreadableSource``.
    """
    text = read_source(file.content, file.path, file.style)
    missing = [code for name, code in shims.items() if name not in definitions(text.tree)]
    if not missing:
        return Unchanged()
    code = "".join(f"\n\n{each}" for each in missing).encode()
    content = apply_edits(text.utf8, [end_edit(text, code.replace(b"\n", text.newline))])
    text = read_source(text.encode(content), file.path, file.style)
    if "warnings" not in read_names(text.tree).scopes[0].imports:
        content = apply_edits(text.utf8, add_imports(text, [Import("warnings", None, "warnings")]))
    return Rewritten(text.encode(content))


def add_piece(file: SourceFile, arriving: Arriving) -> Outcome:
    """A module with the imports and definitions of what comes.

    They stand at the end, or before what needs them when the module is imported. Raises
    ``UnreadableSource``, and ``DidNotHold`` where a name means something else already.
    """
    arrival = _arrival(file, arriving)
    content = arrival.content()
    findings = tuple(arrival.findings)
    return Unchanged(findings) if content == file.content else Rewritten(content, findings)


def _with_pieces(file: SourceFile, coming: Collection[Arriving]) -> Rewritten:
    """A module, new or not, with all that comes to it; raises as ``add_piece`` does."""
    findings: list[Finding] = []
    for arriving in coming:
        if not file.content:
            file = dataclasses.replace(file, content=arriving.piece)
            continue
        outcome = add_piece(file, arriving)
        findings += getattr(outcome, "findings", ())
        if isinstance(outcome, Rewritten):
            file = dataclasses.replace(file, content=outcome.content)
    return Rewritten(file.content, tuple(findings))


def _arrival(file: SourceFile, arriving: Arriving) -> Arrival:
    text, new = (
        read_source(file.content, file.path, file.style),
        read_source(arriving.piece, file.path, file.style),
    )
    exported = arriving.exported if read_exports(text.tree).is_there else ()
    return Arrival(file.path, file.module, text, new, arriving.former, exported, file.is_package)


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
    every = {old.replace(f":{EVERYTHING}", ":x"): new for old, new in symbols.items()}
    check_names({}, {old: new.replace(f":{EVERYTHING}", ":x") for old, new in every.items()})
    found: dict[str, str] = {}
    for old, new in symbols.items():
        (module, _, name), (home, _, new_name) = old.partition(":"), new.partition(":")
        if name != new_name and EVERYTHING in (name, new_name):
            raise UsageError(f"write OLD.MODULE:NAME=NEW.MODULE:NAME, not {old}={new}")
        if module == home:
            raise UsageError(f"{old} stays in its module: use rename_references to rename it there")
        names = {name: new_name}
        if name == EVERYTHING:
            if module not in project.modules and home in project.modules:
                continue  # moved before: the file went
            sources = [module, *({home} & project.modules)]
            own = (n for m in sources for n in definitions(project.source(m).tree))
            names = {each: each for each in own if _is_own(each)}
        found |= {f"{module}:{each}": f"{home}:{called}" for each, called in names.items()}
    return found
