"""The series, step by step: a tree in, the changes of one commit after another out.

Pure: files are held in memory. What the extraction decided is carried out inside the source:
its map of names leads to the result, and ``homes`` lead from there back inside. Files that are
new come out of the finished extraction, so that extracting from the end of the series gives
what extracting from the source gives.
"""

from __future__ import annotations

import ast
import fnmatch
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from extractor.analysis.resolver import modules_of
from extractor.carving.extraction import Extraction
from extractor.errors import DidNotHold, UsageError
from extractor.in_place import settings_from
from extractor.moves import SliceMove, WholeMove
from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource, parse_ast
from extractor.patterns import limited
from extractor.plan.moves import NameMap, is_below, target_module
from extractor.plan.series import PHASES, Edit, Phase, RewriteCall, Series, SeriesStep
from extractor.project.layout import module_of
from extractor.refactor.removal import Mention, mentions_of_gone
from extractor.rewrites import (
    drop_calls,
    drop_definitions,
    load,
    move_definitions,
    remove_unused_imports,
    rename_references,
)
from extractor.rewrites.driver import failure_text, run_on
from extractor.rewrites.parts.definitions import definitions
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.source_file import SourceFile
from extractor.rewrites.rename_references import Renames
from extractor.source.tree import MemoryTree

Status: TypeAlias = Literal["done", "already done upstream", "matched nothing"]
_WORD = re.compile(rb"[A-Za-z_]\w*")


