"""A first plan for lifting packages out of a source, drawn from the analysis alone.

What the engine can only guess is active, so that the draft runs, and stands as an ``[[open]]``
question beside, which ``run`` and ``plan`` list until a person takes it away.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import tomlkit
from tomlkit.items import AoT, Array, Table

from extractor.analysis.belonging import Test, tests_beside
from extractor.analysis.cache import Cache
from extractor.analysis.cascade import loaded
from extractor.analysis.cuts import single_cuts
from extractor.analysis.graph import Graph
from extractor.analysis.project import Project as Analysed
from extractor.analysis.references import ReferenceKind, find_references
from extractor.analysis.shared import SharedSymbol
from extractor.analysis.stops import Stop
from extractor.analysis.subsystem import WORTH, Subsystem, by_file, examine
from extractor.analysis.symbols import Resolver, Symbol, Use
from extractor.analysis.tables import Model, models_in
from extractor.analysis.uses import Uses
from extractor.errors import UsageError
from extractor.parsing import UnreadableSource, parse_ast
from extractor.plan.load import parse_plan
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below, target_module
from extractor.plan.questions import Choice, Costs, Question, decision, rendered
from extractor.project.conventions.setuptools import REQUIREMENTS
from extractor.project.facts import Project, project_of
from extractor.project.layout import module_of
from extractor.project.named_tests import is_test
from extractor.source.tree import Tree

_SHOWN = 8
_ADVICE = (
    "Answer the questions under [[open]], the first of them first, and take each away: what else",
    "could be chosen stands below it. docs/plan.md says what a plan may hold.",
)
# The mark of a package whose annotations hold for others (PEP 561).
_TYPED = "py.typed"
_LEGAL = re.compile(r"(?:LICEN[CS]E|COPYING|NOTICE|AUTHORS)(?:[-.]\w+)*", re.IGNORECASE)


@dataclass
class _Draft:
    """What the document is made of, and the questions that come up on the way."""

    top: str
    into: str
    packages: tuple[str, ...]
    graph: Graph
    places: dict[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)

    def ask(
        self,
        subject: str,
        question: str,
        taken: str,
        *choices: Choice,
        cost: str = "",
        weight: int = 0,
    ) -> None:
        self.questions.append(Question(subject, question, taken, cost, weight, choices))

    def follow(self, kind: str) -> Choice:
        """To follow what a decision stops: what comes along needs a place."""
        return Choice(
            f"follow it: take its [[{kind}]] away, and uncomment the last line of [layout.modules]"
        )

    def target(self, module: str, *, mirrored: Iterable[str] = ()) -> str:
        """Where ``module`` goes: below the new package, by its old path without its old top."""
        for package, target in self.roots().items():
            if is_below(module, [package]):
                return target + module[len(package) :]
        for suffix in mirrored:
            if suffix and f"{module}.".find(f".{suffix}.") > 0:
                module = f"{module}.".replace(f".{suffix}.", ".", 1).rstrip(".")
                break
        # Tests beside the old package lie in the new one.
        beside = [] if module.split(".")[0] == self.top else ["tests"]
        return ".".join([self.into, *beside, *module.split(".")[1:]])

    def roots(self) -> dict[str, str]:
        """The new name of each root: one of them is the new package, others keep their paths."""
        packages = [p for p in self.packages if self.graph.modules[p].is_package]
        head = packages[0] if packages else self.packages[0] if len(self.packages) == 1 else ""
        return {
            root: self.into if root == head else ".".join([self.into, *root.split(".")[1:]])
            for root in self.packages
        }

    def place(self, module: str, target: str) -> None:
        """Remember a layout rule; two modules never get one place, nor one inside the other."""
        inside = {self.target(m): m for m in self.graph.modules if is_below(m, self.packages)}
        parts = target.split(".")
        for end in range(2, len(parts)):
            own = inside.get(".".join(parts[:end]))
            if own is not None and not self.graph.modules[own].is_package:
                parts[end - 1] += f"_of_{self.top}"
        target = ".".join(parts)
        while target in {*self.places.values(), *inside}:
            target = f"{target}_of_{self.top}"
        self.places[module] = target

    def takes(self, test: Test) -> bool:
        """Whether a test goes along: by its name, or where it lies and uses nothing else."""
        beside = re.split(r"\.(?:tests?|testing)(?=\.)", test.module)[0]
        beside = beside if beside != test.module else test.module.rpartition(".")[0]
        elsewhere = is_below(beside, [self.top]) and not any(
            is_below(package, [beside]) for package in self.packages
        )
        if elsewhere and not test.mirrors:
            return False
        return test.belongs and (bool(test.mirrors) or test.uses_subsystem == test.uses_any)

    def others(self, found: Subsystem) -> str:
        """A place in the result that nothing has yet."""
        taken = {self.target(module) for module in found.own}
        name = f"{self.into}.others"
        while is_below(name, taken - {self.into}):
            name += "_"
        return name

    def stand_in(self, subject: str) -> str:
        """What may stand in the place of ``subject``, by the layout's way of naming."""
        module, _, name = subject.partition(":")
        return self.target(module) + (f":{name}" if name else "")

    def where(self, use: Use) -> str:
        return self.graph.where(use.importer, use.line)


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
        raise UsageError(f"one plan lifts out of one package, not of {', '.join(sorted(tops))}")
    draft = _Draft(tops.pop(), into, packages, graph)
    resolver = Resolver(tree, modules)
    own = [module for module in modules if is_below(module, packages)]
    found = examine(resolver, own, uses)
    along = [t.module for t in found.tests if draft.takes(t)]
    # Seen from the tests as well: what they stand on is needed too, or must be cut.
    both = examine(resolver, [*found.own, *along], uses, owned=(), tests=())
    roots = _roots(draft, tree, found, along)
    cuts, replaces = _decisions(draft, tree, found, both.stop_set, along)
    decided = {table["subject"] for table in (*cuts, *replaces)}
    carried = [s for s in both.left if s.name and str(s) not in decided]
    layout = _layout(draft, tree, found, carried, along)
    _ask_about_objects(draft, both, [*found.own, *along])
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
    document.add("packaging", _packaging(draft, tree, found))
    if along:
        verify = tomlkit.table()
        verify.add("tests", [f"{into}/tests"])
        document.add("verify", verify)
    _ask_about_the_rest(draft, tree, found)
    _ask_about_files_of_tests(draft, tree, along)
    return f"{tomlkit.dumps(document).rstrip()}\n\n{rendered(draft.questions)}"


