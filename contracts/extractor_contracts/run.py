"""Ask every contract of a configuration about a world."""

from __future__ import annotations

from collections.abc import Mapping

from importlinter.domain.contract import Contract

from extractor_contracts.base import RatchetedContract
from extractor_contracts.configuration import Configuration
from extractor_contracts.verdict import Finding, Verdict, judge
from extractor_contracts.world import World


def run(
    configuration: Configuration, world: World, baseline: Mapping[str, Mapping[str, str]]
) -> list[Verdict]:
    """A verdict a contract, in the configuration's order.

    Entries of the baseline for contracts that are not there come last, as unused.
    """
    verdicts = []
    known = set()
    for contract in configuration.contracts:
        identifier = str(contract.contract_options.get("id") or contract.name)
        known.add(identifier)
        accepted = baseline.get(identifier, {})
        if isinstance(contract, RatchetedContract):
            verdicts.append(contract.judged(world, accepted))
        else:
            verdicts.append(_builtin(contract, identifier, world, accepted))
    for identifier, entries in sorted(baseline.items()):
        if identifier not in known:
            name = f"no contract {identifier}"
            verdicts.append(judge(identifier, name, "none", Finding(()), entries))
    return verdicts


def _builtin(
    contract: Contract, identifier: str, world: World, accepted: Mapping[str, str]
) -> Verdict:
    from extractor_contracts.builtin import find

    type_ = str(contract.contract_options["type"])
    return judge(identifier, contract.name, type_, find(contract, world), accepted)
