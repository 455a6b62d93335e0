"""Carry out what the plan decides: calls that are cut, names that others stand in for."""

from __future__ import annotations

from extractor.carving.extraction import (
    Extraction,
    Step,
    each,
    is_package,
    python_files,
    sources_of,
)
from extractor.carving.renaming import rename
from extractor.moves import SliceMove, WholeMove
from extractor.outcome import DecisionOutcome, Outcome
from extractor.plan.model import Decision, Replace
from extractor.plan.moves import NameMap
from extractor.project.layout import module_of
from extractor.rewrites import drop_calls, replace_definition


def title_of(decision: Decision) -> str:
    """What the commit that carries out the decision is called."""
    if isinstance(decision, Replace):
        return f"Replace {decision.subject} by {decision.with_}"
    return f"Do not call {decision.subject}"


def outcome_of(extraction: Extraction, decision: Decision) -> DecisionOutcome:
    """Whether it was applied: something that is carried changed, or stayed behind for it."""
    subject = decision.subject
    if subject not in extraction.reach.stopped:
        return "already done"
    if getattr(decision, "with_", "") == subject:
        # The old package as a library: names stay as they are.
        return "applied"
    if isinstance(decision, Replace):
        own = [step for step in extraction.steps if step.title == title_of(decision)]
        changed = (path for step in own for path in step.changes)
        done = any(path not in extraction.plan.overlay for path in changed)
    else:
        done = any(s.changes for s in extraction.steps if s.title == title_of(decision))
        done = done or not _is_carried(extraction, subject)
    return "applied" if done else "matched nothing"


def _is_carried(extraction: Extraction, subject: str) -> bool:
    module, _, name = subject.partition(":")
    return any(
        isinstance(move, WholeMove) or name in move.symbols
        for move in extraction.layout.moves
        if isinstance(move, WholeMove | SliceMove) and module_of(move.source) == module
    )


def drop_cut_calls(extraction: Extraction) -> None:
    origin = sources_of(extraction.layout)
    for cut in extraction.plan.data.cut:

        def rewrite(path: str, content: bytes, subject: str = cut.subject) -> Outcome:
            before = origin.get(path, path)
            return drop_calls.rewrite(
                content,
                module=module_of(before),
                is_package=is_package(before),
                calls=frozenset([subject]),
                path=path,
            )

        changes, findings, failures = each(extraction, python_files(extraction), rewrite)
        status = "done" if changes else _why_nothing(extraction, cut.subject)
        extraction.apply(
            Step(
                "drop_calls",
                title_of(cut),
                cut.reason,
                changes,
                findings,
                failures,
                status,
            )
        )


def _why_nothing(extraction: Extraction, subject: str) -> str:
    if subject in extraction.reach.stopped:
        return "matched nothing"
    return "already done upstream"


def replace(extraction: Extraction, decision: Replace, names: NameMap) -> None:
    module = decision.with_.partition(":")[0]
    subject, _, name = decision.subject.partition(":")
    own = extraction.layout.moved.modules.get(subject)
    if own is not None and name:
        _replace_own(extraction, decision, own, name)
        return
    path = module.replace(".", "/")
    overlay = {
        p: c
        for p, c in extraction.plan.overlay.items()
        if p not in extraction.files and (p == f"{path}.py" or p.startswith(f"{path}/"))
    }
    rename(
        extraction,
        names,
        title_of(decision),
        decision.reason,
        extra=overlay,
        rewrite_name="replace_by_overlay" if overlay else "rename_references",
    )


def _replace_own(extraction: Extraction, decision: Replace, module: str, name: str) -> None:
    """A definition of the subsystem itself gives way to an import under the same name."""

    def rewrite(path: str, content: bytes) -> Outcome:
        return replace_definition.rewrite(content, name=name, replacement=decision.with_, path=path)

    paths = [p for p in python_files(extraction) if module_of(p) == module]
    changes, findings, failures = each(extraction, paths, rewrite)
    extraction.apply(
        Step(
            "replace_definition",
            title_of(decision),
            decision.reason,
            changes,
            findings,
            failures,
            "done" if changes else "matched nothing",
        )
    )


def add_overlay(extraction: Extraction) -> None:
    missing = {p: c for p, c in extraction.plan.overlay.items() if p not in extraction.files}
    extraction.apply(
        Step(
            "replace_by_overlay",
            "Add what a person wrote for the new repository",
            "Files that nothing in the old repository stands for; they start without a past.",
            missing,
        )
    )
