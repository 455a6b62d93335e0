"""The questions of a draft: a decision each, what was taken, what it costs, what else there is."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from extractor.analysis.stops import Stop
from extractor.analysis.symbols import Symbol
from extractor.parsing import UnreadableSource, parse_ast
from extractor.source.tree import Tree
from extractor.wording import counted

_WIDTH = 96


@dataclass(frozen=True)
class Choice:
    """Another answer: what to do for it, and the TOML to uncomment, if any."""

    what: str
    toml: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One decision that a person still has to make; the heaviest stand first."""

    subject: str
    question: str
    taken: str
    cost: str = ""
    weight: int = 0
    choices: tuple[Choice, ...] = ()


def rendered(questions: Iterable[Question]) -> str:
    """The ``[[open]]`` tables, ranked, each with its other choices as comments below."""
    ranked = sorted(questions, key=lambda q: -q.weight)
    blocks = []
    for number, one in enumerate(ranked, 1):
        lines = [f"# {number} of {len(ranked)}", "[[open]]"]
        for key in ("subject", "question", "taken", "cost"):
            value = getattr(one, key)
            lines += [f"{key} = {_string(value)}"] if value else []
        for choice in one.choices:
            told = f"Or {choice.what}"
            lines += [f"# {line}" for line in textwrap.wrap(told, _WIDTH)]
            lines += [f"# {line}" for line in choice.toml]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def decision(kind: str, subject: str, reason: str, stand_in: str = "") -> tuple[str, ...]:
    """A ``[[cut]]`` or ``[[replace]]`` to uncomment."""
    lines = [f"[[{kind}]]", f"subject = {_string(subject)}"]
    lines += [f"with = {_string(stand_in)}"] if stand_in else []
    return (*lines, f"reason = {_string(reason)}")


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


class Costs:
    """How many lines symbols are, read from the source when they are first asked for."""

    def __init__(self, tree: Tree, modules: Mapping[str, str]) -> None:
        self._tree, self._modules = tree, modules
        self._known: dict[str, dict[str, int]] = {}

    def of_stop(self, stop: Stop, tests: Iterable[str]) -> str:
        """What following the stop would bring along, and how many test modules use it."""
        users = {use.importer for use in stop.uses} & set(tests)
        told = [
            counted(len(stop.saves), "symbol"),
            f"of {counted(stop.modules, 'module')},",
            f"{counted(self.lines(stop.saves), 'line')};",
            f"{counted(len(users), 'test module')} of the subsystem {_use(users)} it",
        ]
        return " ".join(told)

    def lines(self, symbols: Iterable[Symbol]) -> int:
        """Lines of the definitions of ``symbols``; those of names bound otherwise count one."""
        return sum(self._of(s.module).get(s.name, 1) for s in symbols if s.name)

    def _of(self, module: str) -> Mapping[str, int]:
        if module not in self._known:
            found = self._known[module] = {}
            try:
                parsed, _ = parse_ast(self._tree.read(self._modules[module]))
            except (KeyError, UnreadableSource):
                return found
            for node in parsed.body:
                name = getattr(node, "name", "")
                if name:
                    found[name] = (node.end_lineno or node.lineno) - node.lineno + 1
        return self._known[module]


def _use(users: Sequence[str] | set[str]) -> str:
    return "uses" if len(users) == 1 else "use"
