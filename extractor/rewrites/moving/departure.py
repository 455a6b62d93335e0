"""What leaves a module with the names that are to go, and what it needs of what stays.

Private helpers that only the moved code needs go along. Imports are imported again, with
their guards; loggers, aliases and type variables are made again; anything else is borrowed
from the old module.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection
from dataclasses import dataclass, field

from extractor.errors import DidNotHold
from extractor.outcome import Finding
from extractor.rewrites.moving.units import Unit, Units, When, going_units

_BUILTINS = frozenset(dir(builtins))
_TYPE_VARIABLES = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})
# What a module says of itself; ``__name__`` of a logger that is made again is meant to change.
_OF_THE_MODULE = frozenset(
    ["__file__", "__name__", "__package__", "__path__", "__spec__", "__doc__", "globals"]
)


def refuse(path: str, line: int, why: str) -> DidNotHold:
    """The error that says where a move cannot be right, why, and what to do."""
    return DidNotHold(f"{path}:{line}: {why}")


@dataclass(eq=False)
class Departure:
    """The statements that go and those that are written again, and the names borrowed.

    ``asked`` are the names that were to move, ``helpers`` those that go along. ``missing`` are
    names that only a star import can bring.
    """

    path: str
    module: str
    units: Units
    asked: frozenset[str]
    helpers: set[str] = field(default_factory=set)
    going: set[Unit] = field(default_factory=set)
    again: set[Unit] = field(default_factory=set)
    borrowed: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._check_bound_together()
        self.helpers = self._helpers()
        self.going = going_units(self.units, self.names)
        self._follow_needs()
        self._check_rebound()
        self._tell()

    @property
    def names(self) -> set[str]:
        """All names that leave."""
        return {*self.asked, *self.helpers}

    @property
    def carried(self) -> list[Unit]:
        """The statements that the new module gets, in order."""
        return [unit for unit in self.units.body if unit in self.going or unit in self.again]

    @property
    def staying(self) -> list[Unit]:
        """The statements that the old module keeps."""
        return [unit for unit in self.units.body if unit not in self.going]

    def read_by_staying(self) -> set[str]:
        """The names that what stays reads."""
        return {name for unit in self.staying for name in unit.reads()}

    def uses(self, name: str) -> list[tuple[Unit, When]]:
        """Where the carried statements read ``name``, and when."""
        found = [(unit, when) for unit in self.carried for _, when in unit.uses.get(name, ())]
        return found + [(u, When.TYPED) for u in self.carried if name in u.hidden]

    def _check_bound_together(self) -> None:
        for name in sorted(self.asked):
            for unit in self.units.binders(name):
                if unit.is_guard:
                    why = f"{name} is chosen together with imports here: it cannot move alone"
                    raise refuse(self.path, unit.line, why)
                others = set() if unit.registers else unit.binds - self.asked
                if others and not unit.is_import:
                    both = f"{name} and {', '.join(sorted(others))} are bound by one statement"
                    raise refuse(
                        self.path, unit.line, f"{both}: move all of them, or split the statement"
                    )

    def _helpers(self) -> set[str]:
        """Private names that the moved code needs, and nothing that stays does."""
        binders = {name: self.units.binders(name) for name in self.units.bound}
        possible = {
            name
            for name, found in binders.items()
            if is_private(name)
            and all(
                not (unit.is_import or unit.is_guard) and all(map(is_private, unit.binds))
                for unit in found
            )
        }
        while True:
            chosen = self._reached(possible)
            going = going_units(self.units, {*self.asked, *chosen})
            staying = [unit for unit in self.units.body if unit not in going]
            needed = {name for unit in staying for name in {*unit.reads(), *unit.rebinds}}
            if chosen.isdisjoint(needed):
                return chosen
            possible -= needed

    def _reached(self, possible: Collection[str]) -> set[str]:
        chosen: set[str] = set()
        while True:
            going = going_units(self.units, {*self.asked, *chosen})
            read = {name for unit in going for name in {*unit.reads(), *unit.rebinds}}
            bound = {name for unit in going if not unit.registers for name in unit.binds}
            more = ((read | bound) & set(possible)) - chosen - self.asked
            if not more:
                return chosen
            chosen |= more

    def _follow_needs(self) -> None:
        """Sort what the carried statements read by how the new module gets it."""
        imported = set(self.units.names.scopes[0].imports)
        todo, seen = list(self.going), set[str]()
        while todo:
            unit = todo.pop()
            for name in {*unit.reads(), *unit.rebinds} - seen - self.names:
                seen.add(name)
                binders = self.units.binders(name)
                if not binders:
                    if name in unit.rebinds:
                        self.borrowed.add(name)
                    elif name not in _OF_THE_MODULE:
                        self.missing.add(name)
                    continue
                binders = self._reached_imports(name, binders)
                rewritten = any(name in u.rebinds for u in self.units.body)
                again = all(u.is_import or u.is_guard for u in binders) or all(
                    is_repeatable(node, imported) for u in binders for node in u.nodes
                )
                if again and not rewritten:
                    todo += [u for u in binders if u not in self.again]
                    self.again.update(binders)
                else:
                    self.borrowed.add(name)
        if not self.units.names.stars:
            self.missing -= _BUILTINS

    def _reached_imports(self, name: str, binders: list[Unit]) -> list[Unit]:
        """Of several ``import name.x`` those whose submodules the carried code names, if any."""
        paths = {
            ".".join([name, *use.path]) for unit in self.going for use, _ in unit.uses.get(name, ())
        }
        plain = {
            unit: [alias.name for node in nodes for alias in node.names if alias.asname is None]
            for unit in binders
            for nodes in [[node for node in unit.nodes if isinstance(node, ast.Import)]]
            if len(nodes) == len(unit.nodes)
        }
        reached = {
            unit
            for unit, modules in plain.items()
            if any(
                path == module or path.startswith(f"{module}.")
                for path in paths
                for module in modules
            )
        }
        longest = [unit for unit in reached if any("." in module for module in plain[unit])]
        wanted = set(longest) or reached or plain.keys()
        return [unit for unit in binders if unit not in plain or unit in wanted]

    def _check_rebound(self) -> None:
        """What goes must not be changed, bound anew, or read once it was, by what stays."""
        for unit in self.staying:
            if changed := unit.changes & self.names:
                others = ", ".join(sorted(unit.reads(When.NOW) - self.names)) or "what stays"
                why = f"{', '.join(sorted(changed))} is changed here with {others}"
                raise refuse(self.path, unit.line, f"{why}: move that too")
        read = {name: unit for unit in self.staying for name in unit.reads()}
        for unit in self.units.body:
            for name, line in sorted(unit.rebinds.items()):
                if name not in self.names:
                    continue
                if unit not in self.going:
                    why = f"{_called(unit)} rebinds {name}: move it too"
                    raise refuse(self.path, line, why)
                if name in read:
                    why = f"{name} is rebound by the moved code, and {_called(read[name])} reads it"
                    raise refuse(self.path, read[name].line, f"{why}: move that too")

    def _tell(self) -> None:
        if self.helpers:
            listed = ", ".join(sorted(self.helpers))
            self.findings.append(Finding(f"{listed} moves too: nothing else here needs it"))
        for unit in self.staying:
            if registered := unit.decorators & self.names:
                what = f"{_called(unit)} is still decorated by {', '.join(sorted(registered))}"
                told = f"{what}, but only when {self.module} is imported"
                self.findings.append(Finding(told, unit.line))
        for unit in sorted(self.going, key=lambda unit: unit.index):
            for name in sorted(unit.reads() & _OF_THE_MODULE - self.units.bound):
                line = unit.uses[name][0][0].name.lineno if name in unit.uses else unit.line
                what = f"{_called(unit)} uses {name}, which then belongs to another module"
                self.findings.append(Finding(what, line))


def is_private(name: str) -> bool:
    """Whether a name is for its own module only, by custom."""
    return name.startswith("_") and not name.startswith("__") and name != "_"


def _called(unit: Unit) -> str:
    return ", ".join(sorted(unit.binds)) or "a statement"


def is_repeatable(node: ast.stmt, imported: Collection[str]) -> bool:
    """Whether binding the same again makes no second thing: an alias, a logger, a type variable."""
    if not isinstance(node, ast.Assign):
        return False
    value = node.value
    if isinstance(value, ast.Call):
        root = value.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if not (isinstance(root, ast.Name) and root.id in imported):
            return False
        last = value.func.attr if isinstance(value.func, ast.Attribute) else root.id
        if last in _TYPE_VARIABLES:
            return True
        return [a.id for a in value.args if isinstance(a, ast.Name)] == ["__name__"]
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Name) and value.id in imported
