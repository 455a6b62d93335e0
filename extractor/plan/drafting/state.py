"""What the parts of a draft share: the places taken so far, and the questions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import tomlkit
from tomlkit.items import Array

from extractor.analysis.belonging import Test
from extractor.analysis.graph import Graph
from extractor.analysis.subsystem import Subsystem
from extractor.analysis.symbols import Use
from extractor.plan.moves import is_below
from extractor.plan.questions import Choice, Question
from extractor.project.conventions.pytest import CONFTEST

_SHOWN = 8
_COMMON = "common"


@dataclass
class Draft:
    """What the document is made of, and the questions that come up on the way."""

    top: str
    into: str
    packages: tuple[str, ...]
    graph: Graph
    # Other packages of the source, none of tests.
    siblings: frozenset[str] = frozenset()
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
        if module == self.top:
            # What the package above all defines has no name of its own to be called after.
            return f"{self.into}.{_COMMON}"
        if module.partition(".")[0] in self.siblings:
            return f"{self.into}.{module}"
        if module == CONFTEST:
            # It holds for all of the source, and for all of the result.
            return module
        if "." not in module and module in self._single:
            return ".".join([self.into, "tests", module])
        # Tests beside the old package lie in the new one.
        beside = [] if module.split(".")[0] == self.top else ["tests"]
        return ".".join([self.into, *beside, *module.split(".")[1:]])

    @cached_property
    def _single(self) -> frozenset[str]:
        """Modules that stand alone, beside the packages."""
        found = self.graph.modules.values()
        return frozenset(m.name for m in found if "." not in m.name and not m.is_package)

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
                parts[end - 1] += "_2"
        wanted = target = ".".join(parts)
        number = 2
        while target in {*self.places.values(), *inside}:
            target, number = f"{wanted}_{number}", number + 1
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


def collapsed(along: list[str], others: list[str]) -> tuple[list[str], list[str]]:
    """Test packages instead of all their modules, and what below them stays behind."""
    chosen: list[str] = []
    for module in sorted(along):
        if not is_below(module, chosen):
            chosen.append(module)
    return chosen, [module for module in others if is_below(module, chosen)]


def lines_of(values: Iterable[str]) -> Array:
    array = tomlkit.array()
    array.extend(values)
    return array.multiline(len(array) > 1)


def some_of(values: list[str]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(values[:_SHOWN]) + more
