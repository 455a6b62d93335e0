"""What of the database leaves with the subsystem, read from models and migrations."""

from __future__ import annotations

from collections.abc import Iterator

from extractor_reports import schema

from extractor.analysis.tables import Model, models_in, operations_in
from extractor.parsing import UnreadableSource
from extractor.plan.model import Database
from extractor.source.tree import Tree


def describe_database(result: Tree, source: Tree | None, data: Database) -> schema.Database:
    """The plan's tables as the result's models have them; without ``source`` no old migrations."""
    models = {model.table: model for model in _models(result, data.models)}
    touching: dict[str, list[str]] = {table: [] for table in data.tables}
    for path, tables in _migrations(source, data) if source else ():
        for table in tables:
            touching[table].append(path)
    return schema.Database(
        tables=tuple(
            schema.Table(
                name=table,
                path=data.models if table in models else "",
                line=models[table].line if table in models else 0,
                columns=len(models[table].columns) + len(data.inherited) if table in models else 0,
                migrations=tuple(touching[table]),
            )
            for table in sorted(data.tables)
        ),
        notes=tuple(
            schema.ColumnNote(
                table=c.table, column=c.column, definition=c.definition, reason=c.reason
            )
            for c in data.columns
        ),
        models=data.models if models else "",
        migrations=tuple(
            path for path in _below(result, data.migrations) if not path.endswith("/__init__.py")
        ),
        version_table=data.version_table,
        source_version_table=data.source_version_table,
        source_versions=data.source_versions,
    )


def _models(tree: Tree, path: str) -> tuple[Model, ...]:
    try:
        return models_in(tree.read(path), path)
    except (KeyError, UnreadableSource):
        # The plan may name what this revision does not have; the checks say what is missing.
        return ()


def _migrations(tree: Tree, data: Database) -> Iterator[tuple[str, list[str]]]:
    for path in _below(tree, data.source_migrations):
        try:
            found = operations_in(tree.read(path), data.tables, path)
        except UnreadableSource:
            continue
        yield path, sorted({operation.table for operation in found})


def _below(tree: Tree, folder: str) -> list[str]:
    return [p for p in tree.paths() if p.startswith(f"{folder}/") and p.endswith(".py")]
