"""Carry out what the plan decides: calls that are cut, names that others stand in for."""

from __future__ import annotations

import re

from extractor.carving.extraction import (
    Extraction,
    Step,
    over_all,
    python_files,
    source_file,
    sources_of,
)
from extractor.carving.renaming import rename
from extractor.moves import SliceMove, WholeMove
from extractor.outcome import DecisionOutcome
from extractor.plan.model import Decision, Replace
from extractor.plan.moves import NameMap
from extractor.project.layout import module_of
from extractor.rewrites import drop_calls, replace_definition
from extractor.rewrites.driver import run_over


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
        settings = drop_calls.Settings(frozenset([cut.subject]))
        batch = run_over(
            "drop_calls",
            (
                (source_file(extraction, path, origin.get(path, path)), settings)
                for path in python_files(extraction)
            ),
        )
        status = "done" if batch.changes else _why_nothing(extraction, cut.subject)
        extraction.apply(Step.of("drop_calls", title_of(cut), cut.reason, batch, status))


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
    settings = replace_definition.Settings({f"{module}:{name}": decision.with_})
    paths = [p for p in python_files(extraction) if module_of(p) == module]
    batch = over_all(extraction, "replace_definition", settings, paths)
    extraction.apply(Step.of("replace_definition", title_of(decision), decision.reason, batch))


def add_overlay(extraction: Extraction) -> None:
    spared = _named_for_other_revisions(extraction)
    missing = {
        p: c
        for p, c in extraction.plan.overlay.items()
        if p not in extraction.files and p not in spared
    }
    extraction.apply(
        Step(
            "replace_by_overlay",
            "Add what a person wrote for the new repository",
            "Files that nothing in the old repository stands for; they start without a past.",
            missing,
        )
    )


def _named_for_other_revisions(extraction: Extraction) -> set[str]:
    """Stand-ins of single names to which none leads here, and of which the overlay says nothing."""
    overlay = extraction.plan.overlay
    wanted = {
        new.partition(":")[0]
        for _, names in extraction.layout.replaced
        for new in names.symbols.values()
    }
    named = {
        new.partition(":")[0]
        for rule in extraction.plan.data.replace
        for new in (*rule.names.values(), *rule.where_taken.values())
        if ":" in new
    }
    spared = set()
    for module in named - wanted:
        path = f"{module.replace('.', '/')}.py"
        word = re.compile(rf"\b{re.escape(module.rpartition('.')[2])}\b".encode())
        if not any(word.search(text) for other, text in overlay.items() if other != path):
            spared.add(path)
    return spared
