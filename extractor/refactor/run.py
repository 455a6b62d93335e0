"""The job of ``refactor``: the series on a clone of the source, as patches, and what it did."""

from __future__ import annotations

from pathlib import Path

from extractor.errors import NothingToDo, UsageError
from extractor.history.commits import Identity
from extractor.manifest import (
    CheckRecord,
    EffectRecord,
    Manifest,
    PlanRecord,
    ResultRecord,
    SeriesRecord,
    TaskRecord,
    TroubleRecord,
    source_record,
    write_manifest,
)
from extractor.outcome import CheckOutcome
from extractor.output import complete_or_absent
from extractor.pipeline import analyse, rewrite
from extractor.plan.load import Plan
from extractor.plan.series import Phase, Series
from extractor.progress import Progress
from extractor.refactor.measure import Effect, Meter, Users
from extractor.refactor.patches import Commit, Taken, clone, commit_series, write_patches
from extractor.refactor.series import Decoupling
from extractor.source.repository import Source
from extractor.wording import counted

PATCHES = "patches"


def refactor(
    source: Source,
    plan: Plan,
    series: Series,
    output: Path,
    *,
    until: Phase = "decoupled",
    author: Identity | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Write the series up to the end of ``until`` into OUTPUT; ``manifest.json`` says what it is.

    ``UsageError`` for an output, plan or series that cannot be used, ``NothingToDo`` when the
    source has all of it already.
    """
    if not any(step.phase == until for step in series.step):
        raise UsageError(f"the series of plan {plan.data.name} has no step for '{until}'")
    progress = progress or Progress()
    rules = plan.data.history
    identity = author or Identity(rules.author, rules.email)
    with complete_or_absent(output, source.location) as building:
        if _has_left(source, plan, series):
            raise NothingToDo(f"{plan.data.description or plan.data.name} has left {source.label}")
        with progress.stage("analyse"):
            extraction = rewrite(source.tree, analyse(source.tree, plan), source.label)
        with progress.stage("refactor"):
            work = Decoupling(extraction, series)
            stages, loaded = _take_steps(work, until)
        if not any(taken.stage.changes for taken in stages):
            raise NothingToDo(
                f"{source.label} has all {counted(len(stages), 'step')} already: there is nothing "
                f"to do"
            )
        target = building / plan.data.source_package
        with progress.stage("commits"):
            clone(source, target, rules.branch)
            commits = commit_series(source, target, stages, series.branch, identity)
            names = write_patches(target, source.revision, series.branch, building / PATCHES)
        manifest = _describe(source, plan, stages, commits, names)
        if loaded:
            manifest.counts["modules_loaded"] = len(loaded)
        if until == "removed":
            with progress.stage("gone_names"):
                manifest.checks.append(_gone_names(work))
        manifest.timing.seconds = progress.seconds
        write_manifest(building / "manifest.json", manifest)
    return manifest


def _has_left(source: Source, plan: Plan, series: Series) -> bool:
    """Whether the subsystem went with this series: what that leaves in its place is there."""
    paths = set(source.tree.paths())
    left = [path for step in series.step for path in step.add]
    roots = tuple(package.replace(".", "/") for package in plan.data.roots.packages)
    return bool(left) and paths.issuperset(left) and not any(p.startswith(roots) for p in paths)


def _take_steps(work: Decoupling, until: Phase) -> tuple[list[Taken], tuple[str, ...]]:
    roots = work.plan.data.roots
    meter = Meter(work.package, work.series.probes, [*roots.packages, *roots.tests], roots.exclude)
    effects = meter.look(work.tree())
    stages = []
    for stage in work.run(until):
        if stage.changes:
            effects = meter.look(work.tree())
            users = meter.users
        else:
            effects = tuple(Effect(e.module, e.after, e.after) for e in effects)
            users = Users(meter.users.after, meter.users.after)
        stages.append(Taken(stage, effects, users))
    return stages, meter.loaded(meter.probes[0])


def _gone_names(work: Decoupling) -> CheckRecord:
    """Whether nothing names a module, a document or a file that is gone."""
    mentions = work.mentions()
    evidence = [
        f"{counted(len(work.gone), 'file')} are gone; {counted(len(mentions), 'line')} "
        f"name one of them"
    ]
    return CheckRecord(
        name="gone_names",
        outcome=CheckOutcome.BROKEN if mentions else CheckOutcome.HELD,
        evidence=(*evidence, *map(str, mentions)),
    )


def _describe(
    source: Source,
    plan: Plan,
    stages: list[Taken],
    commits: list[Commit | None],
    names: list[str],
) -> Manifest:
    made = [commit for commit in commits if commit is not None]
    patches = dict(zip([commit.revision for commit in made], names, strict=True))
    manifest = Manifest(
        source=source_record(source),
        plan=PlanRecord(name=plan.data.name, digest=plan.digest),
        results=[
            ResultRecord(
                path=plan.data.source_package, revision=made[-1].revision, commits=len(made)
            )
        ],
        counts={"series_commits": len(made)},
    )
    for taken, commit in zip(stages, commits, strict=True):
        stage, users = taken.stage, taken.users
        revision = commit.revision if commit else ""
        manifest.series.append(
            SeriesRecord(
                number=stage.number,
                phase=stage.step.phase,
                title=stage.step.title,
                reason=stage.step.reason,
                status=stage.status,
                rewrites=tuple(stage.rewrites),
                paths=tuple(sorted(stage.changes)),
                moved=dict(sorted(stage.moved.items())),
                effects=tuple(
                    EffectRecord(module=e.module, before=e.before, after=e.after, no_more=e.no_more)
                    for e in taken.effects
                ),
                users=(users.before, users.after),
                left=stage.left,
                revision=revision,
                change_id=commit.change_id if commit else "",
                patch=f"{PATCHES}/{patches[revision]}" if commit else "",
            )
        )
        for path, error in stage.failures:
            manifest.failed.append(TroubleRecord(step=stage.step.title, path=path, reason=error))
        for path, finding in [*stage.findings, *stage.reports]:
            manifest.left_for_a_person.append(
                TaskRecord(
                    subject=f"{path}:{finding.line}" if finding.line else path,
                    task=f"{stage.step.title}: {finding.message}",
                )
            )
    return manifest


def summary(manifest: Manifest, output: Path) -> str:
    """The series as a person wants to see it: one line a commit."""
    result = manifest.results[0]
    lines = [
        f"{manifest.source.described} -> {output / result.path}, "
        f"{counted(result.commits, 'commit')}, {output / PATCHES}"
    ]
    for record in manifest.series:
        first = record.effects[0] if record.effects else None
        pair = (first.before, first.after) if first else (0, 0)
        if record.phase == "removed":
            pair = record.users
        loads = f"{pair[0]:>4} -> {pair[1]:<4}"
        done = "" if record.status == "done" else f"  ({record.status})"
        lines.append(f"  {record.number:>3} {loads} {record.title}{done}")
    return "\n".join([*lines, *manifest.ending()])
