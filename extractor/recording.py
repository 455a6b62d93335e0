"""What the manifest records of a finished extraction, and its first lines for a person."""

from __future__ import annotations

import ast
import fnmatch
import io
import re
import tokenize
from collections.abc import Sequence
from pathlib import Path

from extractor.analysis.symbols import Reach
from extractor.carving.decisions import outcome_of
from extractor.carving.extraction import Extraction, texts
from extractor.carving.left_out import left_out
from extractor.carving.renaming import still_named
from extractor.carving.steps import readable
from extractor.history.carry import CarriedHistory
from extractor.manifest import (
    DecisionRecord,
    DroppedRecord,
    KeptRecord,
    Manifest,
    MoveRecord,
    OverlayRecord,
    PlanRecord,
    ProposedRecord,
    ResultRecord,
    TaskRecord,
    TroubleRecord,
    UnboundRecord,
    WordRecord,
    source_record,
)
from extractor.moves import SliceMove
from extractor.outcome import Finding
from extractor.project.facts import project_of
from extractor.source.repository import Source
from extractor.verification.unresolved import unbound_names
from extractor.wording import counted


def record_extraction(
    source: Source, extraction: Extraction, carried: CarriedHistory, tip: str
) -> Manifest:
    """The manifest of a finished extraction, checks and timing left empty."""
    plan = extraction.plan
    manifest = Manifest(
        source=source_record(source),
        plan=PlanRecord(name=plan.data.name, digest=plan.digest),
        results=[
            ResultRecord(path=plan.data.name, revision=tip, commits=carried.counts["commits"])
        ],
        counts=_counts(extraction, carried),
        decisions=_decisions(extraction),
        moves=[
            MoveRecord(
                source=m.source,
                target=m.target,
                symbols=tuple(sorted(m.symbols)) if isinstance(m, SliceMove) else (),
            )
            for m in extraction.layout.moves
        ],
        overlay=[
            OverlayRecord(path=p, code_lines=code_lines(c) if p.endswith(".py") else 0)
            for p, c in sorted(plan.overlay.items())
            if extraction.files.get(p) == c
        ],
        remaining_words=remaining_words(extraction),
    )
    _troubles(manifest, extraction)
    _refused(manifest, carried, plan.data.history.not_from)
    _unreached(manifest, extraction)
    _left(manifest, extraction)
    _unbound(manifest, extraction)
    return manifest


def _counts(extraction: Extraction, carried: CarriedHistory) -> dict[str, int]:
    lines = {p: c.count(b"\n") for p, c in extraction.files.items() if p.endswith(".py")}
    project, plan = project_of(extraction.code()), extraction.plan.data
    slices = [m for m in extraction.layout.moves if isinstance(m, SliceMove)]
    return {
        "files": len(extraction.files),
        "python_files": len(lines),
        "python_lines": sum(lines.values()),
        "production_lines": sum(
            count
            for path, count in lines.items()
            if path.startswith(f"{extraction.package}/")
            and not project.kind_of(path).of_tests
            and not plan.is_migration(path)
        ),
        "symbols_carried": sum(len(m.symbols) for m in slices),
        "modules_sliced": len(slices),
        **{f"history_{name}": count for name, count in carried.counts.items()},
        "rewrite_commits": sum(bool(s.changes) for s in extraction.steps),
    }


def _left(manifest: Manifest, extraction: Extraction) -> None:
    """What the plan leaves open, and what nothing could place or read."""
    manifest.left_for_a_person += [
        TaskRecord(subject=item.subject, task=item.question) for item in extraction.plan.data.open
    ]
    manifest.left_for_a_person += [
        TaskRecord(
            subject=str(symbol),
            task="is needed, but no layout rule says where it goes: add one, or a decision",
        )
        for symbol in extraction.layout.undecided
    ]
    outside = left_out(extraction.source, extraction.layout, extraction.plan.data)
    manifest.left_for_a_person += [TaskRecord(subject=path, task=task) for path, task in outside]
    unread = readable({path: extraction.files[path] for path in texts(extraction)})
    for step, failed in (("analyse", extraction.reach.failed), ("rewrite", unread)):
        manifest.failed += [
            TroubleRecord(step=step, path=path, reason=error) for path, error in failed.items()
        ]


def _unbound(manifest: Manifest, extraction: Extraction) -> None:
    """Names that nothing binds, in the source either: its own faults, told and carried."""
    sources = {move.target: move.source for move in extraction.layout.moves}
    for path in sorted(sources.keys() & set(texts(extraction))):
        if not path.endswith(".py"):
            continue
        found = unbound_names(extraction.files[path], path)
        if not found:
            continue
        before = unbound_names(extraction.source.read(sources[path]), path)
        there = {one.name for one in before}
        for one in found:
            if one.name in there:
                manifest.unbound.append(UnboundRecord(path=path, name=one.name))
                task = f"{one.name} is not bound anywhere, nor in the source"
                manifest.left_for_a_person.append(
                    TaskRecord(subject=f"{path}:{one.line}", task=task)
                )


