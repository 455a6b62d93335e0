"""What is neither code nor packaging: strings, prose, migrations, markers of packages."""

from __future__ import annotations

import fnmatch

from extractor.carving.extraction import Extraction, Step, python_files, source_file, texts
from extractor.parsing import UnreadableSource
from extractor.rewrites import replace_strings, write_initial_migration
from extractor.rewrites.driver import run_over


def rename_strings(extraction: Extraction) -> None:
    rules = extraction.plan.data.layout.strings
    if not rules:
        return

    jobs = (
        (
            source_file(extraction, path),
            replace_strings.Settings(
                {r.old: r.new for r in rules if fnmatch.fnmatchcase(path, r.files)}
            ),
        )
        for path in python_files(extraction)
        if extraction.plan.overlay.get(path) != extraction.files[path]
    )
    extraction.apply(
        Step.of(
            "replace_strings",
            "Call everything by its own name",
            "Files, folders and projects that strings name were those of the old package.",
            run_over("replace_strings", jobs),
        )
    )


def rewrite_texts(extraction: Extraction) -> None:
    changes: dict[str, bytes | None] = {}
    for path in texts(extraction):
        content = new = extraction.files[path]
        if extraction.plan.overlay.get(path) == content:
            continue
        for rule in extraction.plan.data.layout.texts:
            new = rule.applied(path, new)
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


def write_migration(extraction: Extraction) -> None:
    settings = extraction.plan.data.database
    if settings is None:
        return
    changes: dict[str, bytes | None] = {}
    failures: tuple[tuple[str, str], ...] = ()
    absent: list[str] = []
    models = extraction.files.get(settings.models)
    if models is not None:
        path = f"{settings.migrations}/{settings.revision}_initial.py"
        try:
            changes[path] = write_initial_migration.initial_migration(
                models, settings, settings.models
            )
            absent = write_initial_migration.absent_tables(models, settings, settings.models)
        except UnreadableSource as error:
            failures = ((settings.models, f"{error} (line {error.line})"),)
    extraction.apply(
        Step(
            "write_initial_migration",
            "Begin migrations of its own",
            "The first revision makes the tables as the old repository's migrations left them; "
            "a database that has them already is recognised and only stamped."
            + (f" This revision has no {', '.join(absent)}." if absent else ""),
            changes,
            failures=failures,
            status="done" if changes else "matched nothing",
        )
    )


def mark_packages(extraction: Extraction) -> None:
    """Every folder of modules becomes a package."""
    missing: dict[str, bytes | None] = {}
    for path in python_files(extraction):
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
