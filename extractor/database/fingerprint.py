"""What is declared about some tables, as lines a person can read and a program can compare.

Three things are frozen: what each side's models say, what each side's migrations do (both read
without running anything), and, where an interpreter of the side was given, the schema that its
migrations really make. File format: JSON, one line a column or operation, documented in
``docs/database.md``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.analysis.tables import models_in, operations_in
from extractor.database.schema import Schema, Table
from extractor.errors import SourceError, UsageError
from extractor.parsing import UnreadableSource

FORMAT = 1


@dataclass(frozen=True, order=True)
class Line:
    """One declaration: ``file`` is relative to the side's tree, ``line`` is 1-based."""

    file: str
    table: str
    column: str
    text: str
    line: int = 0

    @property
    def subject(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table

    @property
    def frozen(self) -> str:
        """The line as it stands in the file."""
        return f"{self.subject}: {self.text}"


@dataclass(frozen=True)
class Side:
    """One tree that declares the tables: the repository before, or the one made of it."""

    name: str
    folder: Path
    models: str
    migrations: str


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was frozen."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def declared(side: Side, tables: Sequence[str]) -> tuple[Line, ...]:
    """What models and migrations of one side say about ``tables``, by file and place.

    ``SourceError`` when the tree lacks either or a file cannot be read.
    """
    lines: list[Line] = []
    models = side.folder / side.models
    folder = side.folder / side.migrations
    for path in (models, folder):
        if not path.exists():
            raise SourceError(f"{path} does not exist: is that the {side.name}'s tree?")
    lines += _model_lines(side.models, _read(models), tables)
    for path in sorted(folder.glob("*.py")):
        name = f"{side.migrations}/{path.name}"
        lines += _operation_lines(name, _read(path), tables)
    return tuple(lines)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from None


def _model_lines(file: str, source: bytes, tables: Sequence[str]) -> Iterator[Line]:
    try:
        models = models_in(source, file)
    except UnreadableSource as error:
        raise SourceError(f"{file}:{error.line}: {error}") from None
    for model in models:
        if model.table in tables:
            for column in model.columns:
                yield Line(file, model.table, column.name, column.definition, column.line)
            for call in model.arguments:
                yield Line(file, model.table, "", str(call), call.line)


def _operation_lines(file: str, source: bytes, tables: Sequence[str]) -> Iterator[Line]:
    try:
        operations = operations_in(source, tables, file)
    except UnreadableSource as error:
        raise SourceError(f"{file}:{error.line}: {error}") from None
    for o in operations:
        yield Line(file, o.table, o.column, o.text, o.line)


def schema_lines(schema: Schema) -> dict[str, list[str]]:
    """A reflected schema: a list of lines a table."""
    return {table.name: list(_table_lines(table)) for table in schema.tables}


def _table_lines(table: Table) -> Iterator[str]:
    for c in table.columns:
        parts = [c.type + (f"({c.length})" if c.length is not None else "")]
        parts += [f"COLLATE {c.collation}"] if c.collation else []
        parts += [] if c.nullable else ["NOT NULL"]
        parts += [f"DEFAULT {c.default}"] if c.default is not None else []
        parts += ["AUTOINCREMENT"] if c.autoincrement else []
        yield f"{c.name}: {' '.join(parts)}"
    yield f"primary key: ({', '.join(table.primary_key)})"
    for i in table.indexes:
        yield f"{'unique ' if i.unique else ''}index {i.name}: ({', '.join(i.columns)})"
    for u in table.unique:
        yield f"unique constraint {u.name}: ({', '.join(u.columns)})"
    for k in table.foreign_keys:
        options = "".join(f" {name} {value}" for name, value in k.options)
        target = f"{k.table} ({', '.join(k.targets)})"
        yield f"foreign key {k.name}: ({', '.join(k.columns)}) to {target}{options}"
    for name, value in table.options:
        yield f"option {name}: {value}"


def freeze(
    tables: Sequence[str],
    sides: Mapping[str, Iterable[Line]],
    schemas: Mapping[str, Mapping[str, Schema]],
) -> str:
    """The text of a fingerprint. ``schemas`` maps side, then engine, to what was reflected."""
    content: dict[str, Any] = {"format": FORMAT, "tables": sorted(tables)}
    for name, lines in sides.items():
        files: dict[str, list[str]] = {}
        for line in lines:
            files.setdefault(line.file, []).append(line.frozen)
        content[name] = {"declared": files}
    for name, engines in schemas.items():
        made = {engine: schema_lines(schema) for engine, schema in sorted(engines.items())}
        content.setdefault(name, {})["made"] = made
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def load(path: Path) -> dict[str, Any]:
    """A fingerprint from its file; ``UsageError`` when it is none of ours."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not a fingerprint: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("tables"), list):
        raise UsageError(f"{path} is not a fingerprint: it lists no tables")
    if content.get("format") != FORMAT:
        raise UsageError(f"{path} has format {content.get('format')}; known is {FORMAT}")
    return content


def check_declared(frozen: Mapping[str, Any], side: Side) -> tuple[Change, ...]:
    """What one side's files say otherwise than was frozen, with file, line and column."""
    before = frozen.get(side.name, {}).get("declared")
    if before is None:
        raise UsageError(f"the fingerprint holds nothing about the {side.name}")
    now = declared(side, frozen["tables"])
    changes: list[Change] = []
    for file in sorted({*before, *(line.file for line in now)}):
        changes += _check_file(file, before.get(file), [n for n in now if n.file == file])
    return tuple(changes)


def _check_file(file: str, before: list[str] | None, now: list[Line]) -> Iterator[Change]:
    was = Counter(before or [])
    gone = was - Counter(line.frozen for line in now)
    new = Counter(line.frozen for line in now) - was
    for line in now:
        if not new[line.frozen]:
            continue
        new[line.frozen] -= 1
        # A line for the same column that went away is what this one was.
        old = next((g for g in gone if gone[g] and g.startswith(line.subject + ": ")), None)
        where = f"{file}:{line.line}"
        if old is not None and line.column:
            gone[old] -= 1
            text = old.removeprefix(line.subject + ": ")
            yield Change(where, f"{line.subject} is changed: {text} -> {line.text}")
        else:
            yield Change(where, f"{line.subject} is new: {line.text}")
    for text in sorted(gone.elements()):
        subject, _, definition = text.partition(": ")
        yield Change(file, f"{subject} is gone: {definition}")


def check_made(
    frozen: Mapping[str, Any], side: Side, engine: str, schema: Schema
) -> tuple[Change, ...]:
    """What one side's migrations make otherwise than was frozen, and where that is declared."""
    before = frozen.get(side.name, {}).get("made", {}).get(engine)
    if before is None:
        raise UsageError(f"the fingerprint holds no schema of the {side.name} on {engine}")
    lines = declared(side, frozen["tables"])
    changes = []
    now = schema_lines(schema)
    for table in sorted({*before, *now}):
        was, is_ = before.get(table, []), now.get(table, [])
        subjects = {text.partition(": ")[0] for text in {*was, *is_}}
        for subject in sorted(subjects):
            a = [t for t in was if t.partition(": ")[0] == subject]
            b = [t for t in is_ if t.partition(": ")[0] == subject]
            if a != b:
                left = a[0].partition(": ")[2] if a else "missing"
                right = b[0].partition(": ")[2] if b else "missing"
                name = f"{table}.{subject}" if " " not in subject else f"{table} {subject}"
                where = locate(lines, table, subject, side.migrations)
                changes.append(
                    Change(f"{where}: on {engine}", f"{name} is changed: {left} -> {right}")
                )
    return tuple(changes)


def locate(lines: Iterable[Line], table: str, subject: str, folder: str) -> str:
    """The file and line that last declares a column (or a constraint, by its name)."""
    best = folder
    for line in lines:
        if not line.file.startswith(folder + "/") or line.table != table:
            continue
        if line.column == subject or subject.rpartition(" ")[2] in line.text:
            best = f"{line.file}:{line.line}"
    return best
