"""``extractor verify``: check a finished extraction, and say what holds."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from extractor.cli._options import Reporting, plan_option, reporting_options, rev_option
from extractor.plan.load import load_plan
from extractor.source.repository import open_source
from extractor.verification.check import Result
from extractor.verification.run import choose, exit_code, export, run_checks, summary


@click.command("verify")
@click.argument("result", metavar="RESULT", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--against",
    metavar="SOURCE",
    help="Compare with the source: a checkout, a bare repository, or pypi:NAME==VERSION.",
)
@rev_option
@plan_option
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PY",
    help="The interpreter to build environments with.  [default: the newest that fits]",
)
@click.option("--only", multiple=True, metavar="CHECK", help="Run this check; may be repeated.")
@click.option("--quick", is_flag=True, help="Only checks that need no other interpreter.")
@click.option("--thorough", is_flag=True, help="Also checks that take minutes.")
@reporting_options
def command(
    result: Path,
    against: str | None,
    rev: str | None,
    plan: str,
    python: Path | None,
    only: tuple[str, ...],
    quick: bool,
    thorough: bool,
    reporting: Reporting,
) -> int:
    """Check the extracted repository RESULT (OUTPUT/<name>) and show the evidence.

    Without --rev, SOURCE is taken at the revision that the manifest beside RESULT names.
    """
    names = choose(only, quick=quick, thorough=thorough)
    loaded = load_plan(plan)
    with ExitStack() as stack:
        tree = None
        if against is not None:
            workspace = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="extractor-")))
            known = Result.at(result).manifest.get("source", {}).get("revision")
            source = stack.enter_context(
                open_source(
                    against,
                    rev or (None if against.startswith("pypi:") else known),
                    workspace=workspace,
                    progress=reporting.progress,
                    need_history=False,
                )
            )
            tree = export(source.tree, workspace / "source-tree")
        results = run_checks(
            result,
            loaded,
            names,
            against=tree,
            python=python,
            progress=reporting.progress,
            thorough=thorough,
        )
    reporting.result([r.as_json() for r in results], summary(results))
    return exit_code(results)
