"""import-linter's own contract types on a world that grimp did not read."""

from __future__ import annotations

import re

import grimp
from importlinter import configuration
from importlinter.application import output
from importlinter.domain.contract import Contract

from extractor_contracts.verdict import Finding, Violation
from extractor_contracts.world import World

_STEP = re.compile(r"(?:^|[\s-])([\w.]+) -> ([\w.]+)(?: \((?:l\.(\d+))?)?")


def find(contract: Contract, world: World) -> Finding:
    """What the contract renders when it is broken: a violation a chain that it prints."""
    configuration.configure()
    check = contract.check(graph=graph_of(world), verbose=False)
    if check.kept:
        return Finding(())
    # Lines are read back: none of them may be folded.
    width, output.console.width = output.console.width, 1_000_000
    try:
        with output.console.capture() as captured:
            contract.render_broken_contract(check)
    finally:
        output.console.width = width
    violations = []
    lines = [line.strip() for line in captured.get().splitlines() if line.strip()]
    for index, line in enumerate(lines):
        step = _STEP.search(line)
        if step is None or not line.startswith("-"):
            continue
        chain = [line.lstrip("- ")]
        for following in lines[index + 1 :]:
            if following.startswith("-") or _STEP.search(following) is None:
                break
            chain.append(following)
        importer, imported, number = step.groups()
        path = world.path(importer) if importer in world.modules else importer
        violations.append(
            Violation(
                key=f"{importer} -> {imported}",
                path=path,
                line=int(number or 0),
                message=f"{importer} imports {imported}",
                chain=tuple(chain),
            )
        )
    text = "; ".join(lines)
    return Finding(tuple(violations) or (Violation("broken", "", 0, text),))


def graph_of(world: World) -> grimp.ImportGraph:
    """The world's import statements as grimp's graph."""
    graph = grimp.ImportGraph()
    # A name with bytes that are no text is one that no import can have: it is left out.
    modules = [module for module in world.modules if _is_text(module)]
    for module in modules:
        graph.add_module(module)
    named = (world.named_by(module) for module in modules)
    for edge in (edge for imports in named for edge in (*imports.inside, *imports.outside)):
        if edge.dynamic:
            continue
        imported = edge.imported
        if imported not in world.modules:
            imported = imported.partition(".")[0]
            graph.add_module(imported, is_squashed=True)
        graph.add_import(
            importer=edge.importer,
            imported=imported,
            line_number=edge.line,
            line_contents="",
        )
    return graph


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)
