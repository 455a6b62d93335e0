"""The schema of both sides of an extraction: compared, frozen, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.database import fingerprint, schema
from extractor.database.connect import engine_for, hidden
from extractor.database.fingerprint import Change, Side
from extractor.database.schema import Difference, Schema
from extractor.database.servers import ENGINES, Server, find, running
from extractor.database.sides import Maker
from extractor.errors import UsageError
from extractor.plan.load import Plan
from extractor.plan.model import Database
from extractor.progress import Progress
from extractor.wording import counted


@dataclass(frozen=True)
class Settings:
    """The plan's word on the tables, and its folder with the scripts that make them."""

    database: Database
    folder: Path

    @property
    def tables(self) -> Sequence[str]:
        return self.database.tables


@dataclass(frozen=True)
class Place:
    """A side as the user gave it: its tree, and an interpreter that can run it."""

    tree: Path | None
    python: str | None


@dataclass(frozen=True)
class EngineReport:
    """What was found on one server: ``differences`` between the sides, and of the models."""

    engine: str
    tables: int
    differences: tuple[Difference, ...]
    models: tuple[Difference, ...] = ()
    expected: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Report:
    """A comparison on some servers; ``missing`` are those that cannot be had here."""

    engines: tuple[EngineReport, ...]
    missing: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return not any(e.differences or e.models for e in self.engines)

    def values(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "same": self.same,
            "missing": list(self.missing),
            "engines": {
                e.engine: {
                    "tables": e.tables,
                    "differences": [str(d) for d in e.differences],
                    "models": [str(d) for d in e.models],
                    "expected": [str(d) for d in e.expected],
                }
                for e in self.engines
            },
        }

    def text(self) -> str:
        """The report for a person."""
        lines = []
        for e in self.engines:
            count = len(e.differences)
            word = "no difference" if not count else counted(count, "difference")
            lines.append(f"{e.engine}: {counted(e.tables, 'table')}, {word}")
            lines += [f"  {d}" for d in e.differences]
            lines += [f"  models and schema differ: {d}" for d in e.models]
            lines += [f"  known exception of the models: {d}" for d in e.expected]
        if self.missing:
            lines.append(f"NOT TESTED, not installed here: {', '.join(self.missing)}")
        return "\n".join(lines)


def settings_of(plan: Plan) -> Settings:
    """What the plan says of the database; ``UsageError`` when it says nothing."""
    if plan.data.database is None:
        raise UsageError(f"the plan {plan.data.name} has no [database]")
    return Settings(plan.data.database, plan.folder)


def source_side(settings: Settings, tree: Path) -> Side:
    """The side before the extraction."""
    data = settings.database
    return Side("source", tree, data.source_models, data.source_migrations)


def result_side(settings: Settings, tree: Path) -> Side:
    """The extracted side."""
    return Side("result", tree, settings.database.models, settings.database.migrations)


def maker(settings: Settings, name: str, place: Place) -> Maker:
    """Who can run one side's migrations; ``UsageError`` when something is not given."""
    if place.tree is None or place.python is None:
        raise UsageError(f"give --{name} and --{name}-python, so that its migrations can be run")
    return Maker(name, place.tree.resolve(), place.python, settings.folder / f"database/{name}.py")


def chosen(engines: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The servers to use and those that are missing; what was asked for by name must be there."""
    if engines:
        return tuple(engines), ()
    there = tuple(e for e in ENGINES if e == "sqlite" or find(e) is not None)
    return there, tuple(e for e in ENGINES if e not in there)


def compare_databases(settings: Settings, one: str | None, other: str | None) -> Report:
    """Two databases that are there already."""
    if not one or not other:
        raise UsageError("give both --from and --to")
    engines = [engine_for(url, read_only=True) for url in (one, other)]
    schemas = [schema.reflect(engine, settings.tables) for engine in engines]
    for found, engine in zip(schemas, engines, strict=True):
        if not found.tables:
            schema.require(found, settings.tables, engine)
    label = " / ".join(hidden(engine.url) for engine in engines)
    found_differences = schema.compare(*schemas)
    return Report((EngineReport(label, len(schemas[0].tables), found_differences),))


def compare_sides(
    settings: Settings, source: Place, result: Place, engines: Sequence[str], progress: Progress
) -> Report:
    """Both sides' migrations on each server, and the result's models against its schema."""
    left, right = maker(settings, "source", source), maker(settings, "result", result)
    use, missing = chosen(engines)
    reports = []
    for engine in use:
        with progress.stage(engine), running(engine) as server:
            one = left.schema("migrate", server, settings.tables)
            other = right.schema("migrate", server, settings.tables)
            models = right.schema("models", server, settings.tables)
        known = {(c.table, c.column) for c in settings.database.columns if c.in_no_model}
        of_models = schema.compare_models(other, models)
        reports.append(
            EngineReport(
                engine,
                len(one.tables),
                schema.compare(one, other),
                tuple(d for d in of_models if (d.table, d.column) not in known),
                tuple(d for d in of_models if (d.table, d.column) in known),
            )
        )
    return Report(tuple(reports), missing)


@contextmanager
def _servers(engines: Sequence[str], progress: Progress) -> Iterator[Iterator[tuple[str, Server]]]:
    def each() -> Iterator[tuple[str, Server]]:
        for engine in chosen(engines)[0]:
            with progress.stage(engine), running(engine) as server:
                yield engine, server

    yield each()


def _sides(settings: Settings, source: Place, result: Place) -> list[tuple[Side, Place]]:
    sides = []
    if source.tree is not None:
        sides.append((source_side(settings, source.tree), source))
    if result.tree is not None:
        sides.append((result_side(settings, result.tree), result))
    if not sides:
        raise UsageError("give --source or --result, or both")
    return sides


def freeze_sides(
    settings: Settings, source: Place, result: Place, engines: Sequence[str], progress: Progress
) -> str:
    """The text of a fingerprint of the sides given."""
    sides = _sides(settings, source, result)
    lines = {side.name: fingerprint.declared(side, settings.tables) for side, _ in sides}
    schemas: dict[str, dict[str, Schema]] = {}
    makers = [(s, maker(settings, s.name, place)) for s, place in sides if place.python]
    if makers:
        with _servers(engines, progress) as servers:
            for engine, server in servers:
                for side, runs in makers:
                    made = runs.schema("migrate", server, settings.tables)
                    schemas.setdefault(side.name, {})[engine] = made
    return fingerprint.freeze(settings.tables, lines, schemas)


def check_sides(
    settings: Settings,
    path: Path,
    source: Place,
    result: Place,
    engines: Sequence[str],
    progress: Progress,
) -> tuple[Change, ...]:
    """What is not as it was frozen, of the sides given."""
    frozen = fingerprint.load(path)
    sides = _sides(settings, source, result)
    changes = [c for side, _ in sides for c in fingerprint.check_declared(frozen, side)]
    makers = [(s, maker(settings, s.name, place)) for s, place in sides if place.python]
    if makers:
        held = set.intersection(*(set(frozen.get(s.name, {}).get("made", {})) for s, _ in makers))
        wanted = engines or sorted(held & set(chosen(())[0]))
        with _servers(wanted, progress) as servers:
            for engine, server in servers:
                for side, runs in makers:
                    made = runs.schema("migrate", server, settings.tables)
                    changes += fingerprint.check_made(frozen, side, engine, made)
    return tuple(changes)
