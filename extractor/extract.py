"""The rewrites of one extraction, in order: a mapped tree in, one step after another out.

Pure: files are held in memory. Each step becomes one commit of the result; what it found and
what it did not match is kept for the manifest.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from extractor.analysis.dead_code import find_dead_code
from extractor.analysis.modules import module_of
from extractor.analysis.symbols import Reach, Resolver, modules_of
from extractor.analysis.unread_options import unread_options
from extractor.errors import UsageError
from extractor.moves import SliceMove, WholeMove, moves_by_target
from extractor.outcome import Failed, Finding, Outcome, Rewritten, Skipped, Unchanged
from extractor.parsing import UnreadableSource
from extractor.plan.load import Plan
from extractor.plan.model import Replace
from extractor.plan.moves import Layout, NameMap
from extractor.rewrites import (
    drop_calls,
    drop_definitions,
    drop_options,
    packaging,
    remove_unused_imports,
    rename_references,
    replace_definition,
    replace_strings,
    write_initial_migration,
)
from extractor.rewrites.rename_references import Renames
from extractor.slicing import join_slices, slice_module
from extractor.source.tree import REGULAR, MemoryTree, Tree

# Dropping one thing can leave another unreached; more rounds than this means a bug.
_ROUNDS = 10


@dataclass(frozen=True)
class Step:
    """One rewrite over the whole tree: ``changes`` maps a path to new bytes, or None if gone."""

    name: str
    title: str
    reason: str
    changes: Mapping[str, bytes | None]
    findings: tuple[tuple[str, Finding], ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    status: str = "done"

    def message(self) -> str:
        """The commit message of the step."""
        count = len(self.changes)
        files = "1 file" if count == 1 else f"{count} files"
        return f"{self.title}\n\n{self.reason}\n\nRewrite: {self.name} ({files})\n"


@dataclass
class Extraction:
    """The tree as it stands, and the steps that brought it there."""

    plan: Plan
    layout: Layout
    reach: Reach
    source: Tree
    files: dict[str, bytes]
    modes: dict[str, str]
    described: str = ""
    steps: list[Step] = field(default_factory=list)

    @property
    def package(self) -> str:
        return self.plan.data.target_package.split(".")[0]

    @property
    def old_package(self) -> str:
        return self.plan.data.source_package

    def tree(self) -> MemoryTree:
        return MemoryTree(self.files, self.modes)

    def apply(self, step: Step) -> None:
        """Carry out a step and remember it."""
        for path, content in step.changes.items():
            if content is None:
                self.files.pop(path, None)
                self.modes.pop(path, None)
            else:
                self.files[path] = content
        self.steps.append(step)


def mapped_tree(source: Tree, layout: Layout) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files of the result before any rewrite, and their modes.

    Whole files are the source's bytes; a target of several slices is their lines in the order
    of the moves.
    """
    files: dict[str, bytes] = {}
    modes: dict[str, str] = {}
    for target, moves in moves_by_target(layout.moves).items():
        parts = [
            slice_module(source.read(m.source), m.symbols)
            if isinstance(m, SliceMove)
            else source.read(m.source)
            for m in moves
        ]
        files[target] = join_slices(parts) if len(parts) > 1 else parts[0]
        mode = source.entry(moves[0].source).mode
        if mode != REGULAR and isinstance(moves[0], WholeMove):
            modes[target] = mode
    return files, modes


def rewrite_all(extraction: Extraction) -> None:
    """Every step, in the order in which they become commits."""
    _drop_cut_calls(extraction)
    _rename(
        extraction,
        extraction.layout.moved,
        "Move modules to the new package",
        "The modules of the subsystem and of its tests live under a package of their own; every "
        "reference to them follows: imports, attribute chains and names in strings.",
        as_written=True,
    )
    _rename(
        extraction,
        extraction.layout.carried,
        "Take carried symbols from their new modules",
        "Symbols that the subsystem shared with the old package came along in modules of their "
        "own; re-exported ones come from where they are defined.",
    )
    for decision, names in extraction.layout.replaced:
        _replace(extraction, decision, names)
    _add_overlay(extraction)
    _rewrite_texts(extraction)
    _rename_strings(extraction)
    _mark_packages(extraction)
    _drop_unreached(extraction)
    _write_migration(extraction)
    _mark_packages(extraction)
    _package(extraction)
    _report_left(extraction)


