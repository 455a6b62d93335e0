"""Write the first revision of the result's migrations: the tables its models declare.

Where the source's own migrations left something else behind than the models say, the plan says
so (``[database]``), and the revision follows the migrations.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Mapping

from extractor.analysis.tables import Call, DeclaredColumn, Model, models_in
from extractor.errors import UsageError
from extractor.plan.model import Database

_PYTHON_ONLY = ("default", "onupdate", "index", "unique", "doc", "info", "key")
_WIDTH = 79
_TEMPLATE = '''\
{head}"""The tables as they were when {package} became a repository of its own.

Written by the extraction from {models}.
"""

from alembic import op
import sqlalchemy as sa
{imports}
revision = '{revision}'
down_revision = None
branch_labels = None
depends_on = None

# Every table of this repository; others may stand beside them in the database.
TABLES = {tables}


def upgrade():
{body}

def downgrade():
    raise NotImplementedError('there is nothing before the first revision')
'''


def initial_migration(models: bytes, settings: Database, path: str = "") -> bytes:
    """The first revision for ``models``; the comment at their top (a licence) stands above it.

    Raises ``UsageError`` when the models and the plan's list of tables do not agree, and
    ``UnreadableSource`` when a model cannot be read.
    """
    found = {model.table: model for model in models_in(models, path)}
    _require_agreement(found, settings, path)
    # Tables that others refer to must be there first.
    order = _by_reference(found)
    body = "".join(_table(found[table], settings) for table in order).rstrip("\n") + "\n"
    needs_mysql = "mysql." in body
    return _TEMPLATE.format(
        head=_leading_comment(models),
        package=path.split("/", 1)[0] or "this",
        models=path,
        imports="from sqlalchemy.dialects import mysql\n" if needs_mysql else "",
        revision=settings.revision,
        tables="(\n" + "".join(f"    '{table}',\n" for table in sorted(found)) + ")",
        body=body,
    ).encode()


def _leading_comment(source: bytes) -> str:
    lines = source.decode("utf-8", "replace").splitlines(keepends=True)
    return "".join(itertools.takewhile(lambda line: line.startswith("#"), lines))


def absent_tables(models: bytes, settings: Database, path: str = "") -> list[str]:
    """Tables of the plan that this revision's models do not have, sorted.

    The plan's list is an upper bound: a table may be older or newer than the revision.
    """
    found = {model.table for model in models_in(models, path)}
    return sorted(set(settings.tables) - found)


def _require_agreement(found: Mapping[str, Model], settings: Database, path: str) -> None:
    unknown = sorted(set(found) - set(settings.tables))
    if unknown:
        raise UsageError(
            f"{path} has tables that the plan's [database] does not name: {', '.join(unknown)}"
        )
    if not found:
        raise UsageError(f"{path} has none of the tables that the plan's [database] names")
    for special in settings.columns:
        if special.table not in settings.tables:
            raise UsageError(f"[[database.columns]] names {special.table}, which is not a table")


def _by_reference(found: Mapping[str, Model]) -> list[str]:
    done: list[str] = []
    left = sorted(found)
    while left:
        for table in left:
            needs = {
                key.strip("'\"").split(".")[0]
                for column in found[table].columns
                for key in column.foreign_keys
            }
            if needs <= {*done, table}:
                done.append(table)
                left.remove(table)
                break
        else:
            raise UsageError(f"tables refer to each other in a cycle: {', '.join(left)}")
    return done


def _table(model: Model, settings: Database) -> str:
    lines = [f"'{model.table}'"]
    texts = _columns(model, settings)
    lines += texts.values()
    primary = [c.name for c in model.columns if ("primary_key", "True") in c.keywords]
    lines.append(f"sa.PrimaryKeyConstraint({', '.join(map(repr, primary))})")
    lines += _foreign_keys(model, settings)
    uniques = [a for a in model.arguments if a.function == "UniqueConstraint"]
    uniques += [
        Call("UniqueConstraint", (repr(c.name),), (), c.line)
        for c in model.columns
        if ("unique", "True") in c.keywords and ("index", "True") not in c.keywords
    ]
    lines += [f"sa.{unique}" for unique in uniques]
    lines += [f"{name}={value!r}" for name, value in sorted(settings.options.items())]
    text = (
        "    op.create_table(\n" + "".join(f"        {_wrapped(x)},\n" for x in lines) + "    )\n"
    )
    for argument in model.arguments:
        if argument.function == "Index":
            text += _index(model.table, argument.arguments, argument.keywords)
        elif argument.function != "UniqueConstraint":
            raise UsageError(
                f"{model.name} declares a {argument.function}, for which no migration is written"
            )
    for column in model.columns:
        if ("index", "True") in column.keywords:
            unique = tuple(pair for pair in column.keywords if pair[0] == "unique")
            text += _index(
                model.table, (f"'ix_{model.table}_{column.name}'", f"'{column.name}'"), unique
            )
    return text + "\n"


def _index(table: str, arguments: tuple[str, ...], keywords: Iterable[tuple[str, str]]) -> str:
    name, *columns = arguments
    parts = [name, f"'{table}'", f"[{', '.join(columns)}]"]
    parts += [f"{key}={value}" for key, value in keywords]
    return "    op.create_index(\n" + "".join(f"        {part},\n" for part in parts) + "    )\n"


def _wrapped(text: str) -> str:
    """One argument a line, where a call would be longer than the source's own style allows."""
    if len(text) < _WIDTH - 8:
        return text
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    arguments = [ast.unparse(argument) for argument in call.args]
    arguments += [f"{k.arg}={ast.unparse(k.value)}" for k in call.keywords]
    inner = "".join(f"            {argument},\n" for argument in arguments)
    return f"{ast.unparse(call.func)}(\n{inner}        )"


def _columns(model: Model, settings: Database) -> dict[str, str]:
    special = {c.column: c for c in settings.columns if c.table == model.table}
    declared = {c.name: c for c in model.columns}
    texts = {name: f"sa.Column('{name}', {text})" for name, text in settings.inherited.items()}
    for name, column in declared.items():
        texts[name] = _column(column)
    for name, rule in special.items():
        if name in declared or rule.in_no_model:
            texts[name] = f"sa.Column('{name}', {rule.definition})"
    # Not every revision has every column that the order names.
    order = settings.order.get(model.table, [])
    known = [name for name in order if name in texts]
    return {name: texts[name] for name in [*known, *(t for t in texts if t not in known)]}


def _column(column: DeclaredColumn) -> str:
    keywords = [
        f", {name}={value}"
        for name, value in column.keywords
        if name not in _PYTHON_ONLY and name != "primary_key"
    ]
    nullable = any(name == "nullable" for name, _ in column.keywords)
    if ("primary_key", "True") in column.keywords and not nullable:
        keywords.append(", nullable=False")
    return f"sa.Column('{column.name}', sa.{column.type}{''.join(keywords)})"


def _foreign_keys(model: Model, settings: Database) -> list[str]:
    keyed = {c.name: c for c in model.columns if c.foreign_keys}
    order = [name for name in settings.foreign_keys.get(model.table, []) if name in keyed]
    lines = []
    for name in [*order, *(n for n in keyed if n not in order)]:
        for key in keyed[name].foreign_keys:
            target, *keywords = key.split(", ")
            more = "".join(f", {keyword}" for keyword in keywords)
            lines.append(f"sa.ForeignKeyConstraint(['{name}'], [{target}]{more})")
    return lines