def write_draft(tree: Tree, packages: tuple[str, ...], into: str, folder: Path) -> Path:
    """Write the draft to ``folder``, which must not exist, and return the folder."""
    if folder.exists():
        raise UsageError(f"{folder} is there already: a draft never writes over anything")
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", into):
        raise UsageError(f"{into!r} is no name for a package")
    top = packages[0].split(".")[0]
    analysed = Analysed([top, *tests_beside(tree.paths(), top)], Cache())
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


def _described(draft: _Draft, tree: Tree) -> str:
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


def _roots(draft: _Draft, tree: Tree, found: Subsystem, along: list[str]) -> Table:
    roots = tomlkit.table()
    roots.add("packages", _lines(draft.packages))
    behind = [t for t in found.tests if t.module not in along]
    chosen, excluded = _collapsed(along, [t.module for t in behind])
    if chosen:
        roots.add(tomlkit.comment(f"{len(along)} test modules, by name or by what they use."))
        roots.add("tests", _lines(chosen))
    if excluded:
        roots.add("exclude", _lines(excluded))
    if not any(point.module in found.own for point in project_of(tree).entry_points):
        roots.add(tomlkit.comment("A library: nothing in the source starts it by a name."))
        roots.add("entry_points", _lines([draft.into]))
    if behind:
        lines = sum(t.uses_subsystem for t in behind)
        shares = [f"{t.module} ({t.uses_subsystem} of {t.uses_any} lines)" for t in behind]
        draft.ask(
            "roots.tests",
            f"{len(behind)} test modules that use the subsystem are of something else too: "
            f"{_some(shares)}: does one of them go along?",
            "they stay behind",
            Choice(
                "let one come along: add it to roots.tests",
                (f"tests = {json.dumps([*chosen, behind[0].module])}",),
            ),
            cost=f"{lines} lines of {len(behind)} test modules are no longer run against it",
            weight=lines,
        )
    return roots


def _collapsed(along: list[str], others: list[str]) -> tuple[list[str], list[str]]:
    """Test packages instead of all their modules, and what below them stays behind."""
    chosen: list[str] = []
    for module in sorted(along):
        if not is_below(module, chosen):
            chosen.append(module)
    return chosen, [module for module in others if is_below(module, chosen)]


