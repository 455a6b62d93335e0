"""Name modules and symbols by their new names: imports, attribute chains, strings, comments.

What moved is named in many ways, and a search and replace finds some of them. Only files
that can mention a renamed name are parsed; what is not renamed keeps its bytes.
"""

from __future__ import annotations

import ast
import dataclasses
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.reading.glance import may_name
from extractor.rewrites.parts.documents import (
    document_mentions,
    module_of_document,
    moved_documents,
)
from extractor.rewrites.parts.dotted_text import mentions
from extractor.rewrites.parts.edited_imports import EditedImports, import_of
from extractor.rewrites.parts.edited_uses import EditedUses
from extractor.rewrites.parts.handed_on import handed_on
from extractor.rewrites.parts.import_statements import Import, import_of_module
from extractor.rewrites.parts.moving_files import check_names, moved_files, with_what_is_below
from extractor.rewrites.parts.named_in_text import NamedInText
from extractor.rewrites.parts.own_names import binding_edits
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.renames import Reference, Renames, follow, new_reference
from extractor.rewrites.parts.scopes import (
    Binding,
    ImportStatement,
    Names,
    Scope,
    Use,
    absolute_module,
    read_names,
)
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import (
    PLAIN,
    Edit,
    SourceText,
    Style,
    apply_edits,
    read_source,
)
from extractor.rewrites.parts.wrapping import wrap_prose

__all__ = ["Renames", "may_mention", "rewrite", "rewrite_text"]

REVIEW = Review.READ
SUFFIXES = (
    *(".py", ".pyi", ".cfg", ".conf", ".inc", ".ini", ".json", ".toml", ".yaml", ".yml"),
    *(".md", ".rst", ".txt", ".in", ".mk", ".sh"),
)
# Files without a suffix, scripts among them, and settings that begin with a dot.
FILE_NAMES = ("", ".coveragerc", ".flake8", ".pylintrc", ".pre-commit-config.yaml")
Settings = Renames

_WORDS = re.compile(rb"[A-Za-z_]\w*")
_RELATIVE = re.compile(rb"^[ \t]*from[ \t]*\.", re.MULTILINE)


def may_mention(source: bytes, renames: Renames) -> bool:
    """Whether ``source`` can name anything renamed (or anything left, if that is reported)."""
    words = renames.words
    # A relative import names what is in a package without the package's own name.
    inside = bool(renames.symbols or renames.reexports)
    quick = len(words) <= 8 and not renames.report_left and not inside
    if quick and not any(word in source for word in words):
        return False
    relative = _RELATIVE.search(source) is not None
    inside = inside and relative
    if not relative and not any(root in source for root in renames.root_words):
        return False
    if renames.report_left:
        return True
    found = frozenset(_WORDS.findall(source))
    if not words.isdisjoint(found):
        return True
    return inside and bool(renames.reexports or renames.symbol_words & found)


def may_be_in(source: bytes, renames: Renames) -> bool:
    """Whether Python code can name a renamed module, as nobody names a local variable.

    A top-level module is named by any bare name.
    """
    others = renames.symbols or renames.report_left or renames.reexports or renames.quieted
    if others or len(renames.words) > 8 or any("." not in name for name in renames.modules):
        return True
    return may_name(source, renames.words)


def prepare(settings: Renames, project: Project) -> Renames:
    """``settings`` told of the modules there are, and of those that keep names of their own.

    A package stands for everything in it. Raises ``UsageError`` for names that cannot be or are
    not there, and with ``move_files`` for a new one that is taken or has no place.
    """
    check_names(settings.modules, settings.symbols)
    settings = dataclasses.replace(settings, modules=with_what_is_below(settings.modules, project))
    if not settings.known_modules:
        known = {name for name in project.modules if name.partition(".")[0] in settings.roots}
        old = {symbol.partition(":")[0] for symbol in settings.symbols} - settings.modules.keys()
        staying = {module for module in old & known if keeps_names(settings, module, project)}
        settings = dataclasses.replace(
            settings, known_modules=frozenset(known), staying=settings.staying | staying
        )
    if project.style.follows and not settings.keep_local_names:
        settings = dataclasses.replace(settings, handed_on=handed_on(settings.modules, project))
    moves = moved_documents(settings.modules, project)
    documents = {module_of_document(old): module_of_document(new) for old, new in moves.items()}
    if settings.move_files:
        moves |= moved_files(settings.modules, project)
    return dataclasses.replace(settings, moves=moves, documents=documents)


