"""Every symbol that moved, was carried, replaced, cut, shared or left, from where to where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from extractor_reports import schema

from extractor.analysis.names import Unit
from extractor.analysis.resolver import Resolver, modules_of
from extractor.analysis.shared import Shared
from extractor.analysis.symbols import Reach, Symbol, Use
from extractor.manifest import Manifest
from extractor.moves import SliceMove
from extractor.plan.moves import Layout
from extractor.source.tree import Tree

_MOST_USES = 40


class _Places:
    """Where a module's top-level names are, in the source or in the result."""

    def __init__(self, tree: Tree, modules: Mapping[str, str]) -> None:
        self.tree = tree
        self.modules = modules
        self.by_path = {path: module for module, path in modules.items()}
        self.resolver = Resolver(tree, modules)

    def unit(self, module: str, name: str) -> Unit | None:
        table = self.resolver.names(module)
        if table is None or name not in table.binders:
            return None
        return table.units[table.binders[name][0]]

    def code(self, path: str, unit: Unit) -> str:
        lines = self.tree.read(path).decode("utf-8", "surrogateescape").splitlines()
        return "\n".join(lines[unit.first_line - 1 : unit.last_line])


def describe_symbols(
    source: Tree,
    result: Tree,
    target_package: str,
    modules: Mapping[str, str],
    reach: Reach,
    layout: Layout,
    shared: Shared,
    manifest: Manifest,
) -> tuple[schema.SymbolRow, ...]:
    """One row a whole module, carried symbol, decision's symbol, and name left behind."""
    old = _Places(source, modules)
    new = _Places(result, modules_of(result, {target_package}))
    outside = {s.symbol: s.outside for s in (*shared.both, *shared.of_subsystem)}
    rows: list[schema.SymbolRow] = []
    for move in layout.moves:
        module = old.by_path.get(move.source, "")
        if not module:
            continue
        if isinstance(move, SliceMove):
            rows += _slice_rows(old, new, move, module, reach, outside)
        else:
            rows.append(
                schema.SymbolRow(
                    symbol=module,
                    fate="moved",
                    path=move.source,
                    target=new.by_path.get(move.target, ""),
                    target_path=move.target,
                    why=_via(reach.whole.get(module)),
                )
            )
    rows += [
        _row(old, new, found.symbol, "shared", layout, found.outside)
        for found in shared.of_subsystem
    ]
    for decision in manifest.decisions:
        # A cut's touched places are lines, a replacement's are names.
        names = decision.touched if decision.kind == "replace" else ()
        for name in names or (decision.subject,):
            symbol = Symbol.parse(name)
            row = _row(old, new, symbol, "replaced", layout, ())
            rows.append(
                row.model_copy(
                    update={
                        "fate": "replaced" if decision.kind == "replace" else "cut",
                        "target": decision.stand_in or "",
                        "target_path": "",
                        "target_line": 0,
                        "why": _places(reach.stopped.get(decision.subject, ())),
                    }
                )
            )
    rows += [
        schema.SymbolRow(symbol=d.symbol, fate="dropped", target_path="", why=(d.reason,))
        for d in manifest.dropped
    ]
    return tuple(sorted(rows, key=lambda r: (r.fate, r.symbol, r.target, r.why)))


def _slice_rows(
    old: _Places,
    new: _Places,
    move: SliceMove,
    module: str,
    reach: Reach,
    outside: Mapping[Symbol, tuple[Use, ...]],
) -> Iterable[schema.SymbolRow]:
    target_module = new.by_path.get(move.target, "")
    table = old.resolver.names(module)
    for unit in table.units if table is not None else ():
        for name in unit.names:
            symbol = Symbol(module, name)
            if name in move.symbols:
                there = new.unit(target_module, name)
                yield schema.SymbolRow(
                    symbol=str(symbol),
                    fate="shared" if outside.get(symbol) else "carried",
                    path=move.source,
                    line=unit.first_line,
                    last_line=unit.last_line,
                    target=f"{target_module}:{name}" if there else "",
                    target_path=move.target,
                    target_line=there.first_line if there else 0,
                    used_by=_places(outside.get(symbol, ())),
                    why=tuple(f"{u.importer}:{u.line}" for _, u in reach.chain(symbol)),
                    code=old.code(move.source, unit),
                )
            elif unit.kind != "import":
                yield schema.SymbolRow(
                    symbol=str(symbol),
                    fate="left",
                    path=move.source,
                    line=unit.first_line,
                    last_line=unit.last_line,
                )


def _row(
    old: _Places,
    new: _Places,
    symbol: Symbol,
    fate: schema.Fate,
    layout: Layout,
    uses: tuple[Use, ...],
) -> schema.SymbolRow:
    path = old.modules.get(symbol.module, "")
    unit = old.unit(symbol.module, symbol.name) if symbol.name else None
    target_path = layout.target_of(path) or "" if path else ""
    target_module = new.by_path.get(target_path, "")
    there = new.unit(target_module, symbol.name) if target_module and symbol.name else None
    return schema.SymbolRow(
        symbol=str(symbol),
        fate=fate,
        path=path,
        line=unit.first_line if unit else 0,
        last_line=unit.last_line if unit else 0,
        target=(f"{target_module}:{symbol.name}" if symbol.name else target_module)
        if target_module
        else "",
        target_path=target_path,
        target_line=there.first_line if there else 0,
        used_by=_places(uses),
        code=old.code(path, unit) if unit and fate == "replaced" else "",
    )


def _via(use: Use | None) -> tuple[str, ...]:
    return (f"{use.importer}:{use.line}",) if use is not None and use.importer else ()


def _places(uses: Iterable[Use]) -> tuple[str, ...]:
    found = sorted({(u.importer, u.line) for u in uses})
    places = [f"{module}:{line}" for module, line in found[:_MOST_USES]]
    if len(found) > _MOST_USES:
        places.append(f"and {len(found) - _MOST_USES} more")
    return tuple(places)
