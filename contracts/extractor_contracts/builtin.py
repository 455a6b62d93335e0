"""import-linter's own contract types on a world that grimp did not read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import grimp
from importlinter import configuration
from importlinter.application import output
from importlinter.domain.contract import Contract

from extractor_contracts.verdict import ContractMistake, Finding, Violation
from extractor_contracts.world import World

_STEP = re.compile(r"(?:^|[\s-])([\w.]+) -> ([\w.]+)(?: \((?:l\.(\d+))?)?")


def find(contract: Contract, world: World) -> Finding:
    """What the contract renders when it is broken: a violation a chain that it prints.

    ``ContractMistake`` where it cannot be asked.
    """
    configuration.configure()
    graph = graph_of(
        world,
        outside=_yes(contract.session_options, "include_external_packages"),
        for_types=not _yes(contract.session_options, "exclude_type_checking_imports"),
    )
    try:
        check = contract.check(graph=graph, verbose=False)
    except Exception as error:
        # Whatever it is that a type raises, it could not do what it was told to.
        what = " ".join(str(error).split()) or type(error).__name__
        raise ContractMistake(f"{contract.name}: {what}") from None
    summary = "; ".join(check.warnings)
    if check.kept:
        return Finding((), summary)
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
    return Finding(tuple(violations) or (Violation("broken", "", 0, text),), summary)


def _yes(session: Mapping[str, Any], option: str) -> bool:
    # As import-linter reads it.
    return session.get(option) in ("True", "true")


def graph_of(world: World, *, outside: bool = True, for_types: bool = True) -> grimp.ImportGraph:
    """The world's import statements as grimp's graph.

    ``outside``: with other packages, ``for_types``: with what only type checkers see.
    """
    graph = grimp.ImportGraph()
    # A name with bytes that are no text is one that no import can have: it is left out.
    modules = [module for module in world.modules if _is_text(module)]
    for module in modules:
        graph.add_module(module)
    roots = {module.partition(".")[0] for module in world.modules}
    for module in modules:
        for named, line, only_types in world.reader.statements(module):
            imported = named
            if not _is_text(named):
                continue
            if only_types and not for_types:
                continue
            if imported not in world.modules:
                imported = imported.partition(".")[0]
                # What is not there of the project itself nobody can import.
                if not outside or imported in roots:
                    continue
                graph.add_module(imported, is_squashed=True)
            if imported != module:
                graph.add_import(
                    importer=module, imported=imported, line_number=line, line_contents=""
                )
    return graph


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)
