"""Give moved, carried and replaced names their new spelling, in the tree and in its history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from extractor.carving.extraction import (
    Extraction,
    Step,
    is_package,
    is_text,
    sources_of,
    texts,
)
from extractor.outcome import Finding, Rewritten, Unchanged
from extractor.plan.moves import Layout, NameMap
from extractor.project.layout import module_of
from extractor.rewrites.driver import run_on, run_over
from extractor.rewrites.parts.renames import Renames
from extractor.rewrites.parts.source_file import SourceFile


def still_named(extraction: Extraction) -> Iterator[tuple[str, Finding]]:
    """Where the result still names a module of the old package and no rule of the plan says why."""
    nothing = Renames(known_modules=extraction.layout.source_modules, report_left=True)
    explained = extraction.plan.data.explained
    for path in texts(extraction):
        content = extraction.files[path]
        if not is_text(content):
            continue
        file = _file(path, content, {}, as_written=False)
        outcome = run_on("rename_references", file, nothing)
        if isinstance(outcome, Rewritten | Unchanged):
            lines = content.decode("utf-8", "replace").splitlines()
            for found in outcome.findings:
                if not explained(path, lines[found.line - 1] if found.line else ""):
                    yield path, found


def _file(path: str, content: bytes, origin: Mapping[str, str], *, as_written: bool) -> SourceFile:
    """``content`` at ``path`` of the result; ``origin`` has its path before.

    ``as_written``: no step has led its relative imports from there to where it is now.
    """
    before = origin.get(path, path)
    written = before if as_written else path
    return SourceFile(
        path,
        content,
        module_of(written),
        is_package(written),
        module_of(path),
        new_is_package=is_package(path),
        formerly=module_of(before),
    )


def rename(
    extraction: Extraction,
    names: NameMap,
    title: str,
    reason: str,
    *,
    extra: Mapping[str, bytes] | None = None,
    rewrite_name: str = "rename_references",
    as_written: bool = False,
) -> None:
    origin = sources_of(extraction.layout)
    renames = Renames(
        modules=names.modules,
        symbols=names.symbols,
        known_modules=extraction.layout.source_modules,
    )

    jobs = (
        (_file(path, extraction.files[path], origin, as_written=as_written), renames)
        for path in texts(extraction)
        if is_text(extraction.files[path])
    )
    batch = run_over("rename_references", jobs)
    batch = replace(batch, changes={**batch.changes, **(extra or {})})
    extraction.apply(Step.of(rewrite_name, title, reason, batch))


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
    origin = sources_of(layout)

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
            # Neighbouring versions are to differ by what the source changed, not by an order.
            imports_stay=True,
        )

        def rewrite(path: str, content: bytes) -> bytes:
            if not is_text(content):
                return content
            file = _file(path, content, origin, as_written=True)
            outcome = run_on("rename_references", file, renames)
            return outcome.content if isinstance(outcome, Rewritten) else content

        return rewrite

    return with_older
