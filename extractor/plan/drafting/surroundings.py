"""Questions about what is around the subsystem: objects, the rest, and files beside tests."""

from __future__ import annotations

import ast
import json
import posixpath
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from extractor.analysis.import_effects import ImportEffects
from extractor.analysis.references import ReferenceKind, find_references
from extractor.analysis.resolver import Resolver
from extractor.analysis.subsystem import Subsystem, by_file
from extractor.parsing import UnreadableSource, parse_ast
from extractor.plan.drafting.state import Draft, some_of
from extractor.plan.moves import is_below
from extractor.plan.questions import Choice
from extractor.project.named_tests import is_test
from extractor.source.tree import Tree
from extractor.wording import counted, verb


def ask_about_objects(draft: Draft, found: Subsystem, own: Iterable[str]) -> None:
    """Of a module that is handed over as an object no part would do."""
    left = {(symbol.module, symbol.name) for symbol in found.left}
    objects: dict[str, str] = {}
    for module, uses in sorted(found.reach.bare.items()):
        users = [u for u in uses if u.importer in own or (u.importer, u.within) in left]
        if users and not draft.graph.modules[module].is_package and not is_below(module, own):
            objects[module] = draft.where(users[0])
    if objects:
        places = [f"{module} (at {place})" for module, place in objects.items()]
        draft.ask(
            "layout.whole",
            f"{counted(len(objects), 'module')} are used as objects: {some_of(places)}: which "
            f"parts of "
            "them are needed?",
            "only the names in use are carried",
            Choice(
                "carry all of one: add it to layout.whole",
                (f"whole = {json.dumps([*found.owned, *objects])}",),
            ),
            weight=len(objects),
        )


def ask_about_the_rest(draft: Draft, tree: Tree, found: Subsystem) -> None:
    used_at: dict[str, str] = {}
    lines = 0
    for used in found.shared.of_subsystem:
        files = {m: lines for m, lines in by_file(used).items() if not is_test(m)}
        for module, numbers in files.items():
            used_at.setdefault(str(used.symbol), draft.graph.where(module, numbers[0]))
            lines += len(numbers)
    if used_at:
        places = [f"{symbol} (at {place})" for symbol, place in used_at.items()]
        draft.ask(
            "the source",
            f"the rest uses {counted(len(used_at), 'name')} of the subsystem: {some_of(places)}: "
            f"what will it "
            "use after the extraction?",
            "they are carried; the source is not changed",
            Choice("let the source require the result and import from it: docs/refactor.md"),
            cost=f"{counted(lines, 'line')} of the source to change",
            weight=lines,
        )
    kinds = {ReferenceKind.STRING, ReferenceKind.PATCH, ReferenceKind.IMPORT_STRING}
    paths: dict[str, int] = {}
    for reference in find_references(tree, draft.graph, [*draft.packages, *found.owned]):
        if reference.kind not in kinds and not reference.path.endswith(".py"):
            paths.setdefault(reference.path, reference.line)
    if paths:
        places = [f"{path}:{line}" for path, line in sorted(paths.items())]
        draft.ask(
            "[[layout.files]]",
            f"{counted(len(places), 'file')} other than modules name the subsystem: "
            f"{some_of(places)}: which "
            "of them move too?",
            "only those in its own folders",
            Choice(
                "carry one",
                (
                    "[[layout.files]]",
                    f"from = {json.dumps(next(iter(sorted(paths))))}",
                    f"to = {json.dumps(next(iter(sorted(paths))))}",
                ),
            ),
        )


def ask_about_packages_above(
    draft: Draft, resolver: Resolver, effects: ImportEffects, along: Iterable[str]
) -> None:
    """What runs when a package is imported that is above what moves: the result runs none of it."""
    moving = [*draft.packages, *along]
    above = {module.rsplit(".", n)[0] for module in moving for n in range(1, module.count(".") + 1)}
    acting = {
        module: line
        for module in sorted(above)
        if not is_below(module, moving) and (line := effects.runs(module))
    }
    if acting:
        places = [f"{resolver.modules[module]}:{line}" for module, line in acting.items()]
        draft.ask(
            "packages above",
            f"{counted(len(places), 'package')} above what moves "
            f"{verb(len(places), 'runs', 'run')} code on import: {some_of(places)}: is any of it "
            f"needed?",
            "none of it is run",
            Choice("write what is needed into the __init__.py of the new package, in overlay/"),
            weight=len(places),
        )


def files_of_tests(
    draft: Draft, tree: Tree, modules: Mapping[str, str], along: Iterable[str]
) -> list[tuple[str, str]]:
    """Files beside the tests ``along`` that these name: a pattern, and the folder it goes to."""
    found: dict[str, str] = {}
    paths = [path for path in tree.paths() if not path.endswith(".py")]
    for module in along:
        folder = posixpath.dirname(modules[module])
        named = _strings(tree.read(modules[module]))
        place = draft.places.get(module) or draft.target(module)
        goal = posixpath.dirname(place.replace(".", "/"))
        for path in paths:
            inner = path[len(folder) + 1 :] if path.startswith(f"{folder}/") else ""
            head, slash, _ = inner.partition("/")
            if head and (head in named or inner in named):
                into = f"{goal}/{head}/" if slash else f"{goal}/{head}"
                found.setdefault(f"{folder}/{head}/*" if slash else path, into)
    return sorted(found.items())


def _strings(source: bytes) -> frozenset[str]:
    """The texts of a file, and the folder that each begins with, as a path."""
    try:
        parsed = parse_ast(source)[0]
    except UnreadableSource:
        return frozenset()
    texts = {str(node.value) for node in ast.walk(parsed) if isinstance(node, ast.Constant)}
    return frozenset(texts | {text.removeprefix("./").partition("/")[0] for text in texts})


def ask_about_files_of_tests(
    draft: Draft, tree: Tree, along: Iterable[str], taken: Iterable[str]
) -> None:
    """Tests beside the package leave it one by one: what they read does not follow.

    ``taken`` are patterns of files that come along.
    """
    tops = {module.split(".")[0] for module in along} - {draft.top}
    known = list(taken)
    paths = [
        path
        for path in tree.paths()
        if path.split("/")[0] in tops
        and not path.endswith(".py")
        and not any(fnmatchcase(path, pattern) for pattern in known)
    ]
    if paths:
        draft.ask(
            "layout.files",
            f"{counted(len(paths), 'file')} other than modules "
            f"{verb(len(paths), 'is', 'are')} beside the tests in "
            f"{', '.join(f'{top}/' for top in sorted(tops))}: which of them do the moved tests "
            "read?",
            "they stay",
            Choice(
                "carry all, and remove those that no test reads",
                (
                    "[[layout.files]]",
                    f"from = {json.dumps(f'{min(tops)}/*')}",
                    f"to = {json.dumps(f'{draft.into}/tests/')}",
                    'exclude = ["*.py"]',
                ),
            ),
            weight=1,
        )
