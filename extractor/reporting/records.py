"""A run's manifest as the report holds it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from extractor_reports import schema

from extractor.manifest import Manifest, TroubleRecord
from extractor.moves import Move, SliceMove, WholeMove
from extractor.plan.model import PlanData
from extractor.source.tree import Tree
from extractor.verification.run import CHECKS, QUICK, purpose


def recorded(manifest: Manifest, data: PlanData, result: Tree) -> dict[str, object]:
    """The fields of ``schema.RunReport`` that the manifest alone fills."""
    return {
        "tool": schema.Tool(name=manifest.tool.name, version=manifest.tool.version),
        "title": data.description or data.name,
        "source": schema.Source(
            described=manifest.source.described,
            revision=manifest.source.revision,
            date=manifest.source.commit_date,
            dirty=manifest.source.dirty,
            releases=tuple(
                f"{r.name} {r.version} ({r.date[:10]})" for r in manifest.source.releases
            ),
        ),
        "source_package": data.source_package,
        "target_package": data.target_package,
        "plan": manifest.plan.name,
        "plan_digest": manifest.plan.digest,
        "results": tuple(
            schema.Result(path=r.path, revision=r.revision, commits=r.commits)
            for r in manifest.results
        ),
        "counts": dict(sorted(manifest.counts.items())),
        "decisions": _decisions(manifest),
        "overlay": tuple(
            schema.OverlayFile(
                path=o.path,
                code_lines=o.code_lines,
                purpose=o.purpose or purpose_of(_read(result, o.path)),
                text=_read(result, o.path),
            )
            for o in manifest.overlay
        ),
        "checks": tuple(checks(manifest)),
        "left_for_a_person": tuple(
            schema.Task(subject=t.subject, task=t.task) for t in manifest.left_for_a_person
        ),
        "remaining_words": tuple(
            schema.Word(path=w.path, line=w.line, text=w.text, reason=w.reason)
            for w in manifest.remaining_words
        ),
        "failed": _troubles(manifest.failed),
        "skipped": _troubles(manifest.skipped),
        "dropped": tuple(
            schema.Trouble(step="drop_unreached", path=d.symbol, reason=d.reason)
            for d in manifest.dropped
        ),
    }


def origins(manifest: Manifest) -> dict[str, schema.Origin]:
    """How each file of the result came there, for those that came from somewhere."""
    found: dict[str, schema.Origin] = {}
    for move in manifest.moves:
        if not move.symbols:
            found[move.target] = "moved"
        else:
            found.setdefault(move.target, "carried")
    for overlay in manifest.overlay:
        found[overlay.path] = "written"
    return found


def moves(manifest: Manifest) -> list[Move]:
    """The moves that the run made."""
    return [
        SliceMove(m.source, m.target, frozenset(m.symbols))
        if m.symbols
        else WholeMove(m.source, m.target)
        for m in manifest.moves
    ]


def _decisions(manifest: Manifest) -> tuple[schema.Decision, ...]:
    return tuple(
        schema.Decision(
            kind=d.kind,
            subject=d.subject,
            reason=d.reason,
            outcome=d.outcome,
            stand_in=d.stand_in or "",
            touched=d.touched,
        )
        for d in manifest.decisions
    )


def checks(manifest: Manifest) -> Iterable[schema.Check]:
    """What was seen of each promise, in the order they are asked; the others were not asked."""
    seen = {c.name: c for c in manifest.checks}
    for name in dict.fromkeys((*CHECKS, *seen)):
        promise = purpose(name) if name in CHECKS else ""
        if name in seen:
            record = seen[name]
            yield schema.Check(
                name=name, promise=promise, outcome=record.outcome, evidence=record.evidence
            )
        elif name not in QUICK:
            yield schema.Check(name=name, promise=promise, outcome="not asked")


def purpose_of(text: str) -> str:
    """The first line of a Python file's docstring, or nothing."""
    try:
        described = ast.get_docstring(ast.parse(text))
    except (SyntaxError, ValueError):
        return ""
    return described.strip().partition("\n")[0] if described else ""


def series(found: Manifest) -> dict[str, object]:
    """The fields that the manifest of a series fills."""
    return {
        "series": tuple(
            schema.Patch.model_validate(record.model_dump(mode="json")) for record in found.series
        ),
        "series_checks": tuple(
            schema.Check(name=c.name, outcome=c.outcome, evidence=c.evidence) for c in found.checks
        ),
        "series_left": tuple(
            schema.Task(subject=t.subject, task=t.task) for t in found.left_for_a_person
        ),
    }


def _troubles(records: Iterable[TroubleRecord]) -> tuple[schema.Trouble, ...]:
    return tuple(
        schema.Trouble(step=r.step, path=r.path, line=r.line, reason=r.reason) for r in records
    )


def _read(tree: Tree, path: str) -> str:
    try:
        return tree.read(path).decode("utf-8", "surrogateescape")
    except KeyError:
        return ""
