"""``[roots]``: the packages, the tests that go along, and those that stay behind."""

from __future__ import annotations

import json

import tomlkit
from tomlkit.items import Table

from extractor.analysis.subsystem import Subsystem
from extractor.plan.drafting.state import Draft, collapsed, lines_of, some_of
from extractor.plan.questions import Choice
from extractor.project.facts import project_of
from extractor.source.tree import Tree
from extractor.wording import counted


def roots_of(draft: Draft, tree: Tree, found: Subsystem, along: list[str]) -> Table:
    roots = tomlkit.table()
    roots.add("packages", lines_of(draft.packages))
    behind = [t for t in found.tests if t.module not in along]
    chosen, excluded = collapsed(along, [t.module for t in behind])
    if chosen:
        roots.add(
            tomlkit.comment(f"{counted(len(along), 'test module')}, by name or by what they use.")
        )
        roots.add("tests", lines_of(chosen))
    if excluded:
        roots.add("exclude", lines_of(excluded))
    if not any(point.module in found.own for point in project_of(tree).entry_points):
        roots.add(tomlkit.comment("A library: nothing in the source starts it by a name."))
        roots.add("entry_points", lines_of([draft.into]))
    if behind:
        lines = sum(t.uses_subsystem for t in behind)
        shares = [
            f"{t.module} ({t.uses_subsystem} of {counted(t.uses_any, 'line')})" for t in behind
        ]
        draft.ask(
            "roots.tests",
            f"{counted(len(behind), 'test module')} that use the subsystem also use other "
            f"packages: "
            f"{some_of(shares)}: should one of them move too?",
            "they stay",
            Choice(
                "carry one: add it to roots.tests",
                (f"tests = {json.dumps([*chosen, behind[0].module])}",),
            ),
            cost=f"{counted(lines, 'line')} of {counted(len(behind), 'test module')} are no "
            f"longer run against it",
            weight=lines,
        )
    return roots
