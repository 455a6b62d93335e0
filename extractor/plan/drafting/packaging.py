"""``[packaging]``: requirements, scripts and entry points of the distribution."""

from __future__ import annotations

import tomlkit
from tomlkit.items import Table

from extractor.analysis.subsystem import Subsystem
from extractor.plan.drafting.state import Draft, lines_of
from extractor.plan.questions import Choice
from extractor.project.conventions.setuptools import REQUIREMENTS
from extractor.project.facts import project_of
from extractor.source.tree import Tree


def packaging_of(draft: Draft, tree: Tree, found: Subsystem) -> Table:
    packaging = tomlkit.table()
    packaging.add("distribution", draft.into.replace("_", "-"))
    project = project_of(tree)
    asked: list[str] = []
    for key, to_test in (("requirements", False), ("test_requirements", True)):
        of_kind = [r.path for r in project.requirements if (r.to_test if to_test else not r.group)]
        files = list(dict.fromkeys([*of_kind, *(r.path for r in project.requirements)]))
        packaging.add(key, files[0] if files else REQUIREMENTS)
        if not of_kind:
            asked.append(key)
    if asked:
        draft.ask(
            "packaging",
            f"the source does not pin what {' and '.join(asked)} provide: which specifiers?",
            "a distribution without a pin is reported, and written without a version",
            Choice(
                "pin it: add a line for each to [packaging]",
                ('requirement_lines = ["six>=1.10"]',),
            ),
        )
    plugins = sorted({r.name for r in project.requirements if project.runs_tests(r.name)})
    if plugins and found.tests:
        packaging.add("test", lines_of(plugins))
    scripts = tomlkit.table()
    groups: dict[str, Table] = {}
    for point in project.entry_points:
        if point.module not in found.own:
            continue
        _, _, attribute = point.target.partition(":")
        target = draft.target(point.module) + (f":{attribute.strip()}" if attribute else "")
        if point.group in {"console_scripts", "gui_scripts", "wsgi_scripts"}:
            scripts.add(point.name, target)
        groups.setdefault(point.group, tomlkit.table()).add(point.name, target)
    if scripts:
        packaging.add("scripts", scripts)
    if groups:
        points = tomlkit.table()
        for group, table in groups.items():
            points.add(group, table)
        packaging.add("entry_points", points)
    return packaging