def _decisions(
    draft: _Draft, tree: Tree, found: Subsystem, stops: Iterable[Stop], along: list[str]
) -> tuple[AoT, AoT]:
    """Calls to drop, and names to put something in the place of."""
    cuts, replaces = tomlkit.aot(), tomlkit.aot()
    modules = {m.name: m.path for m in draft.graph.modules.values() if m.path is not None}
    costs = Costs(tree, modules)
    for subject, count, place in _calls(draft, found):
        table = tomlkit.table()
        table.add("subject", subject)
        table.add("reason", f"Suggested: not calling it saves {count} modules; called at {place}.")
        cuts.append(table)
        draft.ask(
            subject,
            f"is called at {place}: is anything of what it does wanted?",
            "the call is dropped",
            draft.follow("cut"),
            _written(draft, subject, "cut"),
            cost=f"{count} modules are loaded by the call",
            weight=count,
        )
    for stop in stops:
        place = draft.where(stop.uses[0])
        if len(stop.uses) > 1:
            place += f" and in {len(stop.uses) - 1} more lines"
        saved = f"{len(stop.saves)} symbols of {stop.modules} modules"
        cost, lines = costs.of_stop(stop, along), costs.lines(stop.saves)
        table = tomlkit.table()
        table.add("subject", stop.subject)
        if ":" in stop.subject and _only_called(tree, modules, stop):
            table.add("reason", f"Suggested: behind it are {saved}; called at {place}.")
            cuts.append(table)
            draft.ask(
                stop.subject,
                f"is called at {place}: is anything of what it does wanted?",
                "the call is dropped",
                draft.follow("cut"),
                _written(draft, stop.subject, "cut"),
                cost=f"behind it are {cost}",
                weight=lines,
            )
            continue
        with_ = draft.stand_in(stop.subject)
        table.add("with", with_)
        table.add("reason", f"Suggested: behind it are {saved}; used at {place}.")
        replaces.append(table)
        path = with_.partition(":")[0].replace(".", "/")
        reason = "It stays in a library that both sides use."
        library = Choice(
            f"keep {draft.top} as a library: take its [[replace]] away, uncomment, and name the "
            f"distribution of {draft.top} under [packaging.distributions]",
            decision("replace", stop.subject, reason, stop.subject),
        )
        choices = [draft.follow("replace"), library]
        if ":" in stop.subject:
            reason = "Nothing of what it does is wanted here."
            what = "drop what calls it: take its [[replace]] away, and uncomment"
            choices.append(Choice(what, decision("cut", stop.subject, reason)))
        draft.ask(
            stop.subject,
            f"is used at {place}: who is to own what is behind it?",
            f"it is not followed; {with_} stands in its place, to be written in overlay/{path}.py",
            *choices,
            cost=f"behind it are {cost}",
            weight=lines,
        )
    return cuts, replaces


def _written(draft: _Draft, subject: str, kind: str) -> Choice:
    """To write what stands in the place of a subject."""
    with_ = draft.stand_in(subject)
    path = with_.partition(":")[0].replace(".", "/")
    reason = "The subsystem has one of its own."
    return Choice(
        f"write {with_} in overlay/{path}.py: take its [[{kind}]] away, and uncomment",
        decision("replace", subject, reason, with_),
    )


def _calls(draft: _Draft, found: Subsystem) -> Iterable[tuple[str, int, str]]:
    """Functions that the subsystem calls on import and that load much: subject, modules, place."""
    own = [m for m in found.own if m in draft.graph.modules]
    best: dict[str, tuple[int, str]] = {}
    door = max(own, key=lambda m: (_loads(draft.graph, m), m))
    for cut in single_cuts(draft.graph, door, own):
        first = cut.statements[0]
        if first.via and first.importer in own and len(cut.saves) >= WORTH:
            place = draft.graph.where(first.importer, first.line)
            best.setdefault(first.via, (len(cut.saves), place))
    return [(subject, saved, place) for subject, (saved, place) in sorted(best.items())]


def _loads(graph: Graph, module: str) -> int:
    return len(loaded(graph, module))


def _only_called(tree: Tree, modules: Mapping[str, str], stop: Stop) -> bool:
    """Whether every use of the subject is a statement that calls it and drops the value."""
    name = stop.subject.partition(":")[2]
    for use in stop.uses:
        try:
            parsed, _ = parse_ast(tree.read(modules[use.importer]))
        except UnreadableSource:
            return False
        statements = [
            node
            for node in ast.walk(parsed)
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and node.lineno <= use.line <= (node.end_lineno or node.lineno)
        ]
        ends = [
            getattr(s.value.func, "attr", getattr(s.value.func, "id", ""))
            for s in statements
            if isinstance(s.value, ast.Call)
        ]
        if name not in ends:
            return False
    return bool(stop.uses)


def _ask_about_objects(draft: _Draft, found: Subsystem, own: Iterable[str]) -> None:
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
            f"{len(objects)} modules are used as objects: {_some(places)}: what of them is needed?",
            "what is named of them comes along, and no more",
            Choice(
                "let all of one come along: put it into layout.whole",
                (f"whole = {json.dumps([*found.owned, *objects])}",),
            ),
            weight=len(objects),
        )


