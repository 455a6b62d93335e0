"""The main job as a chain: read, analyse, rewrite, move out with history, check, report.

Each stage is a function of its own; ``run`` only puts them in a row. Everything is built in a
hidden folder beside the output and renamed at the end, so that the output is complete or absent.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from extractor.analysis.links import with_links_read
from extractor.analysis.resolver import modules_of
from extractor.analysis.symbols import Reach
from extractor.carving.extraction import Extraction, mapped_tree
from extractor.carving.renaming import historic_rewrite
from extractor.carving.steps import rewrite_all
from extractor.contracting.written import write_contracts
from extractor.errors import DidNotHold, ExitCode, ExtractorError, RootMissing, UsageError
from extractor.history.carry import CarriedHistory, carry_history
from extractor.history.commits import Identity, checkout, commit_tree
from extractor.history.last_tests import with_last_tests
from extractor.history.merge import record_extracted
from extractor.history.presence import explain_absence
from extractor.history.providers import Following
from extractor.manifest import Manifest, write_manifest
from extractor.outcome import CheckOutcome
from extractor.output import complete_or_absent
from extractor.plan.draft import write_draft
from extractor.plan.load import Plan, load_plan
from extractor.plan.moves import Layout, lay_out, reach_from_roots
from extractor.progress import Progress
from extractor.recording import record_extraction
from extractor.scratch import workspace
from extractor.source.repository import Source
from extractor.source.tree import GitTree, Tree
from extractor.verification.run import as_record, choose, export, run_checks

# Of the findings of a check, how many a draft shows.
_SHOWN = 5

Form: TypeAlias = Literal["moved", "rewritten"]
Checks: TypeAlias = Literal["none", "quick", "all"]


@dataclass(frozen=True)
class Analysis:
    """What a plan means at one revision: what is reached, and where it goes."""

    plan: Plan
    modules: Mapping[str, str]
    reach: Reach
    layout: Layout


def analyse(tree: Tree, plan: Plan) -> Analysis:
    """Follow the plan's roots through ``tree`` and lay out what they reach.

    ``UsageError`` when the plan's roots are not there or two files want one place.
    """
    tree = with_links_read(tree)
    modules = modules_of(tree, plan.data.tops())
    reach = reach_from_roots(tree, modules, plan.data)
    return Analysis(plan, modules, reach, lay_out(tree, modules, reach, plan.data))


class Drafted(NamedTuple):
    """A draft's folder, and what a run of it as it is would say does not hold."""

    folder: Path
    broken: tuple[str, ...]


def draft(tree: Tree, packages: tuple[str, ...], into: str, folder: Path) -> Drafted:
    """Draft a plan into the new ``folder``, which is there at the end only if a run takes it.

    What the checks of a run say against it stands at its head. ``UsageError`` with what a run
    would refuse it for.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists already: a draft never overwrites anything")
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        write_draft(tree, packages, into, unfinished)
        plan = load_plan(f"{unfinished}/")
        broken = _does_not_hold(plan, rewrite(tree, analyse(tree, plan)))
        told = [f"A run of it ends with {int(ExitCode.DID_NOT_HOLD)} until this is cured:"]
        lines = [*told, *(f"  {line}" for line in broken)] if broken else ["It runs as it is."]
        text = (unfinished / "plan.toml").read_text(encoding="utf-8")
        head = "".join(f"# {line}\n" for line in lines)
        (unfinished / "plan.toml").write_text(head + text, encoding="utf-8")
        unfinished.rename(folder)
    except ExtractorError as error:
        said = str(error).replace(f"{unfinished}", f"{folder}")
        raise UsageError(f"no plan was drafted, since a run would refuse it: {said}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Drafted(folder, broken)


def _does_not_hold(plan: Plan, extraction: Extraction) -> tuple[str, ...]:
    """The checks of a run that would not hold, each with its first findings, a line each."""
    lines = [
        f"{symbol} is needed, but no layout rule says where it goes"
        for symbol in extraction.layout.undecided[:_SHOWN]
    ]
    with workspace() as scratch:
        root = Path(scratch) / plan.data.name
        for path, content in extraction.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        for result in run_checks(root, plan, choose((), "static")):
            if result.outcome is CheckOutcome.BROKEN:
                shown = result.findings[:_SHOWN]
                more = len(result.findings) - len(shown)
                lines += [f"{result.name}: {_printable(finding)}" for finding in shown]
                lines += [f"{result.name}: {more} more"] if more else []
    return tuple(lines)


def _printable(text: str) -> str:
    """``text`` as a comment can hold it, on one line."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def rewrite(tree: Tree, analysis: Analysis, described: str = "") -> Extraction:
    """Every rewrite of the extraction, in memory; ``described`` names the source's revision."""
    files, modes = mapped_tree(tree, analysis.layout)
    extraction = Extraction(
        analysis.plan, analysis.layout, analysis.reach, tree, files, modes, described
    )
    rewrite_all(extraction)
    return extraction


