"""A first plan for lifting packages out of a source, drawn from the analysis alone.

What the engine can only guess is active, so that the draft runs, and stands as an ``[[open]]``
question beside, which ``run`` and ``plan`` list until a person takes it away.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import tomlkit

from extractor.analysis.belonging import tests_beside
from extractor.analysis.cache import Cache
from extractor.analysis.fixtures import Found
from extractor.analysis.graph import Graph
from extractor.analysis.import_effects import ImportEffects
from extractor.analysis.project import Project as Analysed
from extractor.analysis.resolver import Resolver
from extractor.analysis.subsystem import examine
from extractor.analysis.uses import Uses
from extractor.errors import UsageError
from extractor.parsing import UnreadableSource, parse_ast
from extractor.plan.drafting.decisions import decisions
from extractor.plan.drafting.layout import layout_of
from extractor.plan.drafting.packaging import packaging_of
from extractor.plan.drafting.roots import roots_of
from extractor.plan.drafting.state import Draft
from extractor.plan.drafting.surroundings import (
    ask_about_objects,
    ask_about_packages_above,
    ask_about_the_rest,
)
from extractor.plan.load import parse_plan
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below, target_module
from extractor.plan.questions import rendered
from extractor.project.facts import Project, project_of
from extractor.project.layout import module_of
from extractor.source.tree import Tree

_ADVICE = (
    "Answer the questions under [[open]] from the first on, and delete each when done. Other",
    "choices stand below it as comments. docs/plan.md describes the format.",
)


def draft_plan(
    tree: Tree, graph: Graph, packages: tuple[str, ...], into: str, uses: Mapping[str, Uses]
) -> str:
    """The text of a ``plan.toml`` that lifts ``packages`` into a package called ``into``.

    ``UsageError`` when a package is not there, or they are of several top-level packages.
    """
    modules = {m.name: m.path for m in graph.modules.values() if m.path is not None}
    for package in packages:
        if not any(is_below(module, [package]) for module in modules):
            raise UsageError(f"no module {package!r} in {', '.join(graph.packages)}")
    tops = {package.split(".")[0] for package in packages}
    if len(tops) > 1:
        raise UsageError(f"a plan extracts from one package, not from {', '.join(sorted(tops))}")
    top = tops.pop()
    siblings = frozenset(graph.packages) - {top, *tests_beside(project_of(tree), top)}
    draft = Draft(top, into, packages, graph, siblings)
    resolver = Resolver(tree, modules)
    own = [module for module in modules if is_below(module, packages)]
    found = examine(resolver, own, uses)
    effects = ImportEffects(resolver)
    acting = effects.imported(found.own)
    if acting:
        found = examine(resolver, own, uses, owned=[*found.owned, *acting])
    along = _with_fixtures(tree, modules, [t.module for t in found.tests if draft.takes(t)])
    # Seen from the tests as well: what they stand on is needed too, or must be cut.
    both = examine(resolver, [*found.own, *along], uses, owned=(), tests=())
    roots = roots_of(draft, tree, found, along)
    cuts, replaces = decisions(draft, tree, found, both.stop_set, along)
    decided = {table["subject"] for table in (*cuts, *replaces)}
    carried = [s for s in both.left if s.name and str(s) not in decided]
    layout = layout_of(draft, tree, found, carried, along)
    ask_about_objects(draft, both, [*found.own, *along])
    document = tomlkit.document()
    document.add(
        tomlkit.comment(f"A draft: {', '.join(packages)} out of {draft.top}, from the analysis.")
    )
    for line in _ADVICE:
        document.add(tomlkit.comment(line))
    document.add("name", tomlkit.string(into))
    document.add("source_package", tomlkit.string(draft.top))
    document.add("target_package", tomlkit.string(into))
    document.add("description", tomlkit.string(_described(draft, tree)))
    document.add("roots", roots)
    if cuts:
        document.add("cut", cuts)
    if replaces:
        document.add("replace", replaces)
    document.add("layout", layout)
    document.add("packaging", packaging_of(draft, tree, found))
    if along:
        verify = tomlkit.table()
        verify.add("tests", [f"{into}/tests"])
        document.add("verify", verify)
    ask_about_the_rest(draft, tree, found)
    ask_about_packages_above(draft, resolver, effects, along)
    return f"{tomlkit.dumps(document).rstrip()}\n\n{rendered(draft.questions)}"


def _with_fixtures(tree: Tree, modules: Mapping[str, str], along: list[str]) -> list[str]:
    """The tests ``along``, with the ``conftest.py`` and the plug-ins that they find by name."""
    fixtures = Found(modules, tree.read)
    by_path = {path: module for module, path in modules.items()}
    chosen = dict.fromkeys(along)
    while True:
        paths = [modules[module] for module in chosen]
        more = [by_path[path] for path in fixtures.conftests(paths)]
        more += fixtures.plugins(chosen)
        if chosen.keys() >= set(more):
            return sorted(chosen)
        chosen |= dict.fromkeys(more)


def _siblings(project: Project, top: str) -> list[str]:
    """Other top-level packages and modules of the project that ``top`` imports, or one of these."""
    files: dict[str, list[str]] = {}
    for module, path in project.modules.items():
        if module_of(path) == module:
            files.setdefault(module.partition(".")[0], []).append(path)
    others = sorted(files.keys() - {top, *tests_beside(project, top)})
    found, waiting = {top}, [top]
    while waiting and others:
        names = "|".join(map(re.escape, others))
        imported = re.compile(rf"^[ \t]*(?:from|import)[ \t]+({names})\b".encode(), re.MULTILINE)
        contents = map(project.files.content, files.get(waiting.pop(), ()))
        more = {name.decode() for text in contents for name in imported.findall(text)} - found
        found |= more
        waiting.extend(more)
    return sorted(found - {top})


def write_draft(tree: Tree, packages: tuple[str, ...], into: str, folder: Path) -> Path:
    """Write the draft to ``folder``, which must not exist, and return the folder."""
    if folder.exists():
        raise UsageError(f"{folder} exists already: a draft never overwrites anything")
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", into):
        raise UsageError(f"{into!r} is not a valid package name")
    top = packages[0].split(".")[0]
    project = project_of(tree)
    packages_read = [top, *_siblings(project, top), *tests_beside(project, top)]
    analysed = Analysed(packages_read, Cache())
    graph = analysed.graph(tree)
    text = draft_plan(tree, graph, packages, into, analysed.uses(tree, graph)[0])
    parse_plan(text.encode(), "the draft")
    (folder / "packaging").mkdir(parents=True)
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    for name, content in _describing(project_of(tree), parse_plan(text.encode(), "the draft")):
        (folder / "packaging" / name).write_text(content, encoding="utf-8")
    return folder


def _describing(project: Project, data: PlanData) -> Iterable[tuple[str, str]]:
    """Templates of the distribution's files, with the settings of tools for what goes along."""
    into, old = data.target_package, data.source_package

    def target(module: str) -> str | None:
        new = target_module(module, data.layout.modules)
        if new is None and module == old:
            return into
        below = any(is_below(test, [module]) for test in data.roots.tests)
        return f"{into}.tests" if new is None and below else new

    files = {"README.md": "# ${distribution}\n\n${description}\n"}
    files |= project.packaging(into)
    for path, settings in project.settings(target).items():
        # What a template has a meaning for stands twice to stand once.
        settings = settings.replace("$", "$$")
        files[path] = f"{files[path].rstrip()}\n\n{settings}" if path in files else settings
    yield from sorted(files.items())


def _described(draft: Draft, tree: Tree) -> str:
    """The first line of the package's docstring, unless it tells of the whole source."""
    module = next(root for root, new in draft.roots().items() if new or root)
    path = draft.graph.modules[module].path if module in draft.graph.modules else None
    try:
        told = ast.get_docstring(parse_ast(tree.read(path))[0]) if path else None
    except UnreadableSource:
        told = None
    line = (told or "").partition("\n")[0].strip()
    plain = line.isprintable() and draft.top.lower() not in line.lower()
    return line if plain else ""