def _report_left(extraction: Extraction) -> None:
    """Whatever still names a module of the old package is for a person to look at."""
    nothing = Renames(known_modules=extraction.layout.source_modules)
    findings: list[tuple[str, Finding]] = []
    for path, content in sorted(extraction.files.items()):
        if not _is_text(content):
            continue
        outcome = _renamed(path, content, nothing, {}, as_written=False)
        if isinstance(outcome, Rewritten | Unchanged):
            lines = content.decode("utf-8", "replace").splitlines()
            findings.extend(
                (path, found)
                for found in outcome.findings
                if not _explained(extraction, path, lines[found.line - 1] if found.line else "")
            )
    extraction.apply(Step("rename_references", "Look for what is left", "", {}, tuple(findings)))


def _explained(extraction: Extraction, path: str, line: str) -> bool:
    """Whether a rule of the plan says why the old word stays on this line."""
    return any(
        fnmatch.fnmatchcase(path, rule.files) and re.search(rule.pattern, line)
        for rule in extraction.plan.data.words
    )


def _python(extraction: Extraction) -> Iterable[str]:
    return [path for path in sorted(extraction.files) if path.endswith(".py")]


def _each(
    extraction: Extraction,
    paths: Iterable[str],
    rewrite: Callable[[str, bytes], Outcome],
) -> tuple[dict[str, bytes | None], tuple[tuple[str, Finding], ...], tuple[tuple[str, str], ...]]:
    """Run a file's rewrite over ``paths`` and sort the outcomes."""
    changes: dict[str, bytes | None] = {}
    findings: list[tuple[str, Finding]] = []
    failures: list[tuple[str, str]] = []
    for path in paths:
        outcome = rewrite(path, extraction.files[path])
        match outcome:
            case Rewritten(content, found):
                changes[path] = content
                findings.extend((path, f) for f in found)
            case Failed(error, line):
                failures.append((path, f"{error} (line {line})" if line else error))
            case Skipped():
                pass
            case _:
                findings.extend((path, f) for f in outcome.findings)
    return changes, tuple(findings), tuple(failures)


def _sources_of(layout: Layout) -> dict[str, str]:
    """Path of a module in the result to the one it had in the source."""
    reverse: dict[str, str] = {}
    for move in layout.moves:
        if move.source.endswith(".py"):
            reverse.setdefault(move.target, move.source)
    return reverse


def _renamed(
    path: str, content: bytes, renames: Renames, origin: Mapping[str, str], *, as_written: bool
) -> Outcome:
    """``content`` at ``path`` of the result under new names; ``origin`` has its path before.

    ``as_written``: no step has led its relative imports from there to where it is now.
    """
    if not path.endswith(".py"):
        return rename_references.rewrite_text(content, renames)
    before = origin.get(path, path)
    written = before if as_written else path
    return rename_references.rewrite(
        content,
        module=module_of(written),
        is_package=_is_package(written),
        renames=renames,
        path=path,
        new_module=module_of(path),
        new_is_package=_is_package(path),
        formerly=module_of(before),
    )


def _is_package(path: str) -> bool:
    return path.endswith("/__init__.py")


def _drop_cut_calls(extraction: Extraction) -> None:
    origin = _sources_of(extraction.layout)
    for cut in extraction.plan.data.cut:

        def rewrite(path: str, content: bytes, subject: str = cut.subject) -> Outcome:
            before = origin.get(path, path)
            return drop_calls.rewrite(
                content,
                module=module_of(before),
                is_package=_is_package(before),
                calls=frozenset([subject]),
                path=path,
            )

        changes, findings, failures = _each(extraction, _python(extraction), rewrite)
        status = "done" if changes else _why_nothing(extraction, cut.subject)
        extraction.apply(
            Step(
                "drop_calls",
                f"Do not call {cut.subject}",
                cut.reason,
                changes,
                findings,
                failures,
                status,
            )
        )


def _why_nothing(extraction: Extraction, subject: str) -> str:
    if subject in extraction.reach.stopped:
        return "matched nothing"
    return "already done upstream"


