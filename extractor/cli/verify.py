"""``extractor verify``: check a finished extraction, and say what holds."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from extractor.cli._options import Reporting, plan_option, reporting_options, rev_option
from extractor.errors import ExitCode
from extractor.manifest import record_checks
from extractor.plan.load import Plan, load_plan
from extractor.source.opening import open_source
from extractor.verification.check import CheckResult, Result
from extractor.verification.run import as_record, choose, exit_code, export, run_checks, summary


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
@click.option("--quick", is_flag=True, help="Only the static checks and the unit tests.")
@click.option(
    "--faults",
    is_flag=True,
    help="Check the checks: put the plan's faults into copies of RESULT, one at a time. "
    "--only names the checks to be checked.",
)
@reporting_options
def command(
    result: Path,
    against: str | None,
    rev: str | None,
    plan: str,
    python: Path | None,
    only: tuple[str, ...],
    quick: bool,
    faults: bool,
    reporting: Reporting,
) -> int:
    """Check the extracted repository RESULT (OUTPUT/<name>) and show the evidence.

    Without --rev, SOURCE is taken at the revision that the manifest beside RESULT names. What
    was seen is noted in that manifest, where `extractor report` finds it.
    """
    names = choose(only, "quick" if quick else "all")
    loaded = load_plan(plan)
    with ExitStack() as stack:
        tree = history = None
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
            history = None if source.shallow else source.git_dir
        if faults:
            return _check_checks(result, loaded, names, tree, history, python, reporting)
        results = run_checks(
            result,
            loaded,
            names,
            against=tree,
            history=history,
            python=python,
            progress=reporting.progress,
        )
    record_checks(result, [as_record(r) for r in results])
    reporting.result([r.as_json() for r in results], summary(results))
    return exit_code(results)


def _check_checks(
    result: Path,
    plan: Plan,
    names: tuple[str, ...],
    against: Path | None,
    history: Path | None,
    python: Path | None,
    reporting: Reporting,
) -> int:
    """Inject the catalogue's faults; 1 when one is missed or a harmless twin is flagged."""
    # Only this path needs the catalogue.
    from extractor.verification.faults import as_table, inject, load_faults

    chosen = [fault for fault in load_faults(plan) if fault.check in names]
    with tempfile.TemporaryDirectory(prefix="extractor-faults-") as scratch:
        shared = Path(scratch) / "source"
        shared.mkdir()

        def run(root: Path, name: str) -> CheckResult:
            return run_checks(
                root,
                plan,
                [name],
                against=against,
                history=history,
                python=python,
                first=True,
                shared=shared,
            )[0]

        done = inject(result.resolve(), chosen, run, Path(scratch), reporting.progress.note)
    tried = [one for one in done if not one.absent]
    good = sum(one.good for one in tried)
    values = [
        {
            "fault": one.fault.name,
            "check": one.fault.check,
            "caught": one.caught,
            "twin_flagged": one.twin_flagged,
            "absent": one.absent,
        }
        for one in done
    ]
    reporting.result(
        values, f"{as_table(done)}\n{good} of {len(tried)} faults told from their twins"
    )
    return ExitCode.DONE if good == len(tried) else ExitCode.DID_NOT_HOLD
