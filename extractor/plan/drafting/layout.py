"""``[layout]``: where each module goes, and which files and tables come along."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import tomlkit
from tomlkit.items import Table

from extractor.analysis.graph import Graph
from extractor.analysis.shared import SharedSymbol
from extractor.analysis.subsystem import Subsystem
from extractor.analysis.symbols import Symbol
from extractor.analysis.tables import Model, models_in
from extractor.parsing import UnreadableSource
from extractor.plan.drafting.state import Draft, collapsed, lines_of, some_of
from extractor.plan.drafting.surroundings import ask_about_files_of_tests, files_of_tests
from extractor.plan.moves import is_below
from extractor.plan.questions import Choice, Costs, decision
from extractor.project.layout import module_of
from extractor.project.named_tests import is_test
from extractor.source.tree import Tree
from extractor.wording import counted

# The mark of a package whose annotations hold for others (PEP 561).
_TYPED = "py.typed"
_LEGAL = re.compile(r"(?:LICEN[CS]E|COPYING|NOTICE|AUTHORS)(?:[-.]\w+)*", re.IGNORECASE)


def layout_of(
    draft: Draft,
    tree: Tree,
    found: Subsystem,
    symbols: Iterable[Symbol],
    along: list[str],
) -> Table:
    modules = {m.name: m.path for m in draft.graph.modules.values() if m.path}
    costs = Costs(tree, modules)
    suffixes = [p.partition(".")[2] for p in draft.packages]
    if len({draft.target(module, mirrored=suffixes) for module in along}) < len(along):
        # The folder's name keeps apart what is in it and above it: each has a conftest.
        suffixes = []
    draft.places.update(draft.roots())
    for module in found.owned:
        draft.place(module, draft.target(module))
    for module in collapsed(along, [])[0]:
        draft.place(module, draft.target(module, mirrored=suffixes))
    read = files_of_tests(draft, tree, modules, along)
    ask_about_files_of_tests(draft, tree, along, [pattern for pattern, _ in read])
    shared = {s.symbol: s for s in found.shared.both}
    carried: dict[str, list[str]] = {}
    for symbol in symbols:
        carried.setdefault(symbol.module, []).append(symbol.name)
    notes: dict[str, str] = {}
    both_use: list[str] = []
    for module, names in sorted(carried.items()):
        if is_below(module, [*draft.packages, *found.owned, *along]):
            continue
        draft.place(module, draft.target(module))
        rest = [n for n in names if _used_by_production(shared.get(Symbol(module, n)))]
        notes[module] = counted(len(names), "symbol") + (
            f", of which the rest uses {len(rest)}" if rest else ""
        )
        if rest:
            both_use.append(f"{module} ({len(rest)} of {len(names)}: {some_of(rest)})")
    if both_use:
        module = next(m for m in notes if "the rest uses" in notes[m])
        copies = [s for s in symbols if _used_by_production(shared.get(s))]
        lines = costs.lines(copies)
        draft.ask(
            "layout.modules",
            "both sides use what comes along of these modules: "
            f"{'; '.join(both_use)}. Should any have a single owner?",
            "each side gets a copy of its own",
            Choice(
                "let a module that you write own one: uncomment, and write it in overlay/",
                decision("replace", module, "There is one owner of these.", draft.places[module]),
            ),
            cost=f"{counted(len(copies), 'symbol')} of {counted(len(both_use), 'module')}, "
            f"{counted(lines, 'line')} twice",
            weight=lines,
        )
    layout = tomlkit.table()
    if found.owned:
        layout.add(
            tomlkit.comment(
                "Nothing else of production uses these, or they act when they are imported."
            )
        )
        layout.add("whole", lines_of(found.owned))
    rules = tomlkit.table()
    for module, target in draft.places.items():
        item = tomlkit.string(target)
        if module in notes:
            item.comment(notes[module])
        rules.add(module, item)
    if draft.top not in draft.places:
        rules.add(tomlkit.comment("A place for everything else that a choice below may add:"))
        rules.add(tomlkit.comment(f"{draft.top} = {json.dumps(draft.others(found))}"))
    layout.add("modules", rules)
    legal = tomlkit.aot()
    for path, to in [*_files(draft, tree), *read]:
        rule = tomlkit.table()
        rule.add("from", path)
        rule.add("to", to)
        legal.append(rule)
    if legal:
        layout.add("files", legal)
    tables = sorted(
        {
            model.table
            for module in {*carried, *found.own}
            for model in _models(tree, draft.graph, module)
            if module in found.own or model.name in carried.get(module, ())
        }
    )
    if tables:
        draft.ask(
            "[database]",
            f"{counted(len(tables), 'table')} move: {', '.join(tables)}: how does each side "
            f"create them?",
            "the models are carried, but no migration",
            Choice("name the migrations that made them in [database]: docs/plan.md has the keys"),
            weight=100 * len(tables),
        )
    return layout


def _files(draft: Draft, tree: Tree) -> Iterable[tuple[str, str]]:
    """Files of the whole source that hold for a part as well: its licence, and ``py.typed``."""
    for path in sorted(tree.paths()):
        if _LEGAL.fullmatch(path):
            yield path, path
        elif (
            path.endswith(f"/{_TYPED}") and module_of(f"{path[: -len(_TYPED) - 1]}.py") == draft.top
        ):
            yield path, f"{draft.into}/{_TYPED}"


def _models(tree: Tree, graph: Graph, module: str) -> tuple[Model, ...]:
    path = graph.modules[module].path if module in graph.modules else None
    try:
        return models_in(tree.read(path), path) if path else ()
    except UnreadableSource:
        return ()


def _used_by_production(found: SharedSymbol | None) -> bool:
    return found is not None and any(
        not is_test(use.importer) and use.importer != found.symbol.module for use in found.outside
    )