def keeps_names(renames: Renames, module: str, project: Project) -> bool:
    """Whether ``module`` defines a name that has no new home."""
    top = read_names(project.source(module).tree, module, project.is_package(module)).scopes[0]
    own = {name for name in top.others if not name.startswith("__")}
    return any(f"{module}:{name}" not in renames.symbols for name in own)


def run(file: SourceFile, settings: Renames) -> Outcome:
    """The rewrite as the registry calls it."""
    if not is_python(file.path, file.content):
        return rewrite_text(file.content, settings)
    return rewrite(
        file.content,
        module=file.module,
        is_package=file.is_package,
        renames=settings,
        path=file.path,
        new_module=file.new_module,
        style=file.style,
    )


def is_python(path: str, content: bytes) -> bool:
    """Whether a file is Python: by its suffix, or without one by its first line."""
    name = path.rpartition("/")[2]
    if "." in name:
        return name.endswith((".py", ".pyi"))
    return content.startswith(b"#!") and b"python" in content.partition(b"\n")[0]


def rewrite_text(source: bytes, renames: Renames) -> Outcome:
    """Rename full dotted names (and ``module:symbol``) in a file that is not Python."""
    if not may_mention(source, renames):
        return Unchanged()
    found = mentions(renames, source, prose=True)
    found += document_mentions(renames.documents, source)
    content = apply_edits(source, [Edit(m.start, m.end, m.new) for m in found])
    findings = tuple(
        Finding(f"still names {m.stays}", source.count(b"\n", 0, m.start) + 1)
        for m in found
        if m.stays and renames.report_left
    )
    return Unchanged(findings) if content == source else Rewritten(content, findings)


def rewrite(
    source: bytes,
    *,
    module: str,
    is_package: bool,
    renames: Renames,
    path: str = "<source>",
    new_module: str | None = None,
    new_is_package: bool | None = None,
    formerly: str | None = None,
    style: Style = PLAIN,
) -> Outcome:
    """Rename every reference in one Python file.

    ``module`` is the dotted name under which the text was written, and ``is_package`` whether
    it was a package's; ``new_module`` and ``new_is_package`` say the same of where it lives now
    (the same by default): relative imports are read with the first and kept only where they
    mean the same under the second. ``formerly`` is the module whose names the text had for its
    own (``module`` by default): those that went elsewhere it has to import now.
    """
    formerly = formerly or module
    if new_is_package is None:
        new_is_package = is_package
    elsewhere = new_module not in (None, module) or new_is_package != is_package
    moved = elsewhere and _RELATIVE.search(source) is not None
    own = f"{formerly}:"
    departed = any(
        symbol.startswith(own) and symbol[len(own) :].encode("utf-8") in source
        for symbol in renames.symbols
    )
    if not (moved or departed or (may_mention(source, renames) and may_be_in(source, renames))):
        return Unchanged()
    try:
        text = read_source(source, path, style)
        names = read_names(text.tree, module, is_package)
        work = _Work(text, names, renames, formerly, new_module or module, new_is_package)
        content = work.run()
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    except RecursionError:
        return Failed(f"{path}: nested too deeply")
    findings = tuple(sorted(set(work.findings), key=lambda found: (found.line, found.message)))
    if content == text.utf8:
        return Unchanged(findings)
    return Rewritten(text.encode(content), findings)