def write_repository(
    source: Source,
    extraction: Extraction,
    target: Path,
    *,
    form: Form = "moved",
    author: Identity | None = None,
    stage: Callable[[str], None] | None = None,
) -> tuple[CarriedHistory, str]:
    """The result as a repository: the carried history, one commit a rewrite, a work tree.

    Returns what the history stage reports and the revision of the tip.
    """
    rules = extraction.plan.data.history
    identity = author or Identity(rules.author, rules.email)
    carried = carry_history(
        source.git_dir,
        source.revision,
        extraction.layout.moves,
        target,
        form=form,
        make_rewrite=historic_rewrite(extraction.layout) if form == "rewritten" else None,
        how=Following(not_from=tuple(rules.not_from)),
        progress=stage,
    )
    tip = commit_steps(target, carried.tip, extraction, identity, source.commit_date)
    checkout(target, rules.branch, tip)
    record_extracted(target, tip)
    return carried, tip


def commit_steps(
    target: Path, tip: str, extraction: Extraction, author: Identity, date: int
) -> str:
    """One commit on top of ``tip`` for each rewrite that changed something; the new tip.

    ``date`` is seconds since the epoch.
    """
    for step in extraction.steps:
        if step.changes:
            tip = commit_tree(target, tip, step.changes, step.message(), author=author, date=date)
    return tip


def run(
    source: Source,
    plan: Plan,
    output: Path,
    *,
    form: Form = "moved",
    author: Identity | None = None,
    checks: Checks = "quick",
    python: Path | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """The whole job; OUTPUT gets the repository and ``manifest.json``.

    It ends with ``checks``: "none", "quick" for those that need no other interpreter, or "all"
    with ``python`` for their environments.

    ``UsageError`` for an output or plan that cannot be used, ``SourceError`` for a source.
    """
    progress = progress or Progress()
    with (
        complete_or_absent(output, source.location) as building,
        with_last_tests(source, plan.data) as completed,
    ):
        asked, source = source, completed.source
        with progress.stage("analyse"):
            analysis = _analyse_or_explain(source, plan)
        with progress.stage("rewrite"):
            extraction = rewrite(source.tree, analysis, described=source.label)
        target = building / plan.data.name
        with progress.stage("history"):
            carried, tip = write_repository(source, extraction, target, form=form, author=author)
        with progress.stage("compare"):
            _refuse_difference(extraction, GitTree(target / ".git", tip))
        with progress.stage("contracts"):
            trees: dict[str, Tree] = {
                plan.data.source_package: with_links_read(source.tree),
                extraction.package: extraction.code(),
            }
            write_contracts(building / "contracts", plan, trees)
        manifest = record_extraction(asked, extraction, carried, tip)
        manifest.source = manifest.source.model_copy(update={"tests_from": completed.tests_from})
        write_manifest(building / "manifest.json", manifest)
        with progress.stage("verify"), workspace() as scratch:
            against = export(source.tree, Path(scratch) / "source") if checks == "all" else None
            manifest.checks = [
                as_record(result)
                for result in run_checks(
                    target,
                    plan,
                    () if checks == "none" else choose((), "all" if checks == "all" else "static"),
                    against=against,
                    history=source.git_dir if checks == "all" else None,
                    python=python,
                    progress=progress,
                )
            ]
        manifest.timing.seconds = progress.seconds
        write_manifest(building / "manifest.json", manifest)
    return manifest


def _analyse_or_explain(source: Source, plan: Plan) -> Analysis:
    """As ``analyse``; ``NothingToDo`` says when a subsystem left the source, or came."""
    try:
        return analyse(source.tree, plan)
    except RootMissing as missing:
        raise explain_absence(source, missing) or missing from None


def _refuse_difference(extraction: Extraction, written: GitTree) -> None:
    """What was committed must be what was rewritten, file by file."""
    with written:
        paths = set(written.paths())
        expected = extraction.tree()
        wrong = sorted(paths ^ set(expected.paths())) or [
            path for path in sorted(paths) if written.entry(path) != expected.entry(path)
        ]
    if wrong:
        raise DidNotHold(
            f"the repository differs from the rewritten tree in {len(wrong)} files, first in "
            f"{wrong[0]}: report this as a bug"
        )
