"""Findings of one run together, and for programs (JSON).

The JSON's ``schema`` is ``extractor.analyze/1``: keys may be added under it, never change
their meaning. ``docs/analyze.md`` documents it.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.analysis.cascade import Cascade, PackageCost
from extractor.analysis.cuts import Cut, CutSet
from extractor.analysis.graph import Graph
from extractor.analysis.references import Reference
from extractor.analysis.registry import Coupling, Move
from extractor.analysis.shared import SharedSymbol
from extractor.analysis.stops import Stop
from extractor.analysis.subsystem import Subsystem, by_file
from extractor.analysis.truth import Report
from extractor.project.named_tests import is_test

SCHEMA = "extractor.analyze/1"


@dataclass(frozen=True)
class Analysis:
    """What was found in one graph; what was not asked for is ``None`` or empty."""

    source: str
    graph: Graph
    costs: Sequence[PackageCost] | None = None
    cascade: Cascade | None = None
    cuts: Sequence[Cut] | None = None
    cut_set: CutSet | None = None
    coupling: Coupling | None = None
    move: Move | None = None
    subsystem: Subsystem | None = None
    references: Sequence[Reference] | None = None
    truth: Report | None = None
    # Modules and packages to be explained to a person; JSON explains them all.
    why: Sequence[str] = ()

    def with_(self, other: Analysis) -> Analysis:
        """This one and what ``other`` found in the same graph."""
        found = {f.name: getattr(other, f.name) for f in dataclasses.fields(other)}
        kept = {name: value for name, value in found.items() if value not in (None, ())}
        return dataclasses.replace(self, **kept)

    @property
    def holds(self) -> bool:
        """Whether nothing was compared with real imports, or that held."""
        return self.truth is None or self.truth.holds


def as_json(analysis: Analysis) -> dict[str, Any]:
    """All findings as JSON values, in a stable order."""
    graph = analysis.graph
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "source": analysis.source,
        "packages": list(graph.packages),
        "modules": len(graph.modules),
        "lines": sum(graph.lines.values()),
        "unknown": _plain(graph.unknown),
        "unreadable": _plain(graph.unreadable),
    }
    if analysis.cascade is not None:
        cascade = analysis.cascade
        values["cascade"] = {
            "root": cascade.root,
            "modules": list(cascade.modules),
            "lines": cascade.lines,
            "third_party": _plain(cascade.third_party),
            "on_call": list(cascade.on_call),
            "type_checking": list(cascade.type_checking),
            "chains": {m: _plain(cascade.chain(m)) for m in cascade.modules},
        }
    if analysis.costs is not None:
        values["package_costs"] = _plain(analysis.costs)
    for name in ("cuts", "cut_set", "coupling", "move", "references", "truth"):
        value = getattr(analysis, name)
        if value is not None:
            values[name] = _plain(value)
    if analysis.subsystem is not None:
        values["symbols"] = _symbols_json(graph, analysis.subsystem)
    if analysis.truth is not None:
        values["truth"]["holds"] = analysis.truth.holds
    return values


def _symbols_json(graph: Graph, found: Subsystem) -> dict[str, Any]:
    def place(module: str, line: int) -> dict[str, Any]:
        return {"module": module, "path": graph.modules[module].path, "line": line}

    def stop(stop: Stop) -> dict[str, Any]:
        return {
            "subject": stop.subject,
            "saves": [str(symbol) for symbol in stop.saves],
            "together": stop.together,
            "uses": [place(use.importer, use.line) for use in stop.uses],
        }

    def shared(found: SharedSymbol) -> dict[str, Any]:
        return {
            "symbol": str(found.symbol),
            "inside": [place(use.importer, use.line) for use in found.inside],
            "outside": [
                {
                    "module": module,
                    "path": graph.modules[module].path,
                    "test": is_test(module),
                    "count": len(lines),
                    "lines": lines,
                }
                for module, lines in by_file(found).items()
            ],
        }

    return {
        "own": list(found.own),
        "owned": list(found.owned),
        "needs": [
            {
                "symbol": str(symbol),
                "chain": [
                    {"symbol": str(hop), **place(use.importer, use.line)}
                    for hop, use in found.reach.chain(symbol)
                ],
            }
            for symbol in found.needs()
        ],
        "needed_lines": dict(found.lines),
        "re_exports": {str(s): f"{r.module}.{r.name}" for s, r in found.re_exports().items()},
        "unresolved": [str(symbol) for symbol in found.reach.unknown],
        "stops": [stop(s) for s in found.stops],
        "stop_set": [stop(s) for s in found.stop_set],
        "left": [str(symbol) for symbol in found.left],
        "used_by_rest": [shared(s) for s in found.shared.of_subsystem],
        "used_by_both": [shared(s) for s in found.shared.both],
        "tests": [{**_plain(test), "belongs": test.belongs} for test in found.tests],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: _plain(getattr(value, name)) for name in value._fields}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    return value