@dataclass
class _Group:
    """Uses of one import that go to the same new module."""

    home: str
    through: bool = False  # reached through a package that is not imported any more
    uses: list[tuple[Use, list[str]]] = field(default_factory=list)  # and their new attributes


@dataclass(frozen=True)
class _Chain:
    """A full dotted name that changes: what it named and is to name, and what follows on that."""

    use: Use
    old: Reference
    new: Reference
    path: list[str]


class _Work:
    """The rewrite of one file; made for it and thrown away."""

    def __init__(
        self,
        source: SourceText,
        names: Names,
        renames: Renames,
        formerly: str,
        new_module: str,
        new_is_package: bool,
    ) -> None:
        self.source = source
        self.renames = renames
        self.formerly = formerly
        self.new_module = new_module
        self.added: list[Import] = []
        self.new_is_package = new_is_package
        self.names = names
        self.uses = EditedUses(source, renames.roots)
        self.findings: list[Finding] = []
        self.wanted: dict[tuple[ast.stmt, int], list[Import]] = {}
        self.top = frozenset(source.tree.body)
        self.followed: dict[str, str] = {}  # local names that follow their modules
        self.local_names: dict[str, str] = {}  # old to new, at module level, for __all__
        roots = {new_module.partition(".")[0], formerly.partition(".")[0]}
        self.first_party = frozenset(roots - {""}) | renames.own_roots

    def run(self) -> bytes:
        deferred: list[tuple[Scope, str, list[Binding]]] = []
        for scope in self.names.scopes:
            for local, bindings in sorted(scope.imports.items()):
                if self.reaches_through(scope, local, bindings):
                    deferred.append((scope, local, bindings))
                else:
                    self.decide_name(scope, local, bindings)
        for scope, local, bindings in deferred:
            self.decide_name(scope, local, bindings)
        self.decide_own()
        self.decide_departed()
        self.edit_exported()
        text = NamedInText(self.source, self.names, self.renames)
        text.edit_strings(self.uses.edits)
        text.edit_comments()
        self.findings += [*self.uses.findings, *text.findings]
        imports = EditedImports(
            self.source,
            self.names,
            self.new_module,
            self.new_is_package,
            self.first_party,
            self.wanted,
            self.star_homes(),
            self.uses.edits + text.edits,
        )
        content = apply_edits(self.source.utf8, imports.all_edits(self.added))
        if content != self.source.utf8:
            written = set(self.source.utf8.splitlines())
            content = wrap_prose(content, written, self.source.style.line_length)
        self.report_long_lines(content)
        self.report_through_objects()
        return content

    # Decide: what every import should be, and what its uses should say.

    def decide_name(self, scope: Scope, local: str, bindings: list[Binding]) -> None:
        ours = [binding for binding in bindings if self.is_ours(binding)]
        if not ours:
            return
        uses = scope.uses.get(local, [])
        roots = [binding for binding in ours if binding.is_root]
        others = [binding for binding in ours if not binding.is_root]
        if roots and not others:
            self.decide_root(scope, roots, uses)
            return
        origins = {self.origin(binding) for binding in others}
        mixed = local in scope.others or len(bindings) > len(ours) or bool(roots)
        if len(origins) > 1 or mixed:
            self.decide_locked(others, uses)
            return
        origin = origins.pop()
        if origin.name is not None:
            self.decide_symbol(others, origin, uses)
        else:
            self.decide_module(others, origin.module, uses)

    def reaches_through(self, scope: Scope, local: str, bindings: list[Binding]) -> bool:
        """Whether uses name submodules: another import may turn out to bind the same one."""
        if not self.is_ours(bindings[0]):
            return False
        if bindings[0].is_root:
            return True
        origin = self.origin(bindings[0])
        return origin.name is None and any(
            follow(self.renames, origin.module, use.path).module != origin.module
            for use in scope.uses.get(local, ())
        )

    def is_ours(self, binding: Binding) -> bool:
        named = binding.alias.name if binding.module is None else binding.module
        return named.partition(".")[0] in self.renames.roots

    def origin(self, binding: Binding) -> Reference:
        if binding.module is None:
            root, *rest = binding.alias.name.split(".")
            return follow(self.renames, root, rest)
        return follow(self.renames, binding.module, [binding.alias.name])

    def want(self, binding: Binding, entries: list[Import]) -> None:
        index = binding.statement.names.index(binding.alias)
        self.wanted[binding.statement, index] = entries

    def left(self, what: str, node: ast.stmt | ast.expr) -> None:
        if self.renames.report_left:
            self.findings.append(Finding(f"still names {what}", node.lineno))

    def decide_symbol(self, bindings: list[Binding], origin: Reference, uses: list[Use]) -> None:
        new = new_reference(self.renames, origin)
        if new is None:
            for binding in bindings:
                if origin.module in self.renames.known:
                    self.left(str(origin), binding.statement)
            return
        assert new.name is not None and origin.name is not None
        local = bindings[0].local
        own = local == origin.name and origin.module not in self.renames.quieted
        if new.module == origin.module:  # renamed where it is: others go on asking here
            own = own and not any(self.hands_on(binding) for binding in bindings)
        if own and new.name != local and self.is_free(new.name, new):
            self.rename_local(bindings[0].scope, local, new.name)
            self.names.identifiers.add(new.name)
            for use in uses:
                self.uses.edit(use, local, [], new.name, [])
            local = new.name
        for binding in bindings:
            if new.module != self.new_module:
                self.want(binding, [Import(new.module, new.name, local)])
                continue
            self.want(binding, [])  # it is this module's own now
            for use in uses if local != new.name else ():
                self.uses.edit(use, local, [], new.name, [])

    def hands_on(self, binding: Binding) -> bool:
        """Whether others take the name from here: it is this module's own promise, and stays."""
        if binding.scope.kind != "module":
            return False
        listed = any(node.value == binding.local for node in self.names.exported)
        return listed or binding.alias.asname is not None or self.new_is_package

    def is_free(self, name: str, new: Reference) -> bool:
        if name in self.names.declared:
            return False
        if name not in self.names.identifiers:
            return True
        return any(
            entry.local == name and entry.module == new.module and entry.name == new.name
            for entries in self.wanted.values()
            for entry in entries
        )

    def rename_local(self, scope: Scope, old: str, new: str) -> None:
        if scope.kind == "module":
            self.local_names[old] = new

    def decide_module(self, bindings: list[Binding], module: str, uses: list[Use]) -> None:
        local = bindings[0].local
        groups = self.group_uses(module, uses, bindings[0].statement)
        home = self.renames.modules.get(module)
        if not groups:
            home = home or self.renames.only_home.get(module)
            if home is None:
                self.report_module(bindings, module)
                return
            groups = {home: _Group(home)}
        keeps_name = max(groups.values(), key=lambda group: self.weight(group, module))
        if module in groups:
            self.report_module(bindings, module)
        first: list[Import] = []
        for group in sorted(groups.values(), key=lambda group: group is not keeps_name):
            if group.home == self.new_module and all(path for _, path in group.uses):
                for use, attributes in group.uses:  # its names are this module's own now
                    self.uses.edit(use, local, list(use.path), attributes[0], attributes[1:])
                continue
            if group is keeps_name and not group.through:
                new_local = self.following(bindings, module, group.home)
                if not (group.home == module and home is None):
                    first.append(self.import_like(bindings[0], group.home, new_local))
                else:
                    first.append(import_of(bindings[0]))
            else:
                new_local, entry = self.local_for(group.home, bindings[0])
                if entry is not None:
                    first.append(entry)
            for use, attributes in group.uses:
                self.uses.edit(use, local, list(use.path), new_local, attributes)
        for binding in bindings:
            self.want(binding, first)

    def following(self, bindings: list[Binding], module: str, home: str) -> str:
        """The local name of what was ``module`` and is ``home``: the new last one where it may."""
        local, last = bindings[0].local, home.rpartition(".")[2]
        asked = self.source.style.follows and not self.renames.keep_local_names
        if not asked or home != self.renames.modules.get(module) or last == local:
            return local
        if local != module.rpartition(".")[2] or any(b.alias.asname for b in bindings):
            return local
        taken = f"{self.formerly}:{local}" in self.renames.handed_on
        if any(self.hands_on(b) or (taken and b.scope.kind == "module") for b in bindings):
            return local
        if self.followed.get(last, home) != home or last in self.names.declared:
            return local
        if last not in self.followed and last in self.names.identifiers:
            return local
        self.followed[last] = home
        self.names.identifiers.add(last)
        return last

    def weight(self, group: _Group, module: str) -> tuple[bool, bool, int, bool, str]:
        usual = group.home == self.renames.reexports.get(module)
        return not group.through, usual, len(group.uses), group.home == module, group.home

    def report_module(self, bindings: list[Binding], module: str) -> None:
        if module in self.renames.known:
            for binding in bindings:
                self.left(module, binding.statement)

    def import_like(self, binding: Binding, home: str, local: str) -> Import:
        if binding.module is None:
            return Import(home, None, local)
        return import_of_module(home, local)

    def group_uses(
        self, module: str, uses: Sequence[Use], statement: ast.stmt
    ) -> dict[str, _Group]:
        """Sort the uses of an imported module by the module that is to be imported instead."""
        groups: dict[str, _Group] = {}
        bare: list[tuple[Use, Reference]] = []
        home = self.renames.modules.get(module)
        for use in uses:
            old, string = self.reference(module, use)
            new = new_reference(self.renames, old)
            inner = old.module[len(module) :]
            if new is None:
                if old.name is None:
                    bare.append((use, old))
                    continue
                if old.module != module and old.module in self.renames.known:
                    self.left(str(old), use.name)
                new = old
            base, kept = self.base_of(module, home, old.module, new.module)
            if new == old and old.module != module and self.renames.is_unloaded(old.module):
                base, kept = old.module, False
            attributes = inner.split(".")[1:] if kept else []
            if new.name is not None and string is None:
                attributes.append(new.name)
            elif string is not None and new.name not in (None, old.name):
                self.uses.edit_string(string, str(new.name))
            rest = list(use.path[old.used :])
            group = groups.setdefault(base, _Group(base))
            group.uses.append((use, [*attributes, *rest]))
            through = not kept and inner and base != self.renames.reexports.get(module)
            group.through = group.through or bool(through)
        for use, old in bare:
            base = self.home_of_bare(module, old, groups, use)
            attributes = old.module[len(module) :].split(".")[1:] if base == module else []
            groups.setdefault(base, _Group(base)).uses.append((use, attributes))
        return groups

    def reference(self, module: str, use: Use) -> tuple[Reference, ast.Constant | None]:
        """What ``use`` names, and the string that names it if its attributes do not."""
        old = follow(self.renames, module, use.path)
        if old.name is None and use.attribute_string is not None:
            named = follow(self.renames, old.module, [str(use.attribute_string.value)])
            if named.name is not None:
                return Reference(named.module, named.name, old.used), use.attribute_string
        return old, None

    def base_of(self, module: str, home: str | None, old: str, new: str) -> tuple[str, bool]:
        """The module to import for ``new``, and whether the old chain of attributes stays."""
        inner = old[len(module) :]
        if home is not None and new == home + inner:
            return home, True
        if new == old:
            return module, True
        return new, False

    def home_of_bare(
        self, module: str, old: Reference, groups: Mapping[str, _Group], use: Use
    ) -> str:
        """Where a module goes that is passed around as an object."""
        if old.module != module and self.renames.is_unloaded(old.module):
            return old.module
        if old.module in self.renames.staying or not self.mentions_symbols(old.module):
            return module
        homes = {base for base in groups if base != module}
        if old.module == module and len(homes) == 1 and module not in groups:
            return homes.pop()
        if old.module in self.renames.only_home:
            return self.renames.only_home[old.module]
        self.findings.append(
            Finding(f"{old.module} is used as an object and has no new name", use.name.lineno)
        )
        return module

    def mentions_symbols(self, module: str) -> bool:
        return module in self.renames.reexports or any(
            symbol.startswith(f"{module}:") for symbol in self.renames.symbols
        )

    def local_for(
        self, home: str, binding: Binding, more: Sequence[Import] = ()
    ) -> tuple[str, Import | None]:
        """A local name for ``home``, and the import that binds it unless one does already."""
        wanted = [entries for key, entries in self.wanted.items() if key[0] in self.top]
        for entry in [*more, *(entry for entries in wanted for entry in entries)]:
            if entry.loads == home and (entry.name or entry.asname):
                return entry.local, None
        for other in self.names.bindings:
            if other.scope.kind == "module" and not self.is_ours(other) and not other.is_root:
                entry = import_of(other)
                if entry.loads == home:
                    return entry.local, None
        parent, _, last = home.rpartition(".")
        near = parent.rpartition(".")[2]
        initials = "".join(word[0] for word in near.split("_") if word)
        usual = [near] if self.renames.reexports.get(parent) == home else []
        for name in [*usual, last, f"{near}_{last}" if len(near) < 12 else f"{initials}_{last}"]:
            if name.isidentifier() and name not in self.names.identifiers:
                break
        else:
            number = 2
            while f"{last}{number}" in self.names.identifiers:
                number += 1
            name = f"{last}{number}"
        self.names.identifiers.add(name)
        return name, import_of_module(home, name)

    def decide_own(self) -> None:
        """Names that this module defines, and that it is to define under others."""
        top = self.names.scopes[0]
        for old, new in self.renames.symbols.items():
            module, _, name = old.partition(":")
            home, _, new_name = new.partition(":")
            if module != self.formerly or home != self.new_module or name == new_name:
                continue
            if name not in top.others:
                continue
            edits = binding_edits(self.source, name, new_name)
            self.uses.edits += edits
            self.local_names[name] = new_name
            done = {edit.start for edit in edits}
            for use in top.uses.get(name, ()):
                if use.formatted is not None or self.source.start(use.name) not in done:
                    self.uses.edit(use, name, [], new_name, [])

    def decide_departed(self) -> None:
        """Names this module used to define itself, and that are defined elsewhere now."""
        self.add_departed(self.formerly)
        for star in self.names.stars:
            if star.module in self.renames.staying:
                self.add_departed(star.module)

    def add_departed(self, old_module: str) -> None:
        """Take from where they are now the names that ``old_module`` had, used here bare."""
        for name, uses in sorted(self.names.free.items()):
            new = self.renames.symbols.get(f"{old_module}:{name}")
            if new is None:
                continue
            module, _, symbol = new.partition(":")
            if module != self.new_module:
                follows = self.source.style.follows and name not in self.local_names
                taken = not follows or symbol in self.names.identifiers
                self.added.append(Import(module, symbol, name if taken else symbol))
                if taken or symbol == name:
                    continue
            for use in uses:
                self.uses.edit(use, name, [], symbol, [])

    def decide_locked(self, bindings: list[Binding], uses: list[Use]) -> None:
        """A name bound in several ways keeps its name; uses change only if all agree."""
        plans: list[list[list[str] | None]] = []
        for binding in bindings:
            origin = self.origin(binding)
            if origin.name is not None:
                new = new_reference(self.renames, origin)
                if new is not None and new.name is not None:
                    self.want(binding, [Import(new.module, new.name, binding.local)])
                elif origin.module in self.renames.known:
                    self.left(str(origin), binding.statement)
                continue
            groups = self.group_uses(origin.module, uses, binding.statement)
            home = self.renames.modules.get(origin.module)
            if len(groups) > 1:
                self.findings.append(
                    Finding(
                        f"{binding.local} is bound more than once and its uses part: "
                        + ", ".join(sorted(groups)),
                        binding.statement.lineno,
                    )
                )
            elif groups:
                home = next(iter(groups))
                if home == origin.module:
                    home = None
            else:
                home = home or self.renames.only_home.get(origin.module)
            if home is None:
                self.report_module([binding], origin.module)
                continue
            self.want(binding, [self.import_like(binding, home, binding.local)])
            planned = {id(use): path for group in groups.values() for use, path in group.uses}
            plans.append([planned.get(id(use)) for use in uses])
        for index, use in enumerate(uses):
            paths = {tuple(plan[index] or use.path) for plan in plans}
            if len(paths) == 1:
                self.uses.edit(use, use.name.id, list(use.path), use.name.id, list(paths.pop()))
            elif paths:
                self.findings.append(
                    Finding(f"{use.name.id} has several meanings here", use.name.lineno)
                )

    def decide_root(self, scope: Scope, bindings: list[Binding], uses: list[Use]) -> None:
        """``import a.b.c``: uses are full dotted names, every module used must be imported."""
        root = bindings[0].local
        chains, stay = self.chains_from(root, uses)
        too_long = {
            chain.new.module
            for chain in chains
            if self.uses.is_too_long(chain.use, chain.new.module, chain.path)
        }
        aliases: list[Import] = []
        needed: dict[str, set[str]] = {}  # new modules, and what they were
        for chain in chains:
            module = chain.new.module
            if module in too_long:
                local, entry = self.local_for(module, bindings[0], aliases)
                inner = []
                if entry is not None:
                    aliases.append(entry)
            else:
                local, *inner = module.split(".")
                needed.setdefault(module, set()).add(chain.old.module)
            self.uses.edit(chain.use, root, list(chain.use.path), local, [*inner, *chain.path])
        leaves = bool(chains) and not stay
        wants: list[list[Import]] = []
        for binding in bindings:
            full = binding.alias.name
            home = self.renames.modules.get(full) or self.renames.only_home.get(full)
            if home in too_long and home not in needed and not stay:
                wants.append([])  # an alias is imported instead
            elif home is not None and (full != root or not leaves):
                wants.append([Import(home, None, home.partition(".")[0])])
            elif leaves and (full == root or self.is_used(full, uses)):
                wants.append([])
            else:
                self.report_module([binding], full)
                wants.append([Import(full, None, root)])
        self.import_needed(needed, bindings, wants)
        wants[0] += aliases
        for binding, entries in zip(bindings, wants, strict=True):
            self.want(binding, entries)
        for new_root in sorted({module.partition(".")[0] for module in needed} - {root}):
            if new_root in scope.others or new_root in scope.imports:
                self.findings.append(
                    Finding(
                        f"{new_root} is bound to something else here", bindings[0].statement.lineno
                    )
                )

    def chains_from(self, root: str, uses: Sequence[Use]) -> tuple[list[_Chain], bool]:
        """The full dotted names below ``root`` that change, and whether others stay."""
        chains: list[_Chain] = []
        stay = False
        for use in uses:
            old, string = self.reference(root, use)
            new = new_reference(self.renames, old)
            if new is None:
                if old.name is None and old.module in self.renames.only_home:
                    new = Reference(self.renames.only_home[old.module], None, old.used)
                elif self.renames.is_unloaded(old.module):
                    new = old
                else:
                    stay = True
                    if use.path or root in self.renames.known:
                        self.left(str(old), use.name)
                    continue
            path = list(use.path[old.used :])
            if new.name is not None and string is None:
                path.insert(0, new.name)
            elif string is not None and new.name not in (None, old.name):
                self.uses.edit_string(string, str(new.name))
            chains.append(_Chain(use, old, new, path))
        return chains, stay

    def import_needed(
        self,
        needed: Mapping[str, set[str]],
        bindings: Sequence[Binding],
        wants: Sequence[list[Import]],
    ) -> None:
        """Add to ``wants`` of the ``bindings`` the modules that full dotted names need now."""
        root = bindings[0].local
        loaded = {entry.loads for entries in wants for entry in entries}
        for module in sorted(needed):
            new_root = module.partition(".")[0]
            if any(name == module or name.startswith(f"{module}.") for name in loaded):
                continue
            bound = any(entry.local == new_root for entries in wants for entry in entries)
            given = any(binding.alias.name in needed[module] for binding in bindings)
            if bound and not given and not self.renames.is_unloaded(module):
                continue  # the name is bound, and the old statements gave no more than that
            plain = any(binding.alias.name == root for binding in bindings)
            named = new_root if plain and self.loads_elsewhere(module) else module
            entry = Import(named, None, new_root)
            free = next((entries for entries in wants if not entries), wants[0])
            if entry not in free:
                free.append(entry)
            loaded.add(named)

    def is_used(self, module: str, uses: Sequence[Use]) -> bool:
        return any(
            self.reference(module.partition(".")[0], use)[0].module == module for use in uses
        )

    def loads_elsewhere(self, module: str) -> bool:
        """Whether a from-import of the file, as it will be, loads ``module``."""
        for binding in self.names.bindings:
            if binding.module is None or binding.scope.kind != "module":
                continue
            origin = self.origin(binding) if self.is_ours(binding) else None
            if origin is not None:
                new = new_reference(self.renames, origin) or origin
                if module in (new.module, f"{new.module}.{new.name}"):
                    return True
            elif module in (binding.module, f"{binding.module}.{binding.alias.name}"):
                return True
        return False

    # Edit.

    def star_homes(self) -> dict[ImportStatement, str]:
        """The modules whose names star imports are to take, where that changes."""
        homes: dict[ImportStatement, str] = {}
        for star in self.names.stars:
            module, statement = star.module or "", star.statement
            assert isinstance(statement, ast.ImportFrom)
            if module.partition(".")[0] not in self.renames.roots:
                continue
            home = self.renames.modules.get(module) or self.renames.only_home.get(module)
            if home is None:
                if self.mentions_symbols(module) and module not in self.renames.staying:
                    self.findings.append(
                        Finding(f"star import of {module}, whose names part", statement.lineno)
                    )
                elif module in self.renames.known:
                    self.left(module, statement)
                home = module
            if home != absolute_module(statement, self.new_module, self.new_is_package):
                homes[statement] = home
        return homes

    def edit_exported(self) -> None:
        for node in self.names.exported:
            new_name = self.local_names.get(str(node.value))
            if new_name is not None:
                self.uses.edit_string(node, new_name)

    def report_through_objects(self) -> None:
        """``self.db.models``: the attribute may be the module that hands on the names now."""
        for package, home in self.renames.reexports.items():
            last, inner = package.rpartition(".")[2], f"{package}."
            below = {name[len(inner) :] for name in self.renames.known if name.startswith(inner)}
            for use in self.names.of_objects:
                for value, child in itertools.pairwise(use.path):
                    if value == last and child in below:
                        message = (
                            f"{value}.{child} of an object: if {value} is {home} now, it has none"
                        )
                        self.findings.append(Finding(message, use.name.lineno))

    def report_long_lines(self, content: bytes) -> None:
        old, length = set(self.source.utf8.splitlines()), self.source.style.line_length
        for number, line in enumerate(content.splitlines(), 1):
            if len(line) > length and line not in old and len(line.decode()) > length:
                self.findings.append(Finding("line became too long (after the change)", number))
