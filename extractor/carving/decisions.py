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
from extractor.outcome import Outcome
from extractor.plan.model import Replace
from extractor.plan.moves import NameMap
from extractor.project.layout import module_of
from extractor.rewrites import drop_calls, replace_definition


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
                f"Do not call {cut.subject}",
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
        f"Replace {decision.subject} by {decision.with_}",
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
            f"Replace {decision.subject} by {decision.with_}",
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
