"""The list of checks, and running them one after the other."""

from __future__ import annotations

import functools
import importlib
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from extractor.errors import ExitCode, ExtractorError, UsageError
from extractor.files import Below
from extractor.manifest import CheckRecord
from extractor.outcome import CheckOutcome
from extractor.plan.load import Plan
from extractor.progress import Progress
from extractor.scratch import workspace
from extractor.source.tree import EXECUTABLE, SUBMODULE, SYMLINK, GitTree
from extractor.verification.check import (
    Check,
    CheckResult,
    Context,
    Result,
    cannot_run,
    verdict,
)
from extractor.verification.laboratory.environment import NoEnvironment
from extractor.verification.labs import day_of
from extractor.wording import counted

# In this order, cheap ones first. The name is the module's, and the word of ``--only``.
CHECKS = (
    "imports",
    "words",
    "dead_code",
    "packaging",
    "tests_carried",
    "intact",
    "history",
    "importable",
    "style",
    "serves",
    "unit_tests",
    "tests",
    "test_parity",
    "test_orders",
    "isolation",
    "options",
    "classes",
    "schema",
    "api_parity",
    "concurrent_writers",
    "many_instances",
)
# What the quick set has besides the static ones; ``tests`` runs these tests too.
QUICK = ("unit_tests",)
_WORDS = {outcome: outcome.value for outcome in CheckOutcome} | {CheckOutcome.BROKEN: "BROKEN"}
Which: TypeAlias = Literal["static", "quick", "all"]


def purpose(name: str) -> str:
    """The first line of the check's documentation."""
    return (_module(name).__doc__ or "").strip().splitlines()[0]


def needs(name: str) -> str:
    """``nothing``, ``environment`` or ``source``: what must be there for the check to run."""
    return str(_module(name).NEEDS)


def choose(only: Sequence[str] = (), which: Which = "all") -> tuple[str, ...]:
    """The checks to run; ``UsageError`` for a name that is none.

    ``static`` are those that need no other interpreter; ``quick`` adds the unit tests; ``all``
    leaves out what another check does as well.
    """
    unknown = sorted(set(only) - set(CHECKS))
    if unknown:
        raise UsageError(f"there is no check {unknown[0]!r}: one of {', '.join(CHECKS)}")
    if only:
        return tuple(name for name in CHECKS if name in only)
    static = tuple(name for name in CHECKS if needs(name) == "nothing")
    if which == "all":
        return tuple(name for name in CHECKS if name not in QUICK)
    return (*static, *QUICK) if which == "quick" else static


def refuse_another_plan(result: Result, plan: Plan) -> None:
    """``UsageError`` when another plan made the result: checks by the wrong one hold easily."""
    made = result.manifest.get("plan")
    name = made.get("name") if isinstance(made, dict) else None
    if name is not None and name != plan.data.name:
        raise UsageError(
            f"{result.root} was made by the plan {name!r}, not by {plan.data.name!r}: "
            "name it with --plan"
        )
    package = plan.data.target_package
    if not (result.root / package.replace(".", "/")).is_dir():
        raise UsageError(
            f"{result.root} has no package {package!r}, which the plan {plan.data.name!r} makes: "
            "give the extracted repository, and its plan with --plan"
        )