def _decisions(extraction: Extraction) -> list[DecisionRecord]:
    reach = extraction.reach
    names = {rule.subject: found for rule, found in extraction.layout.replaced}
    records = []
    for cut in extraction.plan.data.cut:
        records.append(
            DecisionRecord(
                kind="cut",
                subject=cut.subject,
                reason=cut.reason,
                outcome=outcome_of(extraction, cut),
                touched=_used_in(reach, cut.subject),
            )
        )
    for replace in extraction.plan.data.replace:
        symbols = sorted(names[replace.subject].symbols) if replace.subject in names else []
        records.append(
            DecisionRecord(
                kind="replace",
                subject=replace.subject,
                reason=replace.reason,
                stand_in=replace.with_,
                outcome=outcome_of(extraction, replace),
                touched=tuple(symbols),
            )
        )
    return records


def _used_in(reach: Reach, subject: str) -> tuple[str, ...]:
    return tuple(f"{u.importer}:{u.line}" for u in reach.stopped.get(subject, ()))


def _unreached(manifest: Manifest, extraction: Extraction) -> None:
    """What is proposed for dropping, and what came along for the rest of the source."""
    manifest.proposed = [
        ProposedRecord(
            symbol=one.subject,
            path=one.path,
            line=one.first_line,
            lines=one.last_line - one.first_line + 1,
            reason=one.reason,
        )
        for one in extraction.proposed
    ]
    manifest.kept = [
        KeptRecord(symbol=symbol, used_at=place) for symbol, place in extraction.kept.items()
    ]


def _troubles(manifest: Manifest, extraction: Extraction) -> None:
    """Sort what the steps found, and what is still named, into dropped, failed and left."""
    for step in extraction.steps:
        if step.status == "matched nothing":
            manifest.skipped.append(
                TroubleRecord(step=step.name, reason=f"{step.title}: {step.status}")
            )
        for path, error in step.failures:
            manifest.failed.append(TroubleRecord(step=step.name, path=path, reason=error))
        for path, finding in step.findings:
            if step.name == "drop_unreached":
                manifest.dropped.append(DroppedRecord(symbol=path, reason=finding.message))
            else:
                manifest.left_for_a_person.append(_task(path, finding))
    manifest.left_for_a_person += [_task(*one) for one in still_named(extraction)]


def _task(path: str, finding: Finding) -> TaskRecord:
    return TaskRecord(subject=f"{path}:{finding.line}", task=finding.message)


def _refused(manifest: Manifest, carried: CarriedHistory, not_from: Sequence[str]) -> None:
    """The past that the plan leaves out, and patterns that leave nothing out."""
    refused = carried.lineages.refused
    manifest.skipped += [
        TroubleRecord(
            step="history", path=step.old_path, reason=f"history.not_from refuses {step.told()}"
        )
        for step in refused
    ]
    manifest.skipped += [
        TroubleRecord(step="history", reason=f"history.not_from: {pattern!r} matched nothing")
        for pattern in not_from
        if not any(fnmatch.fnmatchcase(step.old_path, pattern) for step in refused)
    ]


def remaining_words(extraction: Extraction) -> list[WordRecord]:
    """Every line of the result that still holds the old package's name, with the reason."""
    old = re.compile(re.escape(extraction.old_package), re.IGNORECASE)
    explained = extraction.plan.data.explained
    found = []
    for path, content in sorted(extraction.files.items()):
        if b"\0" in content[:8000]:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if not old.search(line):
                continue
            rule = explained(path, line)
            reason = rule.reason if rule else "no rule of the plan explains it: check it"
            found.append(WordRecord(path=path, line=number, text=line.strip(), reason=reason))
    return found


def code_lines(content: bytes) -> int:
    """Lines that hold code: blanks, comments and docstrings are not counted."""
    skipped: set[int] = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                skipped.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    silent = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
    lines: set[int] = set()
    for token in tokenize.tokenize(io.BytesIO(content).readline):
        if token.type not in silent:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - skipped)


def summary(manifest: Manifest, output: Path) -> str:
    """What a person wants to know first, in a dozen lines."""
    counts = manifest.counts
    result = manifest.results[0]
    applied = [d for d in manifest.decisions if d.outcome == "applied"]
    lines = [
        f"{manifest.source.described} -> {output / result.path}",
        f"  {counted(counts['files'], 'file')}, {counted(counts['production_lines'], 'line')} of "
        f"Python without tests",
        f"  {counted(counts['symbols_carried'], 'symbol')} carried out of "
        f"{counted(counts['modules_sliced'], 'module')}",
        f"  {counted(result.commits, 'commit')} of history, {counts['rewrite_commits']} of "
        f"rewrites on top",
        f"  {counted(len(applied), 'decision')} applied, "
        f"{counted(sum(o.code_lines for o in manifest.overlay), 'line')} of overlay",
    ]
    if manifest.source.tests_from:
        lines.append(f"  tests of {manifest.source.tests_from[:12]}, the last that had them")
    return "\n".join([*lines, *manifest.ending()])
