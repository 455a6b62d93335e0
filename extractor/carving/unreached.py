"""Take out what nothing reaches any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from extractor.analysis.dead_code import find_dead_code
from extractor.analysis.symbols import modules_of
from extractor.analysis.unread_options import unread_options
from extractor.carving.extraction import Extraction, Step, python_files
from extractor.errors import UsageError
from extractor.outcome import Failed, Finding, Rewritten
from extractor.rewrites import drop_definitions, drop_options, remove_unused_imports
from extractor.source.tree import MemoryTree

# Dropping one thing can leave another unreached; more rounds than this means a bug.
_ROUNDS = 10


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


def drop_unreached(extraction: Extraction) -> None:
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
        for path in python_files(extraction):
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
