"""``extractor schema``: is the schema the same on both sides, and does it stay so?"""

from __future__ import annotations

import json
from pathlib import Path

import click

from extractor.cli._options import ExtraGroup, Reporting, plan_option, reporting_options
from extractor.errors import ExitCode
from extractor.files import replace_file
from extractor.plan.load import load_plan
from extractor.wording import counted

_ENGINES = ("sqlite", "mariadb", "postgresql")

_source = click.option(
    "--source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Tree of the repository before the extraction.",
)
_source_python = click.option(
    "--source-python", metavar="PYTHON", help="Interpreter that has the source's requirements."
)
_result = click.option(
    "--result",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Tree of the extracted repository.",
)
_result_python = click.option(
    "--result-python", metavar="PYTHON", help="Interpreter that has the result's requirements."
)
_engines = click.option(
    "--engine",
    "engines",
    multiple=True,
    type=click.Choice(_ENGINES),
    help="Servers to try it on; several may be given.  [default: all that are installed]",
)


@click.group(cls=ExtraGroup, extra="database", needs=("sqlalchemy", "pymysql", "psycopg2"))
def command() -> None:
    """Compare, freeze and check the schema of the subsystem's tables."""


@command.command()
@plan_option
@_source
@_source_python
@_result
@_result_python
@_engines
@click.option("--from", "from_url", metavar="URL", help="A database, instead of --source.")
@click.option("--to", "to_url", metavar="URL", help="A database, instead of --result.")
@reporting_options
def compare(
    plan: str,
    source: Path | None,
    source_python: str | None,
    result: Path | None,
    result_python: str | None,
    engines: tuple[str, ...],
    from_url: str | None,
    to_url: str | None,
    reporting: Reporting,
) -> int:
    """Run both sides' migrations on real servers and compare what they leave behind.

    With --from and --to, compare two databases that are there already. The models of the result
    are compared with its schema too; columns that the plan says are in no model are listed.
    """
    from extractor.database import comparison

    settings = comparison.settings_of(load_plan(plan))
    if from_url or to_url:
        report = comparison.compare_databases(settings, from_url, to_url)
    else:
        report = comparison.compare_sides(
            settings,
            comparison.Place(source, source_python),
            comparison.Place(result, result_python),
            engines,
            reporting.progress,
        )
    reporting.result(report.values(), report.text())
    return ExitCode.DONE if report.same else ExitCode.DID_NOT_HOLD


@command.command()
@plan_option
@_source
@_source_python
@_result
@_result_python
@_engines
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write.  [default: standard output]",
)
@reporting_options
def freeze(
    plan: str,
    source: Path | None,
    source_python: str | None,
    result: Path | None,
    result_python: str | None,
    engines: tuple[str, ...],
    output: Path | None,
    reporting: Reporting,
) -> None:
    """Write down what models and migrations declare, and what the migrations make.

    What they make is written for each side whose interpreter is given.
    """
    from extractor.database import comparison

    text = comparison.freeze_sides(
        comparison.settings_of(load_plan(plan)),
        comparison.Place(source, source_python),
        comparison.Place(result, result_python),
        engines,
        reporting.progress,
    )
    if output is None:
        click.echo(text, nl=False)
        return
    replace_file(output, text.encode("utf-8"))
    tables = len(json.loads(text)["tables"])
    reporting.result(
        {"file": str(output), "tables": tables}, f"{output}: {counted(tables, 'table')}"
    )


@command.command()
@click.argument("fingerprint", type=click.Path(path_type=Path, dir_okay=False))
@plan_option
@_source
@_source_python
@_result
@_result_python
@_engines
@reporting_options
def check(
    fingerprint: Path,
    plan: str,
    source: Path | None,
    source_python: str | None,
    result: Path | None,
    result_python: str | None,
    engines: tuple[str, ...],
    reporting: Reporting,
) -> int:
    """Fail when a migration or a model changes one of the frozen tables; say where."""
    from extractor.database import comparison

    changes = comparison.check_sides(
        comparison.settings_of(load_plan(plan)),
        fingerprint,
        comparison.Place(source, source_python),
        comparison.Place(result, result_python),
        engines,
        reporting.progress,
    )
    values = [{"where": change.where, "what": change.what} for change in changes]
    text = "\n".join(map(str, changes)) or "nothing has changed"
    reporting.result({"changes": values}, text)
    return ExitCode.DID_NOT_HOLD if changes else ExitCode.DONE