@dataclass
class Stage:
    """What one step did: ``changes`` maps a path to new bytes, or None if it is gone.

    ``moved`` maps modules, and definitions as ``module:name``, to their new places; ``reports``
    are what rewrites say of files they changed, until an edit deals with the file;
    ``left`` counts the files that went with the subsystem, and their lines of Python.
    """

    number: int
    step: SeriesStep
    changes: dict[str, bytes | None] = field(default_factory=dict)
    rewrites: list[str] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    reports: list[tuple[str, Finding]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    left: tuple[int, int] = (0, 0)
    status: Status = "done"


class Decoupling:
    """The source's tree on its way; ``run`` takes one step after another."""

    def __init__(self, extraction: Extraction, series: Series) -> None:
        self.extraction = extraction
        self.plan = extraction.plan
        self.layout = extraction.layout
        self.series = series
        source = extraction.source
        self.modes = {path: source.entry(path).mode for path in source.paths()}
        self.files = {path: source.read(path) for path in source.paths() if self._is_file(path)}
        self.package = self.plan.data.source_package
        # Old module to where it lives from its step on, and the paths that are the subsystem's.
        self.whole = {old: series.home(new) for old, new in self.layout.moved.modules.items()}
        modules = modules_of(source, self.plan.data.tops())
        self.ours = {modules[old] for old in self.whole}
        self.result = modules_of(extraction.code(), {self.plan.data.target_package})
        # Files that are not there any more, with what was last in them.
        self.gone: dict[str, bytes] = {}
        self.stage = Stage(0, series.step[0])

    def run(self, until: Phase) -> Iterable[Stage]:
        """Every step up to the end of phase ``until``; a stage is complete when it is given."""
        wanted = PHASES[: PHASES.index(until) + 1]
        for number, step in enumerate(self.series.step, 1):
            if step.phase in wanted:
                self.stage = Stage(number, step)
                self._take(step)
                self.stage.rewrites = list(dict.fromkeys(self.stage.rewrites))
                yield self.stage

    def tree(self) -> MemoryTree:
        """The tree as it stands."""
        return MemoryTree(self.files, self.modes)

    def mentions(self) -> list[Mention]:
        """Lines that name what is gone, as the tree stands."""
        now, lost = (
            {module_of(path) for path in paths if self._is_module(path)}
            for paths in (self.files, self.gone)
        )
        return mentions_of_gone(self.files, modules=lost - now, known=now | lost, gone=self.gone)

    def _is_module(self, path: str) -> bool:
        return path.endswith(".py") and path.startswith(f"{self.package}/")

    def _is_file(self, path: str) -> bool:
        return self.modes[path] in ("100644", "100755")

    def _take(self, step: SeriesStep) -> None:
        before = dict(self.files)
        self._edit(step.first)
        first, told = dict(self.stage.changes), len(self.stage.findings)
        for call in step.rewrite:
            self._rewrite(call)
        for module in step.share:
            self._share(module)
        for module in step.own:
            self._own(module, keep=module in step.keep)
        self._move(step.move)
        for subject in step.cut:
            self._cut(subject)
        for subject in step.replace:
            self._replace(subject)
        for module in step.bring:
            if module in self.result:
                self._bring(module)
        self._retain(step.retain)
        self._relocate(step.relocate)
        self._outside(step.outside)
        for path in step.add:
            self._add(path)
        self._leave(step.follow, step.leave)
        if self.stage.changes == first and _decides(step):
            # What only prepares for it is not worth a commit that says it did something.
            self.files.update({path: before[path] for path in first})
            self.stage.changes.clear()
            self.stage.rewrites.clear()
            self.stage.moved.clear()
            del self.stage.findings[:told]
            self.stage.status = "already done upstream"
            return
        self._edit(step.edit)
        if not self.stage.changes:
            self.stage.status = "already done upstream"

    # What steps are made of.

    def _rewrite(self, call: RewriteCall, spared: Collection[str] = ()) -> None:
        """A registered rewrite over every file it can read but the ``spared``."""
        try:
            rewrite = load(call.name)
        except KeyError:
            raise UsageError(
                f"series: {self.stage.step.title}: there is no rewrite {call.name!r}"
            ) from None
        modules = modules_of(self.tree(), {self.package})
        given = settings_from(rewrite, call.settings)
        project = Project(modules, self.files.__getitem__)
        try:
            settings = rewrite.prepare(given, project)
        except (DidNotHold, UsageError) as error:
            self.stage.findings.append((call.name, Finding(str(error))))
            return
        created: Mapping[str, str] = getattr(settings, "creates", {})
        for path in sorted({*self.files, *created}):
            if path.endswith(rewrite.suffixes) and path not in spared:
                content = self.files.get(path, b"")
                outcome = run_on(rewrite, _file(path, content), settings)
                self._take_outcome(rewrite.name, path, outcome)
                if isinstance(outcome, Rewritten):
                    if isinstance(settings, move_definitions.Settings):
                        self.stage.moved |= settings.symbols
                    self.stage.reports += [(path, finding) for finding in outcome.findings]

    def _share(self, module: str) -> None:
        found = self._slice_of(module)
        if found is None:
            return
        path, names, target = found
        home = self.series.home(target)
        self._bring(target)
        content = self._drop(path, names, keep_used=False)
        symbols = {f"{module}:{name}": f"{home}:{name}" for name in names}
        self._rename(NameMap({}, symbols), self._naming(names), staying={module})
        # Whatever else of it leads elsewhere concerns the subsystem only.
        self._rename(self._carried(module, target), self.ours)
        self._drop_imports(path, content)

    def _own(self, module: str, *, keep: bool) -> None:
        found = self._slice_of(module)
        if found is None:
            return
        path, names, target = found
        self._bring(target)
        self._rename(self._carried(module, target), self.ours)
        unused = frozenset() if keep else self._used_by_nobody(module, path, names)
        if unused:
            content = self._drop(path, unused, keep_used=True)
            self._drop_imports(path, content)

    def _move(self, modules: Collection[str]) -> None:
        self._relocate(
            {old: new for old, new in self.whole.items() if old != new and is_below(old, modules)}
        )

    def _relocate(self, places: Mapping[str, str]) -> None:
        """Whole modules go to other places, and whoever names them follows."""
        homes = {old: new for old, new in places.items() if _find(self.files, old)}
        if not homes:
            return
        renames = self._renames(NameMap(homes, {}))
        for old, new in homes.items():
            before = _find(self.files, old)
            assert before is not None
            after = _path(new, is_package=before.endswith("/__init__.py"))
            outcome = self._renamed(renames, before, old, after)
            content, mode = self.files[before], self.modes[before]
            self._put(before, None)
            self._parents(after)
            self._put(after, content)
            self.modes[after] = self.stage.modes[after] = mode
            self._take_outcome("rename_references", after, outcome)
            if before in self.ours:
                self.ours.remove(before)
                self.ours.add(after)
        self._rename(NameMap(homes, {}), self._texts())
        self.stage.moved |= homes

    def _cut(self, subject: str) -> None:
        for path in sorted(self.ours & self.files.keys()):
            before = self.files[path]
            settings = drop_calls.Settings(frozenset([subject]))
            outcome = run_on("drop_calls", _file(path, before), settings)
            self._take_outcome("drop_calls", path, outcome)
            self._drop_imports(path, before)

    def _replace(self, subject: str) -> None:
        found = next((n for rule, n in self.layout.replaced if rule.subject == subject), None)
        if found is None:
            return
        rule = next(rule for rule in self.plan.data.replace if rule.subject == subject)
        wanted = {new.partition(":")[0] for new in found.symbols.values()}
        for module in sorted({*wanted, rule.with_.partition(":")[0]}):
            if module in self.result:
                self._bring(module)
        self._rename(self._at_home(found), self.ours)

    def _edit(self, rules: Sequence[Edit]) -> None:
        for rule in rules:
            # Who says where a change is not wanted does without a file that is not there.
            paths = [p for p in sorted(self.files) if fnmatch.fnmatchcase(p, rule.files)]
            matched = bool(rule.unless) and not paths
            needless = limited(rule.unless.encode("utf-8")) if rule.unless else None
            pattern = limited(rule.old.encode("utf-8"))
            for path in paths:
                if needless is not None and needless.search(self.files[path]):
                    matched = True
                    continue
                content = pattern.sub(rule.new.encode("utf-8"), self.files[path])
                if content != self.files[path]:
                    matched = True
                    self._put(path, content)
                    self.stage.rewrites.append("replace_texts")
                    # A person has said what becomes of what no rewrite could settle.
                    self.stage.failures = [f for f in self.stage.failures if f[0] != path]
                    self.stage.reports = [f for f in self.stage.reports if f[0] != path]
            if not matched:
                message = f"{rule.old!r} is not found here, so nothing was changed"
                self.stage.findings.append((rule.files, Finding(message)))

    # What the second phase is made of.

    def _retain(self, symbols: Mapping[str, str]) -> None:
        """The rest gets its own copies; the subsystem's files stay as they are."""
        wanted = {
            old: new
            for old, new in symbols.items()
            if _find(self.files, old.partition(":")[0]) and not self._has(new)
        }
        if wanted:
            call = RewriteCall(name="move_definitions", settings={"symbols": wanted})
            self._rewrite(call, spared=self.ours)

    def _has(self, symbol: str) -> bool:
        module, _, name = symbol.partition(":")
        path = _find(self.files, module)
        if path is None:
            return False
        text, _ = parse_ast(self.files[path], path)
        return name in definitions(text)

    def _outside(self, patterns: Collection[str]) -> None:
        """Files of the rest name the subsystem's modules as the result has them."""
        roots = self.plan.data.roots
        going = {
            home: module
            for home, module in self._homes().items()
            if is_below(home, [*roots.packages, *roots.tests])
        }
        paths = [p for p in self._texts() if p not in self.ours and _matches(p, patterns)]
        self._rename(NameMap(going, {}), paths)

    def _add(self, path: str) -> None:
        content = self.plan.inside[path]
        there = self.files.get(path)
        if there is None:
            self._put(path, content)
        elif there != content:
            finding = Finding("exists already and differs from the plan's: one of them is wrong")
            self.stage.findings.append((path, finding))

    def _leave(self, followers: Collection[str], others: Collection[str]) -> None:
        """Files go: ``followers`` that the result has, and all of ``others``."""
        moved = {move.source for move in self.layout.moves if isinstance(move, WholeMove)}
        taken = self.ours | moved
        for path in sorted(self.modes):
            if _matches(path, others):
                if path not in taken:
                    finding = Finding("leaves, but the result does not have it")
                    self.stage.findings.append((path, finding))
            elif path not in taken or not _matches(path, followers):
                continue
            lines = self.files.get(path, b"").count(b"\n") if path.endswith(".py") else 0
            self.stage.left = (self.stage.left[0] + 1, self.stage.left[1] + lines)
            self.ours.discard(path)
            self._put(path, None)

    # Files that come in.

    def _bring(self, module: str) -> None:
        """``module`` of the result and all it imports of the result come to where they live."""
        path = self.result.get(module)
        if path is None:
            return
        home = self.series.home(module)
        target = _path(home, is_package=path.endswith("/__init__.py"))
        if target in self.files:
            return
        pending = [old for old, new in self.whole.items() if new == home]
        if pending:
            raise UsageError(
                f"series: {self.stage.step.title}: {module} is needed, but {pending[0]} has not "
                "moved yet: let it move in an earlier step"
            )
        content = self._inside(module, self.extraction.files[path])
        self.ours.add(target)
        self._parents(target)
        self._put(target, content)
        self.stage.rewrites.append("replace_by_overlay")
        for needed in _imported(content, home, self._homes()):
            self._bring(needed)

    def _inside(self, module: str, content: bytes) -> bytes:
        """A file of the result as it reads while it is inside the source."""
        renames = Renames(
            modules={m: self.series.home(m) for m in self.result},
            known_modules=frozenset(self.result),
        )
        path = self.result[module]
        for rule in self.series.texts:
            content = rule.applied(path, content)
        home = self.series.home(module)
        file = SourceFile(path, content, module, path.endswith("/__init__.py"), home)
        outcome = run_on("rename_references", file, renames)
        if isinstance(outcome, Failed):
            self.stage.failures.append((path, outcome.error))
        elif isinstance(outcome, Rewritten):
            content = outcome.content
        return content

    def _homes(self) -> dict[str, str]:
        return {self.series.home(module): module for module in self.result}

    def _parents(self, path: str) -> None:
        """Every folder above a module is a package: the result's own one, or an empty one."""
        parts = path.split("/")[:-1]
        for end in range(1, len(parts) + 1):
            marker = "/".join([*parts[:end], "__init__.py"])
            if marker in self.files:
                continue
            module = self._homes().get(".".join(parts[:end]))
            content = b""
            if module is not None:
                content = self._inside(module, self.extraction.files[self.result[module]])
                self.ours.add(marker)
            self._put(marker, content)

    # Names.

    def _slice_of(self, module: str) -> tuple[str, frozenset[str], str] | None:
        """Path, carried symbols and target of a module that goes over in part."""
        target = target_module(module, self.plan.data.layout.modules)
        if target is None:
            raise UsageError(f"series: the plan's layout has no place for {module}")
        for move in self.layout.moves:
            if isinstance(move, SliceMove) and module_of(move.source) == module:
                return move.source, move.symbols, target
        return None

    def _carried(self, module: str, target: str) -> NameMap:
        carried = self.layout.carried
        return self._at_home(
            NameMap(
                {old: new for old, new in carried.modules.items() if old == module},
                {
                    old: new
                    for old, new in carried.symbols.items()
                    if old.startswith(f"{module}:") or new.startswith(f"{target}:")
                },
            )
        )

    def _at_home(self, names: NameMap) -> NameMap:
        """A map that leads to the result, led back inside."""

        def home(module: str) -> str:
            ours = module in self.result or is_below(module, [self.plan.data.target_package])
            return self.series.home(module) if ours else module

        symbols = {}
        for old, new in names.symbols.items():
            module, _, name = new.partition(":")
            symbols[old] = f"{home(module)}:{name}"
        return NameMap({old: home(new) for old, new in names.modules.items()}, symbols)

    def _used_by_nobody(self, module: str, path: str, names: Collection[str]) -> frozenset[str]:
        """Those of ``names`` that no file but ``path`` and the subsystem's own mentions."""
        last = module.rpartition(".")[2].encode()
        waiting = set(names)
        for other in self._naming(names):
            if other == path or other in self.ours or last not in self.files[other]:
                continue
            words = set(_WORD.findall(self.files[other]))
            for name in sorted(waiting):
                if name.encode() in words and self._mentions(other, f"{module}:{name}"):
                    waiting.discard(name)
        return frozenset(waiting)

    def _mentions(self, path: str, symbol: str) -> bool:
        renames = self._renames(NameMap({}, {symbol: f"{symbol}_"}), {symbol.partition(":")[0]})
        outcome = self._renamed(renames, path, module_of(path), path)
        return not isinstance(outcome, Unchanged)

    def _naming(self, names: Collection[str]) -> list[str]:
        """Text files in which one of ``names`` occurs as a word."""
        words = "|".join(re.escape(name) for name in sorted(names))
        pattern = re.compile(rf"\b(?:{words})\b".encode())
        return [path for path in self._texts() if pattern.search(self.files[path])]

    def _texts(self) -> list[str]:
        return [p for p, content in sorted(self.files.items()) if b"\0" not in content[:8000]]

    def _rename(self, names: NameMap, paths: Iterable[str], staying: Collection[str] = ()) -> None:
        """References in ``paths`` follow ``names``; ``staying`` modules lose only those names."""
        renames = self._renames(names, staying)
        if names:
            for path in sorted(paths):
                if path in self.files:
                    outcome = self._renamed(renames, path, module_of(path), path)
                    self._take_outcome("rename_references", path, outcome)

    def _renamed(self, renames: Renames, path: str, module: str, new_path: str) -> Outcome:
        if not path.endswith(rename_references.SUFFIXES):
            return Unchanged()
        is_package = path.endswith("/__init__.py")
        file = SourceFile(path, self.files[path], module, is_package, module_of(new_path))
        return run_on("rename_references", file, renames)

    def _renames(self, names: NameMap, staying: Collection[str] = ()) -> Renames:
        return Renames(
            modules=names.modules,
            symbols=names.symbols,
            known_modules=self.layout.source_modules | {module_of(p) for p in self.ours},
            staying=frozenset(staying),
            # A library may take the place of a module.
            libraries=frozenset(
                new.partition(":")[0].partition(".")[0]
                for new in [*names.modules.values(), *names.symbols.values()]
            )
            - {self.package},
        )

    # Small things.

    def _drop(self, path: str, names: Collection[str], *, keep_used: bool) -> bytes:
        before = self.files[path]
        symbols = frozenset(f"{module_of(path)}:{name}" for name in names)
        settings = drop_definitions.Settings(symbols, report_used=False, keep_used=keep_used)
        outcome = run_on("drop_definitions", _file(path, before), settings)
        self._take_outcome("drop_definitions", path, outcome)
        return before

    def _drop_imports(self, path: str, before: bytes) -> None:
        """Imports whose last user went since ``before``; others are none of our business."""
        after = self.files[path]
        if after == before:
            return
        lines = set(after.splitlines())
        gone = {
            word.decode()
            for line in before.splitlines()
            if line not in lines
            for word in _WORD.findall(line)
        }
        settings = remove_unused_imports.Settings(frozenset(gone))
        outcome = run_on("remove_unused_imports", _file(path, after), settings)
        self._take_outcome("remove_unused_imports", path, outcome)

    def _take_outcome(self, rewrite: str, path: str, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self.stage.failures.append((path, failure_text(outcome)))
        elif isinstance(outcome, Rewritten):
            self._put(path, outcome.content)
            self.stage.rewrites.append(rewrite)

    def _put(self, path: str, content: bytes | None) -> None:
        self.stage.changes[path] = content
        if content is None:
            self.gone[path] = self.files.pop(path, b"")
            self.modes.pop(path, None)
        else:
            self.gone.pop(path, None)
            self.files[path] = content
            self.modes.setdefault(path, "100644")


# Private functions


def _decides(step: SeriesStep) -> bool:
    """Whether the step carries out something besides edits."""
    return bool(
        step.rewrite
        or step.share
        or step.own
        or step.move
        or step.cut
        or step.replace
        or step.bring
        or step.retain
        or step.relocate
        or step.outside
        or step.add
        or step.follow
        or step.leave
    )


def _file(path: str, content: bytes) -> SourceFile:
    return SourceFile(path, content, module_of(path), path.endswith("/__init__.py"))


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _path(module: str, *, is_package: bool = False) -> str:
    return module.replace(".", "/") + ("/__init__.py" if is_package else ".py")


def _find(files: Mapping[str, bytes], module: str) -> str | None:
    for is_package in (False, True):
        path = _path(module, is_package=is_package)
        if path in files:
            return path
    return None


def _imported(content: bytes, module: str, homes: Mapping[str, str]) -> list[str]:
    """Modules of the result that a file inside imports, by their names in the result."""
    try:
        tree, _ = parse_ast(content, module)
    except UnreadableSource:
        return []
    named: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named.add(node.module)
            named.update(f"{node.module}.{alias.name}" for alias in node.names)
    return sorted(homes[name] for name in named & homes.keys())
