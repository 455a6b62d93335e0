"""What every contract type here shares: it finds violations in a world, and can be ratcheted.

Options that all of them take:

- ``way_out``: a sentence added to each violation that says what to do instead.
- ``dynamic``: count imports and names in strings too: ``__import__``, importutils and their
  like, ``mock.patch``, and the project's own entry points where a manager of stevedore loads
  them by a namespace and name that stand there. Default: false.

With ``baseline = "FILE"`` in the configuration's session options known violations are
accepted: see ``extractor_contracts.baseline``. FILE is relative to the working directory.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck, InvalidContractOptions

from extractor_contracts import baseline
from extractor_contracts.verdict import Finding, Verdict, judge
from extractor_contracts.world import World

if TYPE_CHECKING:
    from grimp import ImportGraph


# The fields below are descriptors of options: on a contract each stands for its value.


def text(default: str | None = None) -> Any:
    """One value; needed where there is no default."""
    return fields.StringField() if default is None else fields.StringField(default=default)


def texts(default: list[str] | None = None) -> Any:
    """Several values, in order; needed where there is no default."""
    if default is None:
        return fields.ListField(subfield=fields.StringField())
    return fields.ListField(subfield=fields.StringField(), default=default)


def number() -> Any:
    """A whole number, or ``None``."""
    return fields.IntegerField(required=False)


def flag() -> Any:
    """Yes or no; no where nothing is said."""
    return fields.BooleanField(default=False)


class RatchetedContract(Contract, abc.ABC):
    """Finds violations (pure); the baseline decides which of them break the contract."""

    type_name: str

    way_out: str = text("")
    dynamic: bool = flag()

    @abc.abstractmethod
    def find(self, world: World) -> Finding:
        """All violations in ``world``, whatever the baseline says."""

    @property
    def identifier(self) -> str:
        """What a baseline calls this contract: its ``id``, or its name."""
        return str(self.contract_options.get("id") or self.name)

    def judged(self, world: World, accepted: Mapping[str, str]) -> Verdict:
        """The verdict on ``world``, given the baseline's entries for this contract."""
        finding = self.find(world)
        return judge(self.identifier, self.name, self.type_name, finding, accepted)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """What ``lint-imports`` calls."""
        from extractor_contracts.from_grimp import world_of

        file = self.session_options.get("baseline")
        entries = baseline.load(Path(file)) if file else {}
        world = world_of(graph, self.session_options, self.dynamic)
        verdict = self.judged(world, entries.get(self.identifier, {}))
        return ContractCheck(kept=verdict.kept, metadata={"verdict": verdict})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """What ``lint-imports`` prints."""
        from importlinter.application import output

        from extractor_contracts.as_text import verdict_text

        # As it is: a path is no markup, and a terminal folds lines itself.
        text = verdict_text(check.metadata["verdict"])
        output.console.print(text, markup=False, soft_wrap=True)


def invalid(**errors: str) -> InvalidContractOptions:
    """The exception for options that do not fit together, by field."""
    return InvalidContractOptions(dict(errors))


def option(options: Mapping[str, Any], name: str) -> list[str]:
    """An option that may be one value or several."""
    value = options.get(name, ())
    return [value] if isinstance(value, str) else list(value)
