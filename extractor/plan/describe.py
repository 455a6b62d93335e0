"""A plan's meaning at one revision, as tables for a person and as data for a program."""

from __future__ import annotations

from typing import Any

from extractor.analysis.symbols import Reach
from extractor.moves import SliceMove, WholeMove
from extractor.plan.model import Cut, PlanData
from extractor.plan.moves import Layout

SCHEMA_VERSION = 1


def as_json(data: PlanData, reach: Reach, layout: Layout) -> dict[str, Any]:
    """Version 1: ``decisions``, ``slices``, ``files``, ``open``, ``undecided``, ``unknown``."""
    return {
        "schema_version": SCHEMA_VERSION,
        "plan": data.name,
        "decisions": [
            {
                "kind": "cut" if isinstance(decision, Cut) else "replace",
                "subject": decision.subject,
                "uses": len(reach.stopped.get(decision.subject, ())),
                "reason": decision.reason,
            }
            for decision in data.decisions()
        ],
        "slices": [
            {"source": m.source, "target": m.target, "symbols": sorted(m.symbols)}
            for m in layout.moves
            if isinstance(m, SliceMove)
        ],
        "files": {m.source: m.target for m in layout.moves if isinstance(m, WholeMove)},
        "open": [
            {"subject": o.subject, "question": o.question, "taken": o.taken, "cost": o.cost}
            for o in data.open
        ],
        "undecided": [
            {
                "symbol": str(symbol),
                "reached": [f"{use.importer}:{use.line}" for _, use in reach.chain(symbol)],
            }
            for symbol in layout.undecided
        ],
        "unknown": {
            str(symbol): [f"{use.importer}:{use.line}" for use in uses]
            for symbol, uses in reach.unknown.items()
        },
    }


def as_text(data: PlanData, reach: Reach, layout: Layout) -> str:
    """Decisions, slices and what is undecided; whole files are only counted."""
    facts = as_json(data, reach, layout)
    lines = [f"Plan {data.name}: {len(facts['files'])} whole files", "", "Decisions"]
    for decision in facts["decisions"]:
        uses = decision["uses"]
        note = f"{uses} uses" if uses else "nothing to do at this revision"
        lines.append(f"  {decision['kind']:8}{decision['subject']}  ({note})")
    lines += ["", "Carried symbol by symbol"]
    for found in facts["slices"]:
        lines.append(f"  {found['source']} -> {found['target']}")
        lines.append(f"      {', '.join(found['symbols'])}")
    if facts["open"]:
        lines += ["", "Open questions of the draft"]
        for item in facts["open"]:
            lines += [f"  {item['subject']}", f"      {item['question']}"]
            lines += [f"      {key}: {item[key]}" for key in ("taken", "cost") if item[key]]
    if facts["undecided"]:
        lines += ["", "Left for you to decide: needed, but no rule says where it goes"]
        for item in facts["undecided"]:
            lines.append(f"  {item['symbol']}")
            lines += [f"      from {hop}" for hop in item["reached"]]
    if facts["unknown"]:
        lines += ["", "Resolves to nothing"]
        lines += [f"  {name}  ({uses[0]})" for name, uses in facts["unknown"].items()]
    return "\n".join(lines)
