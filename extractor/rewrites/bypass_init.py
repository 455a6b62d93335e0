"""Send references through a package's ``__init__`` to where the names come from.

An ``__init__`` that imports, to hand names on, loads all of that for everybody who needs
anything below it. Its imports go once nobody reads the names there any more.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from extractor.errors import UsageError
from extractor.outcome import Failed, Finding, Outcome, Rewritten, Skipped, Unchanged
from extractor.parsing import UnreadableSource
from extractor.reading.exports import read_exports
from extractor.rewrites import rename_references
from extractor.rewrites.parts.exported import single_exports, unexport
from extractor.rewrites.parts.import_statements import Import, write_imports
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.removal import remove_statements
from extractor.rewrites.parts.renames import Renames, follow, new_reference
from extractor.rewrites.parts.scopes import Binding, ImportStatement, Names, read_names
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import SourceText, apply_edits, read_source
from extractor.rewrites.remove_unused_imports import edits_for

REVIEW = Review.DECIDE
SUFFIXES = rename_references.SUFFIXES
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Settings:
    """``packages``: whose ``__init__`` is to be passed by; ``keep``: names it goes on importing."""

    packages: frozenset[str] = field(default_factory=frozenset)
    keep: frozenset[str] = field(default_factory=frozenset)
    renames: Renames | None = field(default=None, metadata={"derived": True})
    # Per package: what the file itself needs of each module whose names it takes by a star.
    of_stars: Mapping[str, Mapping[str, frozenset[str]]] = field(
        default_factory=dict, metadata={"derived": True}
    )


def prepare(settings: Settings, project: Project) -> Settings:
    """``settings`` with where each name comes from, as the ``__init__`` files say it.

    Raises ``UsageError`` for a package that is not there or whose names cannot be determined.
    """
    roots = {package.partition(".")[0] for package in settings.packages}
    known = frozenset(name for name in project.modules if name.partition(".")[0] in roots)
    renames = Renames(known_modules=known, quieted=settings.packages)
    of_stars = {}
    for package in sorted(settings.packages):
        found = _Init(project.source(package), package, project)
        renames = dataclasses.replace(
            renames,
            modules={**renames.modules, **found.modules()},
            symbols={**renames.symbols, **found.symbols()},
            reexports={**renames.reexports, **found.reexports()},
        )
        of_stars[package] = found.of_stars(settings.keep)
    return dataclasses.replace(settings, renames=_through_all(renames), of_stars=of_stars)


def run(file: SourceFile, settings: Settings) -> Outcome:
    """The rewrite as the registry calls it, with settings that ``prepare`` has seen.

    Imports of an ``__init__`` that it needs itself or that ``keep`` names stay; so do those
    under a condition and those by ``import`` alone, which are told.
    """
    assert settings.renames is not None, "call prepare(settings, project) first"
    findings: tuple[Finding, ...] = ()
    if file.module in settings.packages and file.path.endswith(".py"):
        quiet = quieted(file, settings)
        if isinstance(quiet, Failed | Skipped):
            return quiet
        findings = quiet.findings
        if isinstance(quiet, Rewritten):
            file = dataclasses.replace(file, content=quiet.content)
    else:
        quiet = Unchanged()
    outcome = rename_references.run(file, settings.renames)
    if isinstance(outcome, Failed | Skipped):
        return outcome
    findings += outcome.findings
    if isinstance(outcome, Rewritten):
        return Rewritten(outcome.content, findings)
    return dataclasses.replace(quiet, findings=findings)


def quieted(file: SourceFile, settings: Settings) -> Outcome:
    """The ``__init__`` without the imports that served others only."""
    try:
        text = read_source(file.content, file.path, file.style)
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    names = read_names(text.tree, file.module, file.is_package)
    going: list[Binding] = []
    findings: list[Finding] = []
    for binding in names.bindings:
        if not is_handed_on(names, binding) or binding.local in settings.keep:
            continue
        if binding.statement not in text.tree.body:
            findings.append(_stays(binding, "is imported under a condition"))
        elif is_for_effect(binding, file.module):
            findings.append(_stays(binding, "may be imported for its side effects"))
        else:
            going.append(binding)
    needed = settings.of_stars.get(file.module, {})
    instead: dict[ImportStatement, bytes] = {}
    for star in names.stars:
        entries = [
            Import(star.module or "", n, n) for n in sorted(needed.get(star.module or "", ()))
        ]
        if star.statement not in text.tree.body:
            findings.append(_stays(star, "is imported under a condition"))
        elif entries:
            instead[star.statement] = write_imports(entries, 0, text.style).encode()
        else:
            going.append(star)
    if not going and not instead:
        return Unchanged(tuple(findings))
    unlisted = {binding.local for binding in going} | _exported(names)
    edits = edits_for(text, going, instead) + unexport(text, unlisted)
    edits += remove_statements(text, single_exports(text.tree, unlisted))
    return Rewritten(text.encode(apply_edits(text.utf8, edits)), tuple(findings))


def is_handed_on(names: Names, binding: Binding) -> bool:
    """Whether a module-level import binds what nothing in the file itself uses."""
    top = names.scopes[0]
    unused = not top.uses.get(binding.local) and binding.local not in top.others
    return binding.scope is top and unused and binding.module != "__future__"


def is_for_effect(binding: Binding, module: str) -> bool:
    """``import a.b`` hands nothing on but a submodule of the package itself."""
    return binding.is_root and not binding.alias.name.startswith(f"{module}.")


def public_names(project: Project, module: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """What ``from module import *`` binds; ``UsageError`` when the project does not tell."""
    text = project.source(module)
    names = read_names(text.tree, module, project.is_package(module))
    top = names.scopes[0]
    exports = read_exports(text.tree)
    if exports.computed:
        raise UsageError(
            f"{project.paths[module]}:{exports.computed[0]}: __all__ is computed:"
            " list its names literally, so that the origin of each is known"
        )
    if exports.is_there or "__all__" in top.imports:
        found = set(exports.names)
        for other in exports.others:
            found |= _names_of(other, names, project, module, seen)
        for binding in top.imports.get("__all__", ()):
            found |= _public_in(project, binding.module or "", module, seen)
        return found - exports.removed
    found = {name for name in {*top.imports, *top.others} if not name.startswith("_")}
    for star in names.stars:
        if star.module and star.module not in seen:
            found |= public_names(project, star.module, seen | {module})
    return found


def _public_in(project: Project, other: str, module: str, seen: frozenset[str]) -> set[str]:
    return set() if other in seen else public_names(project, other, seen | {module})


def _names_of(
    node: ast.expr, names: Names, project: Project, module: str, seen: frozenset[str]
) -> set[str]:
    """The names of the list of another module, ``base.__all__``, as ``module`` imports it."""
    path = ast.unparse(node).removesuffix(".__all__").split(".")
    for binding in names.scopes[0].imports.get(path[0], ()):
        home = _imported(binding) if binding.alias.name != "__all__" else binding.module or ""
        home = path[0] if binding.is_root else home
        return _public_in(project, ".".join([home, *path[1:]]), module, seen)
    raise UsageError(
        f"{project.paths[module]}:{node.lineno}: __all__ is made of {ast.unparse(node)}:"
        " list its names literally, so that the origin of each is known"
    )


class _Init:
    """What one ``__init__`` hands on."""

    def __init__(self, text: SourceText, package: str, project: Project) -> None:
        self.package = package
        self.project = project
        self.names = read_names(text.tree, package, project.is_package(package))
        top = self.names.scopes[0]
        exports = read_exports(text.tree)
        if (exports.others or exports.computed) and self.names.bindings + self.names.stars:
            raise UsageError(
                f"{project.paths[package]}:{exports.line}: __all__ is computed: list its"
                f" names literally, so that it is clear which of them {package} has to keep"
            )
        self.own = {name for name in top.others if not name.startswith("__")}
        self.stars = [star.module or "" for star in self.names.stars]
        self.bindings = [
            binding
            for binding in self.names.bindings
            if is_handed_on(self.names, binding)
            and len(top.imports[binding.local]) == 1
            and not binding.is_root
        ]

    def modules(self) -> dict[str, str]:
        """Modules that others reach as attributes of the package under another name."""
        found = {}
        for binding in self.bindings:
            here, there = f"{self.package}.{binding.local}", _imported(binding)
            if here != there and (binding.module is None or there in self.project.paths):
                found[here] = there
        return found

    def symbols(self) -> dict[str, str]:
        """Names that come from one known module each."""
        found: dict[str, str] = {}
        if not self.reexports():
            for module in self.stars:
                for name in public_names(self.project, module) - self.own:
                    found[f"{self.package}:{name}"] = f"{module}:{name}"
        for binding in self.bindings:
            if binding.module is not None and _imported(binding) not in self.project.paths:
                old = f"{self.package}:{binding.local}"
                found[old] = f"{binding.module}:{binding.alias.name}"
        return found

    def reexports(self) -> dict[str, str]:
        """The module whose names are the package's, if there is but one and nothing besides."""
        return {self.package: self.stars[0]} if len(self.stars) == 1 and not self.own else {}

    def of_stars(self, keep: frozenset[str]) -> dict[str, frozenset[str]]:
        """What the file itself needs, and what is kept, of each module it takes all names of."""
        wanted = (self.names.free.keys() - _BUILTINS) | keep
        return {
            module: frozenset(wanted & public_names(self.project, module))
            for module in (self.stars if wanted else ())
        }


def _imported(binding: Binding) -> str:
    return ".".join(filter(None, [binding.module, binding.alias.name]))


def _through_all(renames: Renames) -> Renames:
    """Where one package takes from another that is passed by as well, its names' last home."""
    symbols = {}
    for old, new in renames.symbols.items():
        seen = {old}
        while new not in seen:
            seen.add(new)
            module, _, name = new.partition(":")
            home = new_reference(renames, follow(renames, module, [name]))
            if home is None or home.name is None:
                break
            new = f"{home.module}:{home.name}"
        symbols[old] = new
    reexports = {}
    for package, module in renames.reexports.items():
        seen = {package}
        while module in renames.reexports and module not in seen:
            seen.add(module)
            module = renames.reexports[module]
        reexports[package] = module
    return dataclasses.replace(renames, symbols=symbols, reexports=reexports)


def _exported(names: Names) -> set[str]:
    """Names of ``__all__`` that the file does not bind itself: a star brought them."""
    top = names.scopes[0]
    listed = {str(node.value) for node in names.exported} if names.stars else set()
    return listed - top.others - top.imports.keys()


def _stays(binding: Binding, why: str) -> Finding:
    return Finding(f"{binding.alias.name} {why}: it stays", binding.statement.lineno)
