"""``extractor verify``: check a finished extraction, and say what holds."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from extractor.cli._completing import CheckName
from extractor.cli._options import (
    Executing,
    Reporting,
    executor_options,
    plan_option,
    python_option,
    reporting_options,
    rev_option,
)
from extractor.errors import ExitCode, UsageError
from extractor.history.last_tests import with_last_tests
from extractor.locks import only_one
from extractor.manifest import record_checks
from extractor.plan.load import Plan, load_plan
from extractor.scratch import workspace
from extractor.source.opening import open_source
from extractor.source.tree import FolderTree
from extractor.verification.check import Result
from extractor.verification.labs import content_key
from extractor.verification.run import (
    CHECKS,
    as_record,
    choose,
    exit_code,
    export,
    run_checks,
    summary,
)

if TYPE_CHECKING:
    from extractor.execution.unit import Executor
    from extractor.verification.fault_units import Bench


@click.command("verify")
@click.argument("result", metavar="RESULT", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--against",
    metavar="SOURCE",
    help="Compare with the source: a checkout, a bare repository, or pypi:NAME==VERSION.",
)
@rev_option
@plan_option
@python_option
@click.option(
    "--only",
    multiple=True,
    metavar="CHECK",
    type=CheckName(),
    help="Run only this check; may be repeated.",
)
@click.option("--quick", is_flag=True, help="Only the static checks and the unit tests.")
@click.option(
    "--faults",
    is_flag=True,
    help="Test the checks: put each of the plan's faults into a copy of RESULT, one at a time. "
    "--only limits it to some checks.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --faults: record each outcome in FILE, and skip those already there.",
)
@executor_options
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
    state: Path | None,
    executor: Executing,
    reporting: Reporting,
) -> int:
    """Check the extracted repository RESULT (OUTPUT/<name>) and show the evidence.

    A plan can hold code: this runs the code in its folder, and the tests of RESULT. Name only
    plans that you trust.

    Without --rev, SOURCE is taken at the revision that the manifest beside RESULT names. The
    outcomes are added to that manifest, where `extractor report` finds them.
    """
    if state is not None and not faults:
        raise UsageError("--state needs --faults")
    if executor.is_asked_for and not faults:
        raise UsageError("--jobs and --scheduler need --faults")
    # Faults are put to every check, also to those that others include.
    names = CHECKS if faults and not only else choose(only, "quick" if quick else "all")
    loaded = load_plan(plan)
    if (result / "manifest.json").is_file() and (result / loaded.data.name).is_dir():
        # OUTPUT itself was named.
        result = result / loaded.data.name
    with ExitStack() as stack:
        if result.is_dir():
            # Nobody follows the source meanwhile; others may look on.
            output = result.resolve().parent
            stack.enter_context(only_one(output, shared=True, note=reporting.progress.warn))
        tree = history = asked = None
        if against is not None:
            place = stack.enter_context(workspace())
            known = Result.at(result).manifest.get("source", {}).get("revision")
            asked = rev or (None if against.startswith("pypi:") else known)
            source = stack.enter_context(
                open_source(
                    against,
                    asked,
                    workspace=place,
                    progress=reporting.progress,
                    need_history=False,
                )
            )
            source = stack.enter_context(with_last_tests(source, loaded.data)).source
            tree = export(source.tree, place / "source-tree")
            history = None if source.shallow else source.git_dir
        if faults:
            from extractor.verification.fault_units import Bench

            bench = Bench(
                root=str(result.resolve()),
                plan=plan,
                against=str(tree) if tree else None,
                history=str(history) if history else None,
                source=against,
                rev=asked,
                python=str(python) if python else None,
            )
            return _check_checks(bench, loaded, names, state, executor, reporting)
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
    bench: Bench,
    plan: Plan,
    names: tuple[str, ...],
    state: Path | None,
    executor: Executor,
    reporting: Reporting,
) -> int:
    """Inject the catalogue's faults; 1 when one is missed or a harmless twin is flagged."""
    # Only this path needs the catalogue.
    from extractor.verification.fault_units import inject_by
    from extractor.verification.faults import Kept, as_lines, as_table, as_value, load_faults

    chosen = [fault for fault in load_faults(plan) if fault.check in names]
    # Cheap checks first, as they are run.
    chosen.sort(key=lambda fault: CHECKS.index(fault.check))
    result = Path(bench.root)
    revision = content_key(result, FolderTree(result).paths())
    kept = None if state is None else Kept(state, revision)
    done = []
    with workspace() as shared:
        units = inject_by(executor, chosen, replace(bench, shared=str(shared)), revision, kept)
        for one in units:
            done.append(one)
            if kept is not None:
                kept.add(one)
            for line in as_lines(one):
                reporting.progress.note(f"{len(done)}/{len(chosen)} {line}")
    # In the order of the catalogue, whichever ended first.
    done.sort(key=lambda one: chosen.index(one.fault))
    tried = [one for one in done if not one.absent]
    good = sum(one.good for one in tried)
    reporting.result(
        [as_value(one) for one in done],
        f"{as_table(done)}\n{good} of {len(tried)} faults told apart from their twins",
    )
    return ExitCode.DONE if good == len(tried) else ExitCode.DID_NOT_HOLD