def _rename(
    extraction: Extraction,
    names: NameMap,
    title: str,
    reason: str,
    *,
    extra: Mapping[str, bytes] | None = None,
    rewrite_name: str = "rename_references",
    as_written: bool = False,
) -> None:
    origin = _sources_of(extraction.layout)
    renames = Renames(
        modules=names.modules,
        symbols=names.symbols,
        known_modules=extraction.layout.source_modules,
        report_left=False,
    )

    def rewrite(path: str, content: bytes) -> Outcome:
        return _renamed(path, content, renames, origin, as_written=as_written)

    paths = [p for p in sorted(extraction.files) if _is_text(extraction.files[p])]
    changes, findings, failures = _each(extraction, paths, rewrite)
    for path, content in (extra or {}).items():
        changes[path] = content
    status = "done" if changes else "matched nothing"
    extraction.apply(Step(rewrite_name, title, reason, changes, findings, failures, status))


def _is_text(content: bytes) -> bool:
    return b"\0" not in content[:8000]


def _replace(extraction: Extraction, decision: Replace, names: NameMap) -> None:
    module = decision.with_.partition(":")[0]
    subject, _, name = decision.subject.partition(":")
    own = extraction.layout.moved.modules.get(subject)
    if own is not None and name:
        _replace_own(extraction, decision, own, name)
        return
    path = module.replace(".", "/")
    overlay = {
        p: c
        for p, c in extraction.plan.overlay.items()
        if p not in extraction.files and (p == f"{path}.py" or p.startswith(f"{path}/"))
    }
    _rename(
        extraction,
        names,
        f"Replace {decision.subject} by {decision.with_}",
        decision.reason,
        extra=overlay,
        rewrite_name="replace_by_overlay" if overlay else "rename_references",
    )


def _replace_own(extraction: Extraction, decision: Replace, module: str, name: str) -> None:
    """A definition of the subsystem itself gives way to an import under the same name."""

    def rewrite(path: str, content: bytes) -> Outcome:
        return replace_definition.rewrite(content, name=name, replacement=decision.with_, path=path)

    paths = [p for p in _python(extraction) if module_of(p) == module]
    changes, findings, failures = _each(extraction, paths, rewrite)
    extraction.apply(
        Step(
            "replace_definition",
            f"Replace {decision.subject} by {decision.with_}",
            decision.reason,
            changes,
            findings,
            failures,
            "done" if changes else "matched nothing",
        )
    )


def _add_overlay(extraction: Extraction) -> None:
    missing = {p: c for p, c in extraction.plan.overlay.items() if p not in extraction.files}
    extraction.apply(
        Step(
            "replace_by_overlay",
            "Add what a person wrote for the new repository",
            "Files that nothing in the old repository stands for; they start without a past.",
            missing,
        )
    )


def _rename_strings(extraction: Extraction) -> None:
    rules = extraction.plan.data.layout.strings

    def rewrite(path: str, content: bytes) -> Outcome:
        values = {r.old: r.new for r in rules if fnmatch.fnmatchcase(path, r.files)}
        if extraction.plan.overlay.get(path) == content:
            values = {}
        return replace_strings.rewrite(content, values=values, path=path)

    changes, findings, failures = _each(extraction, _python(extraction), rewrite)
    extraction.apply(
        Step(
            "replace_strings",
            "Call the service by its own name",
            "Configuration file, folder and project name were those of the old service.",
            changes,
            findings,
            failures,
            "done" if changes else "matched nothing",
        )
    )


def _rewrite_texts(extraction: Extraction) -> None:
    changes: dict[str, bytes | None] = {}
    for path in sorted(extraction.files):
        content = new = extraction.files[path]
        if extraction.plan.overlay.get(path) == content:
            continue
        for rule in extraction.plan.data.layout.texts:
            if fnmatch.fnmatchcase(path, rule.files):
                new = re.sub(rule.old.encode(), rule.new.encode(), new)
        if new != content:
            changes[path] = new
    if extraction.plan.data.layout.texts:
        extraction.apply(
            Step(
                "replace_texts",
                "Let the documentation speak of the new repository",
                "Paths, commands and names in prose follow the move.",
                changes,
                status="done" if changes else "matched nothing",
            )
        )


def _write_migration(extraction: Extraction) -> None:
    settings = extraction.plan.data.database
    if settings is None:
        return
    changes: dict[str, bytes | None] = {}
    failures: tuple[tuple[str, str], ...] = ()
    models = extraction.files.get(settings.models)
    if models is not None:
        path = f"{settings.migrations}/{settings.revision}_initial.py"
        try:
            changes[path] = write_initial_migration.initial_migration(
                models, settings, settings.models
            )
        except UnreadableSource as error:
            failures = ((settings.models, f"{error} (line {error.line})"),)
    extraction.apply(
        Step(
            "write_initial_migration",
            "Begin migrations of its own",
            "The first revision makes the tables as the old repository's migrations left them; "
            "a database that has them already is recognised and only stamped.",
            changes,
            failures=failures,
            status="done" if changes else "matched nothing",
        )
    )


