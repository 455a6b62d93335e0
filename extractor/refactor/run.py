"""The job of ``refactor``: the series on a clone of the source, as patches, and what it did."""

from __future__ import annotations

from pathlib import Path

from extractor.errors import NothingToDo, UsageError
from extractor.history.commits import Identity
from extractor.manifest import (
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
from extractor.output import complete_or_absent
from extractor.pipeline import analyse, rewrite
from extractor.plan.load import Plan
from extractor.plan.series import Phase, Series
from extractor.progress import Progress
from extractor.refactor.measure import Effect, Meter
from extractor.refactor.patches import Commit, clone, commit_series, write_patches
from extractor.refactor.series import Decoupling, Stage
from extractor.source.repository import Source

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
        with progress.stage("analyse"):
            extraction = rewrite(source.tree, analyse(source.tree, plan), source.label)
        with progress.stage("refactor"):
            stages, loaded = _take_steps(Decoupling(extraction, series), until)
        if not any(stage.changes for stage, _ in stages):
            raise NothingToDo(
                f"{source.label} has all {len(stages)} steps already: there is nothing to do"
            )
        target = building / plan.data.source_package
        with progress.stage("commits"):
            clone(source, target, rules.branch)
            commits = commit_series(source, target, stages, series.branch, identity)
            names = write_patches(target, source.revision, series.branch, building / PATCHES)
        manifest = _describe(source, plan, stages, commits, names)
        manifest.counts["modules_loaded"] = len(loaded)
        manifest.timing.seconds = progress.seconds
        write_manifest(building / "manifest.json", manifest)
    return manifest


def _take_steps(
    work: Decoupling, until: Phase
) -> tuple[list[tuple[Stage, tuple[Effect, ...]]], tuple[str, ...]]:
    meter = Meter(work.package, work.series.probes)
    effects = meter.look(work.tree())
    stages = []
    for stage in work.run(until):
        if stage.changes:
            effects = meter.look(work.tree())
        else:
            effects = tuple(Effect(e.module, e.after, e.after) for e in effects)
        stages.append((stage, effects))
    return stages, meter.loaded(meter.probes[0])


def _describe(
    source: Source,
    plan: Plan,
    stages: list[tuple[Stage, tuple[Effect, ...]]],
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
    for (stage, effects), commit in zip(stages, commits, strict=True):
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
                effects=tuple(
                    EffectRecord(module=e.module, before=e.before, after=e.after, no_more=e.no_more)
                    for e in effects
                ),
                revision=revision,
                change_id=commit.change_id if commit else "",
                patch=f"{PATCHES}/{patches[revision]}" if commit else "",
            )
        )
        for path, error in stage.failures:
            manifest.failed.append(TroubleRecord(step=stage.step.title, path=path, reason=error))
        for path, finding in stage.findings:
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
        f"{result.commits} commits, {output / PATCHES}"
    ]
    for record in manifest.series:
        first = record.effects[0] if record.effects else None
        loads = f"{first.before:>4} -> {first.after:<4}" if first else ""
        done = "" if record.status == "done" else f"  ({record.status})"
        lines.append(f"  {record.number:>3} {loads} {record.title}{done}")
    return "\n".join([*lines, *manifest.ending()])
