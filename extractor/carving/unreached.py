"""What nothing reaches in the finished package: proposed always, dropped where the plan says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from extractor.analysis.dead_code import Unreached, find_unreached
from extractor.analysis.import_effects import ImportEffects
from extractor.analysis.links import with_links_read
from extractor.analysis.resolver import Resolver, modules_of
from extractor.analysis.symbols import Symbol
from extractor.analysis.unread_options import unread_options
from extractor.analysis.used_by_rest import Rest
from extractor.carving.extraction import Extraction, Step, is_package, python_files, source_file
from extractor.errors import UsageError
from extractor.outcome import Failed, Finding, Rewritten
from extractor.plan.alive import alive_by_plan, tests_of_result
from extractor.project.facts import project_of
from extractor.project.layout import module_of
from extractor.rewrites import drop_definitions, drop_options, remove_unused_imports
from extractor.rewrites.driver import run_on
from extractor.source.tree import MemoryTree

# Dropping one thing can leave another unreached; more rounds than this means a bug.
_ROUNDS = 10


@dataclass
class _Pass:
    """What the rounds have in common; ``kept``: what the source's rest uses, with where."""

    extraction: Extraction
    rest: Rest
    effects: ImportEffects
    kept: dict[str, str] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def acts(self, path: str, one: remove_unused_imports.UnusedImport) -> bool:
        """Whether what is imported does something then, which is remembered for the record."""
        line = self.effects.line(one.whole)
        if line:
            why = f"{one.whole} is imported for what it does in line {line}, and it stays behind"
            self.failures.append(
                (path, f"line {one.line}: {why}: carry it, or take the import away")
            )
        return bool(line)

    def unreached(self) -> list[Unreached]:
        """What nothing reaches now, neither here nor in the rest of the source."""
        plan = self.extraction.plan.data
        tree = self.extraction.code()
        modules = modules_of(tree, self.extraction.tops())
        alive = alive_by_plan(plan, tree, modules)
        entries = {*alive.entry_points, *_entry_points_of_source(self.extraction)}
        while True:
            now = replace(
                alive, entry_points=sorted({*entries, *self.kept}), words=frozenset(self.methods)
            )
            found = [
                u for u in find_unreached(tree, modules, now) if not plan.drop.keeps(u.subject)
            ]
            if not self._learn(found):
                return found

    def _learn(self, found: list[Unreached]) -> bool:
        """Ask what of ``found`` the rest of the source uses; whether something of it does."""
        before = {new: old for old, new in self.extraction.layout.moved.modules.items()}
        asked = {Symbol(before[one.module], one.name): one for one in found if one.module in before}
        used = self.rest.uses_of(asked)
        for symbol, place in used.symbols.items():
            self.kept.setdefault(asked[symbol].subject, place)
        for symbol, one in asked.items():
            method = symbol.name.rpartition(".")[2] if "." in symbol.name else ""
            if method in used.methods:
                self.kept.setdefault(one.subject, used.methods[method])
                self.methods.setdefault(method, used.methods[method])
        return bool(used.symbols or used.methods)


def drop_unreached(extraction: Extraction) -> None:
    """Propose what nothing reaches; drop what the plan takes of it, and imports left by that."""
    before = dict(extraction.files)
    source = with_links_read(extraction.source)
    modules = modules_of(source, extraction.plan.data.tops())
    rest = Rest(source, modules, extraction.layout.moved.modules)
    work = _Pass(extraction, rest, ImportEffects(Resolver(source, modules)))
    for _ in range(_ROUNDS):
        changed = _drop_imports(work, before)
        changed = _drop_options(work) or changed
        proposed = work.unreached()
        changed = _drop_definitions(work, proposed) or changed
        if not changed:
            break
    _require_some_left(extraction, before)
    extraction.proposed = [one for one in proposed if one.path in extraction.files]
    extraction.kept = dict(sorted(work.kept.items()))
    changes: dict[str, bytes | None] = {
        path: extraction.files.get(path)
        for path in sorted({*before, *extraction.files})
        if before.get(path) != extraction.files.get(path)
    }
    extraction.apply(
        Step(
            "drop_unreached",
            "Drop what nothing reaches any more",
            "Imports and definitions whose last user was left behind.",
            changes,
            tuple(work.findings),
            tuple(work.failures),
            "done" if changes else "nothing to do",
        )
    )


def _drop_imports(work: _Pass, before: Mapping[str, bytes]) -> bool:
    """Unused imports: all where the plan drops all, else those that lost their user here."""
    extraction = work.extraction
    changed = False
    for path in python_files(extraction):
        content = extraction.files[path]
        all_go = extraction.plan.data.drop.all
        names = None if all_go else _lost_users(work, path, content)
        settings = remove_unused_imports.Settings(names)
        outcome = run_on("remove_unused_imports", source_file(extraction, path), settings)
        if isinstance(outcome, Rewritten):
            extraction.files[path] = outcome.content
            changed = True
    return changed