def _tests_folder(extraction: Extraction) -> str:
    return f"{extraction.package}/tests"


def _require_some_left(
    extraction: Extraction, before: Mapping[str, bytes], in_tests: Callable[[str], bool]
) -> None:
    """``UsageError`` where nothing reaches any code: no package was meant to leave empty."""

    def has_code(files: Mapping[str, bytes]) -> bool:
        modules = modules_of(MemoryTree(files), {extraction.package})
        lines = (
            line.strip()
            for name, path in modules.items()
            if not in_tests(name)
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


def _drop_unreached(extraction: Extraction) -> None:
    """Alternate between unused imports and dead definitions until neither finds anything."""
    before = dict(extraction.files)
    findings: list[tuple[str, Finding]] = []
    failures: list[tuple[str, str]] = []
    overlay = set(extraction.plan.overlay)

    def in_tests(module: str) -> bool:
        return module.startswith(f"{extraction.package}.tests.")

    def is_test(module: str) -> bool:
        return in_tests(module) and module.rpartition(".")[2].startswith("test_")

    for _ in range(_ROUNDS):
        changed = False
        for path in _python(extraction):
            content = extraction.files[path]
            outcome = remove_unused_imports.rewrite(content, path=path)
            if isinstance(outcome, Rewritten):
                extraction.files[path] = outcome.content
                changed = True
        unread: dict[str, set[str]] = {}
        for path, name in unread_options(extraction.tree(), extraction.package):
            unread.setdefault(path, set()).add(name)
        for path, options in sorted(unread.items()):
            outcome = drop_options.rewrite(extraction.files[path], names=options, path=path)
            if isinstance(outcome, Rewritten):
                extraction.files[path] = outcome.content
                changed = True
                findings.extend(
                    (path, Finding(f"option {name} is read by nothing")) for name in sorted(options)
                )
        modules = modules_of(extraction.tree(), {extraction.package})
        dead = find_dead_code(
            extraction.tree(), modules, extraction.plan.data.roots.entry_points, is_test, in_tests
        )
        for module in dead.modules:
            path = modules[module]
            del extraction.files[path]
            what = (
                "overlay file is not needed here"
                if path in overlay
                else "module is reached by nothing"
            )
            findings.append((path, Finding(what)))
            changed = True
        for module, names in dead.names.items():
            path = modules[module]
            result = drop_definitions.rewrite(
                extraction.files[path], names=frozenset(names), path=path, keep_used=True
            )
            if isinstance(result, Rewritten):
                extraction.files[path] = result.content
                findings.extend((path, Finding(f"{name} is reached by nothing")) for name in names)
                changed = True
            elif isinstance(result, Failed):
                failures.append((path, result.error))
        if not changed:
            break
    _require_some_left(extraction, before, in_tests)
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
            tuple(findings),
            tuple(failures),
            "done" if changes else "matched nothing",
        )
    )


def _mark_packages(extraction: Extraction) -> None:
    """Every folder of modules becomes a package."""
    missing: dict[str, bytes | None] = {}
    for path in _python(extraction):
        if not path.startswith(f"{extraction.package}/"):
            continue
        parts = path.split("/")[:-1]
        for end in range(1, len(parts) + 1):
            marker = "/".join([*parts[:end], "__init__.py"])
            if marker not in extraction.files:
                missing[marker] = b""
    if missing:
        extraction.apply(
            Step(
                "mark_packages",
                "Make packages of the new folders",
                "The old repository had these packages too, with code in them that stayed behind.",
                missing,
            )
        )


