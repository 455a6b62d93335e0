"""Findings for people: short tables, the worst first; chains one hop a line, with places."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from extractor.analysis.belonging import Test
from extractor.analysis.cascade import Cascade, PackageCost
from extractor.analysis.cuts import Cut, CutSet
from extractor.analysis.graph import Edge, Graph, Kind
from extractor.analysis.references import Reference
from extractor.analysis.registry import Coupling, Move
from extractor.analysis.report import Analysis
from extractor.analysis.shared import SharedSymbol
from extractor.analysis.stops import Stop
from extractor.analysis.subsystem import Subsystem, by_file
from extractor.analysis.symbols import Symbol
from extractor.analysis.truth import Comparison, Report
from extractor.project.named_tests import is_test
from extractor.project.standard_library import is_standard_library
from extractor.wording import counted

_ROWS = 15


def as_text(analysis: Analysis) -> str:
    """What a person wants to read of an analysis."""
    graph = analysis.graph
    parts = [
        f"{', '.join(graph.packages)} of {analysis.source}: {len(graph.modules)} modules, "
        f"{sum(graph.lines.values()):,} lines"
    ]
    if analysis.cascade is not None:
        parts += _loads(analysis.cascade)
    if analysis.costs is not None:
        parts += _cascade(graph, analysis.cascade) if analysis.cascade is not None else []
        parts += _costs(analysis.costs)
    if analysis.cuts is not None:
        parts += _cuts(graph, analysis.cuts, analysis.cut_set)
    for module in analysis.why:
        parts += _why(graph, analysis, module)
    if analysis.coupling is not None:
        parts += _coupling(graph, analysis.coupling, analysis.move)
    if analysis.subsystem is not None:
        parts += _symbols(graph, analysis.subsystem)
    if analysis.references is not None:
        parts += _references(analysis.references)
    if analysis.costs is not None or analysis.truth is not None:
        parts += _unknown(graph)
    parts += _unreadable(graph)
    if analysis.truth is not None:
        parts += _truth(analysis.truth, analysis.cascade)
    return "\n".join(parts)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a short table: numbers to the right, everything else to the left."""
    every = [[str(cell) for cell in row] for row in rows]
    cells = [list(heads), *every[:_ROWS]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    lines = []
    for row in cells:
        line = "  ".join(
            cell.rjust(width) if cell.replace(",", "").isdigit() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        )
        lines.append(f"  {line.rstrip()}")
    return lines + ([f"  and {len(every) - _ROWS} more"] if len(every) > _ROWS else [])


def chain(graph: Graph, cascade: Cascade, module: str) -> list[str]:
    """Why the root loads ``module``: one hop a line, each at its file and line."""
    lines = []
    for edge in cascade.chain(module):
        if edge.kind is Kind.PARENT:
            how = "is inside"
        elif edge.kind is Kind.CALL:
            how = f"calls {edge.via}, which imports"
        else:
            how = "imports"
        lines.append(f"  {graph.where(edge.importer, edge.line)}  {how} {edge.imported}")
    return lines


def _loads(cascade: Cascade) -> list[str]:
    count = len(cascade.modules)
    return ["", f"import {cascade.root} loads {count} modules, {cascade.lines:,} lines"]


def _cascade(graph: Graph, cascade: Cascade) -> list[str]:
    below: Counter[str] = Counter(".".join(m.split(".")[:2]) for m in cascade.modules)
    lines = [
        *table(("modules", "below"), ((n, p) for p, n in _most(below))),
        *_third_party(graph, cascade),
        *_apart(graph, cascade, Kind.ON_CALL, cascade.on_call, "on call"),
        *_apart(graph, cascade, Kind.TYPE_CHECKING, cascade.type_checking, "for type checkers"),
    ]
    heaviest = sorted(cascade.modules, key=lambda m: (-graph.lines.get(m, 0), m))[:3]
    for module in heaviest:
        if module != cascade.root and graph.lines.get(module):
            lines += [f"why {module} ({graph.lines.get(module, 0):,} lines):"]
            lines += chain(graph, cascade, module)
    return lines


def _third_party(graph: Graph, cascade: Cascade) -> list[str]:
    """Other projects' packages, those that few places bring first: one edit may lose them."""
    first: dict[str, str] = {}
    for external in graph.externals:
        if external.importer in cascade.third_party.get(external.package, ()):
            place = graph.where(external.importer, external.line)
            first.setdefault(external.package, place)
    users = {n: len(u) for n, u in cascade.third_party.items() if not is_standard_library(n)}
    ordered = sorted(users, key=lambda name: (users[name], name))
    rows = [(users[name], name, first.get(name, "")) for name in ordered[:_ROWS]]
    lines = [f"  other projects' packages that these modules import: {len(ordered)}"]
    if rows:
        lines += table(("importers", "package", "first"), rows)
    if ordered[_ROWS:]:
        more = f"and of other modules: {', '.join(ordered[_ROWS:])}"
        lines += textwrap.wrap(more, 96, initial_indent="  ", subsequent_indent="    ")
    return lines


def _apart(
    graph: Graph, cascade: Cascade, kind: Kind, modules: Sequence[str], what: str
) -> list[str]:
    """Modules that the import does not load, though something loaded names them."""
    inside, outside = set(cascade.modules), set(modules)
    first: dict[str, Edge] = {}
    for edge in graph.edges:
        if edge.kind is kind and edge.importer in inside and edge.imported in outside:
            first.setdefault(edge.imported, edge)
    if not first:
        return []
    places = [
        f"    {graph.where(e.importer, e.line)}  {e.imported}" for _, e in sorted(first.items())
    ]
    more = [f"    and {len(first) - _ROWS} more"] if len(first) > _ROWS else []
    return [f"  not loaded, but named {what}: {len(first)} modules", *places[:_ROWS], *more]


def _why(graph: Graph, analysis: Analysis, module: str) -> list[str]:
    """Who is to blame for a module; of a package also what its __init__ costs whom."""
    lines = [""]
    cascade = analysis.cascade
    if cascade is not None and module in cascade.modules:
        lines += [f"why {module} is loaded:", *chain(graph, cascade, module)]
    elif cascade is not None and module in cascade.third_party:
        users = cascade.third_party[module]
        near = min(users, key=lambda user: (len(cascade.chain(user)), user))
        at = next(e for e in graph.externals if e.importer == near and e.package == module)
        lines += [
            f"why {module} is imported, by {counted(len(users), 'module')} (the nearest):",
            *chain(graph, cascade, near),
            f"  {graph.where(near, at.line)}  imports {at.imported}",
        ]
    elif cascade is not None:
        lines.append(f"import {cascade.root} does not load {module}")
    for cost in analysis.costs or ():
        if cost.package != module:
            continue
        lines.append(
            f"import {module} loads {cost.loads} modules, {cost.own} of them by its own __init__ "
            f"(statements: {cost.statements})"
        )
        lines.append(f"importers that want only something below it: {len(cost.passers_by)}")
        for importer in cost.passers_by:
            edge = next(
                e
                for e in graph.imports_of(importer)
                if e.loads and e.imported.startswith(f"{module}.")
            )
            lines.append(f"  {graph.where(importer, edge.line)}  imports {edge.imported}")
    return lines


def _costs(costs: Sequence[PackageCost]) -> list[str]:
    rows = [
        (c.own, c.loads, len(c.passers_by), "yes" if c.on_path else "", c.package)
        for c in sorted(costs, key=lambda c: not c.on_path)
    ]
    if not rows:
        return []
    heads = ("its own doing", "loads", "passers-by", "on path", "package")
    return ["", f"packages whose __init__ imports: {len(costs)}", *table(heads, rows)]


def _cuts(graph: Graph, cuts: Sequence[Cut], chosen: CutSet | None) -> list[str]:
    lines = ["", "what one cut saves"]
    rows = [(len(c.saves), c.lines, cut_text(graph, c)) for c in cuts]
    lines += table(("modules", "lines", "cut"), rows) if rows else ["  nothing"]
    if chosen is not None:
        verdict = "" if chosen.met else " (not met: the rest must stay or needs other cuts)"
        lines += [
            "",
            f"for a budget of {chosen.budget}: {len(chosen.cuts)} cuts take "
            f"{chosen.before} modules to {chosen.after}{verdict}",
        ]
        rows = [
            (len(cut.saves), together, cut_text(graph, cut))
            for cut, together in zip(chosen.cuts, chosen.together, strict=True)
        ]
        lines += table(("alone", "together", "cut"), rows)
    return lines


def cut_text(graph: Graph, cut: Cut) -> str:
    """What to do, in a phrase, with its place."""
    first = cut.statements[0]
    place = graph.where(first.importer, first.line)
    if cut.silences:
        return f"empty {cut.silences}'s __init__ ({place}, {len(cut.statements)} statements)"
    if cut.frees:
        return f"stop using {cut.frees} ({len(cut.statements)} statements from {place})"
    if first.via:
        return f"no call of {first.via} at {place}"
    return f"no import of {', '.join(first.imported[:2])} at {place}"


def _coupling(graph: Graph, coupling: Coupling, move: Move | None) -> list[str]:
    fields = Counter(holds for c in coupling.classes for _, holds in c.fields)
    rows = [
        (
            len(c.by_attribute),
            len(c.by_import),
            len(c.fields),
            fields[c.name],
            len(c.tables),
            f"{c.name} ({graph.where(c.module, c.line)})",
        )
        for c in sorted(coupling.classes, key=lambda c: (-len(c.by_attribute), c.name))
    ]
    lines = [
        "",
        f"{coupling.package} registers {len(coupling.classes)} classes",
        *(
            f"  loaded by {place}: {n} modules"
            for place, n in _most(_loaders(graph, coupling))[:_ROWS]
        ),
        *table(("by attribute", "by import", "fields", "held by", "tables", "class"), rows),
        f"  modules used by attribute: {len(coupling.module_uses)} places",
    ]
    if move is not None:
        lines += [
            f"  moving {len(move.moving)} classes out of {', '.join(move.modules)}:",
            f"    fields that name others: {len(move.fields_out)}; "
            f"fields of others that name them: {len(move.fields_in)}",
            f"    tables shared: {', '.join(t for t, _ in move.shared_tables) or 'none'}",
            f"    places to change: {len(move.users_by_import)} imports, "
            f"{len(move.users_by_attribute)} attributes",
            *(
                f"      {graph.where(u.importer, u.line)}  {coupling.package}.{u.name}"
                for u in move.users_by_attribute[:_ROWS]
            ),
            *(
                f"      {graph.where(e.importer, e.line)}  imports {e.imported}"
                for e in move.users_by_import[:_ROWS]
            ),
        ]
    return lines


def _loaders(graph: Graph, coupling: Coupling) -> Counter[str]:
    """Where the registered classes' modules are loaded: the calls, or the package's imports."""
    places: dict[str, set[str]] = {}
    for edge in coupling.loaded_by:
        what = graph.where(edge.importer, edge.line)
        if edge.kind is Kind.ON_CALL:
            what = f"a call of {edge.via} in {graph.where(edge.importer, 0)}"
        elif edge.via:
            what = f"{what}, which calls {edge.via}"
        places.setdefault(what, set()).add(edge.imported)
    return Counter({place: len(modules) for place, modules in places.items()})


def _symbols(graph: Graph, found: Subsystem) -> list[str]:
    needs = found.needs()
    modules = Counter(symbol.module for symbol in needs)
    lines = [
        "",
        f"the subsystem, {len(found.own)} modules, needs {len(needs)} symbols of {len(modules)} "
        f"others, {sum(found.lines.values()):,} lines",
        *(f"  also its own, as nothing else uses it: {module}" for module in found.owned),
        *table(
            ("symbols", "lines", "module"),
            ((n, f"{found.lines.get(m, 0):,}", m) for m, n in _most(modules)),
        ),
    ]
    if found.stop_set:
        lines += [
            "",
            f"not following {len(found.stop_set)} of them leaves {len(found.left)} symbols of "
            f"{len({s.module for s in found.left})} modules",
            *table(
                ("saves", "together", "modules", "do not follow"),
                (
                    (len(s.saves), s.together, s.modules, f"{s.subject} ({_first(graph, s)})")
                    for s in found.stop_set
                ),
            ),
        ]
    for symbol in _farthest(found):
        lines.append(f"why {symbol}:")
        for hop, use in reversed(found.reach.chain(symbol)):
            lines.append(f"  {graph.where(use.importer, use.line)}  uses {hop}")
    lines += _uses_table(graph, "what the rest uses of it", found.shared.of_subsystem)
    both = found.shared.both
    if found.stop_set:
        both = tuple(s for s in both if s.symbol in found.left)
    what = "what both sides use" + (" of what is left then" if found.stop_set else "")
    lines += _uses_table(graph, what, both)
    return lines + _tests(found.tests)


def _tests(tests: Sequence[Test]) -> list[str]:
    """Tests on the border first: those that stay behind, then those that use the rest too."""
    if not tests:
        return []
    along = sum(t.belongs for t in tests)
    ordered = sorted(
        tests, key=lambda t: (t.belongs, t.uses_subsystem - t.uses_any == 0, -t.uses_subsystem)
    )
    heads = ("lines that use it", "lines that use anything", "goes along", "test")
    rows = [(t.uses_subsystem, t.uses_any, "yes" if t.belongs else "no", t.module) for t in ordered]
    return [
        "",
        f"tests that use it or have its name: {len(tests)}, of which {along} go along",
        *table(heads, rows),
    ]


def _first(graph: Graph, stop: Stop) -> str:
    if not stop.uses:
        return "used by what it owns"
    use = stop.uses[0]
    more = f" and {len(stop.uses) - 1} more" if len(stop.uses) > 1 else ""
    return f"{graph.where(use.importer, use.line)}{more}"


def _farthest(found: Subsystem) -> list[Symbol]:
    """A symbol behind each of the dearest stops, to show how it is reached."""
    chosen = []
    for stop in found.stop_set[:3]:
        far = max(stop.saves, key=lambda s: (len(found.reach.chain(s)), str(s)))
        chosen.append(far)
    return chosen


def _uses_table(graph: Graph, title: str, rows: Sequence[SharedSymbol]) -> list[str]:
    """One row a symbol, those that production code uses first; below, where it does."""
    if not rows:
        return []
    by_use = []
    for found in rows:
        files = by_file(found)
        tests = {m: n for m, n in files.items() if is_test(m)}
        rest = {m: n for m, n in files.items() if m not in tests}
        by_use.append((found, rest, tests))
    by_use.sort(key=lambda row: (-len(row[1]), -len(row[2]), str(row[0].symbol)))

    def count(files: Mapping[str, list[int]]) -> int:
        return sum(len(lines) for lines in files.values())

    lines = [
        "",
        f"{title}: {len(rows)} symbols",
        *table(
            ("inside", "files", "uses", "test files", "test uses", "symbol"),
            (
                (len(f.inside), len(rest), count(rest), len(tests), count(tests), f.symbol)
                for f, rest, tests in by_use
            ),
        ),
    ]
    for found, rest, _ in by_use[:_ROWS]:
        if 0 < len(rest) <= _ROWS:
            lines.append(f"  where {found.symbol} is used:")
            lines += [
                f"    {graph.where(module, where[0])}"
                + (f" and {len(where) - 1} lines more" if len(where) > 1 else "")
                for module, where in rest.items()
            ]
    return lines


def _references(references: Sequence[Reference]) -> list[str]:
    kinds = Counter(r.kind.value for r in references)
    lines = ["", f"references outside of imports: {len(references)}"]
    lines += table(("places", "kind"), ((n, k) for k, n in _most(kinds)))
    rare = [r for r in references if kinds[r.kind.value] <= _ROWS]
    return lines + [f"  {r.path}:{r.line}  {r.kind.value} {r.text}" for r in rare[: 2 * _ROWS]]


def _unknown(graph: Graph) -> list[str]:
    lines = [
        f"  {graph.where(u.importer, u.line)}  {u.function}"
        + (f" in {u.via}" if u.via else "")
        + (f": one of {', '.join(u.candidates)}" if u.candidates else "")
        for u in graph.unknown
        if not u.on_call
    ]
    if lines:
        lines = ["", "imports whose module is known only at run time", *dict.fromkeys(lines)]
    return lines


def _unreadable(graph: Graph) -> list[str]:
    places = [f"  {u.path}:{u.line}  {u.reason}" for u in graph.unreadable]
    return ["", "files that cannot be parsed", *places] if places else []


def _truth(truth: Report, cascade: Cascade | None) -> list[str]:
    seen = sum(c.seen for c in truth.compared)
    wrong = [c for c in truth.compared if c.missing or c.extra or c.configured]
    lines = [
        "",
        f"compared with real imports: {counted(len(truth.compared), 'module')}, {seen} loads; "
        f"{'holds' if truth.holds else 'DOES NOT HOLD'}",
        f"  missing {sum(len(c.missing) for c in truth.compared)}, "
        f"too many {sum(len(c.extra) for c in truth.compared)}, "
        f"loaded by a place listed as unknown {sum(len(c.configured) for c in truth.compared)}",
    ]
    for c in wrong:
        words = [f"-{m}" for m in c.missing] + [f"+{m}" for m in c.extra]
        lines.append(f"  {c.module}: {' '.join([*words, *(f'?{m}' for m in c.configured)])}")
    if cascade is not None:
        lines += _brought(cascade, [c for c in truth.compared if c.module == cascade.root])
    lines += [f"  {place} loaded {', '.join(modules)}" for place, modules in truth.chosen]
    lines += [f"  not importable: {m} ({why})" for m, why in truth.not_importable]
    return lines


def _most(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))


def _brought(cascade: Cascade, compared: Sequence[Comparison]) -> list[str]:
    """Packages that only a real import shows: other projects bring them."""
    found = {p for c in compared for p in c.third_party if not is_standard_library(p)}
    brought = sorted(p for p in found - cascade.third_party.keys() if not p.startswith("_"))
    if not brought:
        return []
    return [
        f"  packages loaded through others: {len(brought)}",
        *textwrap.wrap(", ".join(brought), 96, initial_indent="    ", subsequent_indent="    "),
    ]