def _lost_users(work: _Pass, path: str, content: bytes) -> frozenset[str]:
    """Local names of imports that the steps made unused, or that lead to what stays behind.

    What is imported for what it does then is none: that it stays behind is to be seen.
    """
    extraction = work.extraction
    original = extraction.mapped.get(path)
    if original == content and extraction.old_word not in content:
        return frozenset()
    unused = remove_unused_imports.unused_imports(content, path)
    if not unused:
        return frozenset()
    before: set[str] = set()
    # A slice has whole import statements, whatever it needs of them.
    if original is not None and path not in extraction.sliced:
        renamed = extraction.layout.moved.modules
        before = {
            renamed.get(one.whole, one.whole) if one.is_plain else one.local
            for one in remove_unused_imports.unused_imports(original, path)
        }
    tops = extraction.plan.data.tops()
    going: set[str] = set()
    staying: set[str] = set()
    for one in unused:
        stays_behind = not _may_be_for_users(one, path) and one.module.partition(".")[0] in tops
        known = one.local in before or (one.is_plain and one.whole in before)
        goes = not known or stays_behind
        (going if goes and not work.acts(path, one) else staying).add(one.local)
    # Several imports may bind one name: ``import a.b`` and ``import a.c``.
    return frozenset(going - staying)


def _may_be_for_users(one: remove_unused_imports.UnusedImport, path: str) -> bool:
    """Whether a package may import a name for others to take it from there."""
    return is_package(path) and not one.is_plain and not one.local.startswith("_")


def _drop_options(work: _Pass) -> bool:
    """Options that nothing reads: proposed like definitions, and dropped like them."""
    extraction = work.extraction
    drop = extraction.plan.data.drop
    unread: dict[str, set[str]] = {}
    for path, name in unread_options(extraction.code(), extraction.package):
        subject = f"{module_of(path)}:{name}"
        if drop.takes(subject) and not drop.keeps(subject):
            unread.setdefault(path, set()).add(name)
    changed = False
    for path, options in sorted(unread.items()):
        settings = drop_options.Settings(frozenset(options))
        outcome = run_on("drop_options", source_file(extraction, path), settings)
        if isinstance(outcome, Rewritten):
            extraction.files[path] = outcome.content
            changed = True
            work.findings.extend(
                (f"{module_of(path)}:{name}", Finding(f"option {name} is read by nothing"))
                for name in sorted(options)
            )
    return changed


def _drop_definitions(work: _Pass, proposed: list[Unreached]) -> bool:
    """Take out what the plan takes of what is ``proposed``."""
    extraction = work.extraction
    taken = [one for one in proposed if extraction.plan.data.drop.takes(one.subject)]
    names: dict[str, list[Unreached]] = {}
    changed = False
    for one in taken:
        if one.name:
            names.setdefault(one.path, []).append(one)
            continue
        del extraction.files[one.path]
        in_overlay = one.path in extraction.plan.overlay
        reason = "overlay file is not needed here" if in_overlay else one.reason
        work.findings.append((one.subject, Finding(reason)))
        changed = True
    for path, ones in sorted(names.items()):
        symbols = frozenset(f"{module_of(path)}:{one.name}" for one in ones)
        settings = drop_definitions.Settings(symbols, keep_used=True)
        result = run_on("drop_definitions", source_file(extraction, path), settings)
        if isinstance(result, Rewritten):
            extraction.files[path] = result.content
            work.findings.extend((one.subject, Finding(one.reason)) for one in ones)
            changed = True
        elif isinstance(result, Failed):
            work.failures.append((path, result.error))
    return changed


def _entry_points_of_source(extraction: Extraction) -> list[str]:
    """What the source itself declares to be called from outside, as named in the result."""
    moved = extraction.layout.moved.modules
    found = []
    for point in project_of(extraction.source).entry_points:
        target = moved.get(point.module)
        if target is not None:
            found.append(f"{target}:{point.symbol.partition(':')[2]}".rstrip(":"))
    return sorted(found)


def _require_some_left(extraction: Extraction, before: Mapping[str, bytes]) -> None:
    """``UsageError`` where nothing reaches any code: no package was meant to leave empty."""

    def has_code(files: Mapping[str, bytes]) -> bool:
        tree = MemoryTree(files)
        modules = modules_of(tree, {extraction.package})
        of_tests = frozenset().union(*tests_of_result(extraction.plan.data, tree, modules))
        lines = (
            line.strip()
            for name, path in modules.items()
            if name not in of_tests
            for line in files[path].splitlines()
        )
        # A licence is no code.
        return any(line and not line.startswith(b"#") for line in lines)

    if has_code(before) and not has_code(extraction.files):
        raise UsageError(
            f"neither an entry point nor a test reaches any code of {extraction.package}: name in "
            "the plan's roots.entry_points what is called from outside, "
            f'"{extraction.package}" for all of it'
        )