def run_checks(
    root: Path,
    plan: Plan,
    names: Iterable[str],
    *,
    against: Path | None = None,
    history: Path | None = None,
    python: Path | None = None,
    progress: Progress | None = None,
    workers: int = 2,
    first: bool = False,
    shared: Path | None = None,
) -> list[CheckResult]:
    """Run checks on the result in ``root``, each on its own; one's failure stops no other.

    ``against`` is a plain tree of the source, ``history`` its git directory; with ``first`` a
    check may end with its first finding; ``shared`` is a folder for what is made of the source,
    when it is to serve several calls. What cannot run for want of an environment comes back
    as skipped, with the sentence that says what is missing.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder: give the extracted repository")
    progress = progress or Progress()
    result = Result.at(root.resolve())
    refuse_another_plan(result, plan)
    # Asked for by few, and of the package index where the source is a release.
    day = functools.cache(lambda: day_of(result, plan.data.verify))
    results = []
    with ExitStack() as stack:
        if shared is None:
            shared = stack.enter_context(workspace())
        for name in names:
            # What a check leaves behind must not be seen by the next.
            with workspace() as scratch, progress.stage(name):
                context = Context(
                    plan=plan,
                    settings=plan.data.verify,
                    scratch=scratch,
                    shared=shared,
                    against=against,
                    history=history,
                    python=python,
                    workers=workers,
                    first=first,
                    report=progress.note,
                    day=day,
                )
                results.append(_run_one(name, result, context))
    return results


def _run_one(name: str, result: Result, context: Context) -> CheckResult:
    check: Check = _module(name).check
    started = time.monotonic()
    try:
        done = check(result, context)
    except NoEnvironment as error:
        return cannot_run(name, str(error))
    except ExtractorError:
        raise
    except Exception as error:
        # What the other checks have to say is not lost for it.
        context.report(traceback.format_exc())
        return verdict(name, [f"a bug in extractor: {type(error).__name__}: {error}"], [])
    figures = {**done.figures, "seconds": round(time.monotonic() - started, 1)}
    return replace(done, figures=figures)


def export(tree: GitTree, folder: Path) -> Path:
    """Write the files of a revision to ``folder``, so that its code can run there."""
    with Below(folder) as below:
        for path in tree.paths():
            entry = tree.entry(path)
            if entry.mode == SYMLINK:
                below.link(path, tree.read(path).decode("utf-8", "surrogateescape"))
            elif entry.mode != SUBMODULE:
                below.write(path, tree.read(path), executable=entry.mode == EXECUTABLE)
    return folder


def exit_code(results: Sequence[CheckResult]) -> ExitCode:
    """1 when something did not hold, or was asked for and could not run: that proves nothing."""
    wrong = {CheckOutcome.BROKEN, CheckOutcome.CANNOT_RUN}
    return ExitCode.DID_NOT_HOLD if any(r.outcome in wrong for r in results) else ExitCode.DONE


def as_record(result: CheckResult) -> CheckRecord:
    """What the manifest keeps of a check."""
    reason = (result.reason,) if result.reason else ()
    evidence = (*reason, *result.evidence, *result.findings[:20])
    return CheckRecord(name=result.name, outcome=result.outcome, evidence=evidence)


def summary(results: Sequence[CheckResult]) -> str:
    """A page a person reads in ten seconds, worst news first to be seen: the last lines."""
    width = max((len(r.name) for r in results), default=0)
    lines = []
    for r in results:
        told = r.reason or (r.evidence[0] if r.evidence else "")
        if r.outcome is CheckOutcome.BROKEN:
            told = f"{counted(len(r.findings), 'finding')}; {told}"
        lines.append(f"{_WORDS[r.outcome]:14} {r.name:{width}}  {told}")
    broken = [r for r in results if r.outcome is CheckOutcome.BROKEN]
    for r in broken:
        lines.append("")
        lines.append(f"{r.name}: {purpose(r.name)}")
        lines += [f"  {finding}" for finding in r.findings[:5]]
        if len(r.findings) > 5:
            lines.append(f"  ... and {len(r.findings) - 5} more (--json has them all)")
    lines.append("")
    if broken:
        lines.append(f"Look first at {broken[0].name}: {broken[0].look_at}")
    else:
        counts = Counter(r.outcome for r in results)
        ran, lacking = counts[CheckOutcome.HELD], counts[CheckOutcome.CANNOT_RUN]
        held = f"All {ran} checks that ran held" if ran > 1 else "The one check that ran held"
        told = held if ran else "No check could be run"
        lines.append(told + (f"; {lacking} could not, see above." if ran and lacking else "."))
    return "\n".join(lines)


def _module(name: str) -> Any:
    return importlib.import_module(f"extractor.verification.checks.{name}")