def _package(extraction: Extraction) -> None:
    rules = extraction.plan.data.packaging
    lines = b"".join(
        _source_text(extraction, path) + b"\n"
        for path in (rules.requirements, rules.test_requirements, "setup.cfg")
    )
    # What the overlay needs and the source never did comes last: the source's own word wins.
    lines += "".join(f"{line}\n" for line in rules.requirement_lines).encode()
    wanted = packaging.requirements_of(
        extraction.tree(),
        extraction.package,
        source_lines=lines,
        distributions=rules.distributions,
        runtime=rules.runtime,
        test=rules.test,
        tests_folder=_tests_folder(extraction),
    )
    languages = packaging.classifiers(_source_text(extraction, "setup.cfg"))
    values = {
        "distribution": rules.distribution,
        "language_classifiers": "\n".join(f"    {line}" for line in languages),
        "entry_points": packaging.entry_points(rules.entry_points, _defined(extraction)),
        "extras": packaging.extras(wanted.optional),
        "doc_requirements": "\n".join(
            f"  {line}"
            for line in packaging.requirement_lines(
                lines + _source_text(extraction, "doc/requirements.txt"), rules.documentation
            )
        ),
        "tox_envlist": ",".join(_tox_environments(languages)),
        "source_name": extraction.old_package,
        "source_revision": extraction.described,
    }
    changes: dict[str, bytes | None] = {}
    for path, content in extraction.plan.packaging.items():
        try:
            filled = packaging.fill_template(content, values)
        except UsageError as error:
            raise UsageError(f"packaging/{path}: {error}") from None
        changes[f".{path}" if path in rules.hidden else path] = filled
    changes["requirements.txt"] = wanted.runtime
    changes["test-requirements.txt"] = wanted.test
    extraction.apply(
        Step(
            "packaging",
            f"Package {rules.distribution}",
            "Requirements are exactly what is imported, with the specifiers they had.",
            {p: c for p, c in sorted(changes.items()) if extraction.files.get(p) != c},
            tuple(("requirements.txt", f) for f in wanted.findings),
        )
    )


def _defined(extraction: Extraction) -> set[str]:
    """Every ``module:name`` that the result defines."""
    tree = extraction.tree()
    modules = modules_of(tree, {extraction.package})
    resolver = Resolver(tree, modules)
    tables = {module: resolver.names(module) for module in modules}
    return {f"{m}:{name}" for m, table in tables.items() if table for name in table.binders}


def _source_text(extraction: Extraction, path: str) -> bytes:
    try:
        return extraction.source.read(path)
    except KeyError:
        return b""


def _tox_environments(languages: Iterable[str]) -> list[str]:
    """``py27`` for the classifier ``Programming Language :: Python :: 2.7``, and so on."""
    versions = [re.search(r":: (\d)\.(\d+)$", line) for line in languages]
    return [f"py{v[1]}{v[2]}" for v in versions if v] or ["py3"]


def historic_rewrite(
    layout: Layout,
) -> Callable[[Mapping[str, str]], Callable[[str, bytes], bytes]]:
    """References renamed as in ``rewrite_all``, for one old version of a file at a time.

    What is returned first wants the older paths of moved files, each with its path now: old
    versions name them by those. What no parser accepts is given back as it is.
    """
    maps = [layout.moved, layout.carried, *(names for _, names in layout.replaced)]
    modules = {old: new for names in maps for old, new in names.modules.items()}
    symbols = {old: new for names in maps for old, new in names.symbols.items()}
    origin = _sources_of(layout)

    def with_older(paths: Mapping[str, str]) -> Callable[[str, bytes], bytes]:
        older: dict[str, list[str]] = {}
        for path, now in sorted(paths.items()):
            if path.endswith(".py") and now.endswith(".py"):
                older.setdefault(module_of(now), []).append(module_of(path))
        renames = Renames(
            modules={
                name: new
                for old, new in modules.items()
                for name in [*older.get(old, ()), old]
                if name == old or name not in modules
            },
            symbols={
                f"{module}:{name}": new
                for old, new in symbols.items()
                for name in [old.partition(":")[2]]
                for module in [*older.get(old.partition(":")[0], ()), old.partition(":")[0]]
            },
            known_modules=layout.source_modules,
            report_left=False,
        )

        def rewrite(path: str, content: bytes) -> bytes:
            if not _is_text(content):
                return content
            outcome = _renamed(path, content, renames, origin, as_written=True)
            return outcome.content if isinstance(outcome, Rewritten) else content

        return rewrite

    return with_older


def readable(files: Mapping[str, bytes]) -> dict[str, str]:
    """Result files that no parser accepts, with the error."""
    from extractor.parsing import parse_ast

    broken = {}
    for path, content in sorted(files.items()):
        if path.endswith(".py"):
            try:
                parse_ast(content, path)
            except UnreadableSource as error:
                broken[path] = str(error)
    return broken