def _layout(
    draft: _Draft,
    tree: Tree,
    found: Subsystem,
    symbols: Iterable[Symbol],
    along: list[str],
) -> Table:
    costs = Costs(tree, {m.name: m.path for m in draft.graph.modules.values() if m.path})
    suffixes = [p.partition(".")[2] for p in draft.packages]
    draft.places.update(draft.roots())
    for module in found.owned:
        draft.place(module, draft.target(module))
    for module in _collapsed(along, [])[0]:
        draft.place(module, draft.target(module, mirrored=suffixes))
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
        notes[module] = f"{len(names)} symbol{'s' * (len(names) > 1)}" + (
            f", of which the rest uses {len(rest)}" if rest else ""
        )
        if rest:
            both_use.append(f"{module} ({len(rest)} of {len(names)}: {_some(rest)})")
    if both_use:
        module = next(m for m in notes if "the rest uses" in notes[m])
        copies = [s for s in symbols if _used_by_production(shared.get(s))]
        lines = costs.lines(copies)
        draft.ask(
            "layout.modules",
            "both sides use what comes along of these modules: "
            f"{'; '.join(both_use)}. Is there to be one owner of any?",
            "each side gets a copy of its own",
            Choice(
                "let what you write own one: uncomment, and write it in overlay/",
                decision("replace", module, "There is one owner of these.", draft.places[module]),
            ),
            cost=f"{len(copies)} symbols of {len(both_use)} modules, {lines} lines twice",
            weight=lines,
        )
    layout = tomlkit.table()
    if found.owned:
        layout.add(tomlkit.comment("Nothing else of production uses these."))
        layout.add("whole", _lines(found.owned))
    rules = tomlkit.table()
    for module, target in draft.places.items():
        item = tomlkit.string(target)
        if module in notes:
            item.comment(notes[module])
        rules.add(module, item)
    if draft.top not in draft.places:
        rules.add(tomlkit.comment("A place for all else, should a choice below bring it along:"))
        rules.add(tomlkit.comment(f"{draft.top} = {json.dumps(draft.others(found))}"))
    layout.add("modules", rules)
    legal = tomlkit.aot()
    for path, to in _files(draft, tree):
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
            f"{len(tables)} tables go along: {', '.join(tables)}: how does either side make them?",
            "the models come along, and no migration",
            Choice("say in [database] which migrations made them: docs/plan.md has the keys"),
            weight=100 * len(tables),
        )
    return layout


def _files(draft: _Draft, tree: Tree) -> Iterable[tuple[str, str]]:
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


def _packaging(draft: _Draft, tree: Tree, found: Subsystem) -> Table:
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
            f"the source says nowhere what {' and '.join(asked)} hold: which specifiers are right?",
            "a distribution that nothing pins is told by the run, and written without a version",
            Choice(
                "pin it: put into [packaging] a line for each",
                ('requirement_lines = ["six>=1.10"]',),
            ),
        )
    plugins = sorted({r.name for r in project.requirements if project.runs_tests(r.name)})
    if plugins and found.tests:
        packaging.add("test", _lines(plugins))
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


def _ask_about_the_rest(draft: _Draft, tree: Tree, found: Subsystem) -> None:
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
            f"the rest uses {len(used_at)} names of the subsystem: {_some(places)}: what will it "
            "use when this has left?",
            "they come along; nothing is changed in the source",
            Choice("let the source require the result and import from it: docs/refactor.md"),
            cost=f"{lines} lines of the source to change",
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
            f"{len(places)} files that are no modules name the subsystem: {_some(places)}: which "
            "of them go along?",
            "none of them does, but for those in its own folders",
            Choice(
                "let one come along",
                (
                    "[[layout.files]]",
                    f"from = {json.dumps(next(iter(sorted(paths))))}",
                    f"to = {json.dumps(next(iter(sorted(paths))))}",
                ),
            ),
        )


def _ask_about_files_of_tests(draft: _Draft, tree: Tree, along: Iterable[str]) -> None:
    """Tests beside the package leave it one by one: what they read does not follow."""
    tops = {module.split(".")[0] for module in along} - {draft.top}
    paths = [p for p in tree.paths() if p.split("/")[0] in tops and not p.endswith(".py")]
    if paths:
        draft.ask(
            "layout.files",
            f"{len(paths)} files that are no modules lie beside the tests in "
            f"{', '.join(f'{top}/' for top in sorted(tops))}: which of them do those that go along "
            "read?",
            "they stay behind",
            Choice(
                "let them come along, and take away what none reads",
                (
                    "[[layout.files]]",
                    f"from = {json.dumps(f'{min(tops)}/*')}",
                    f"to = {json.dumps(f'{draft.into}/tests/')}",
                    'exclude = ["*.py"]',
                ),
            ),
            weight=1,
        )


def _lines(values: Iterable[str]) -> Array:
    array = tomlkit.array()
    array.extend(values)
    return array.multiline(len(array) > 1)


def _some(values: list[str]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(values[:_SHOWN]) + more
