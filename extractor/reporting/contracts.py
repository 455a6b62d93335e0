"""The rules about imports that a run wrote for the CI of both repositories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from extractor_contracts import baseline
from extractor_contracts.configuration import BadConfiguration, load
from extractor_reports import schema


def describe_contracts(output: Path) -> tuple[tuple[schema.Contract, ...], tuple[str, ...]]:
    """Every contract below ``output/contracts`` with its baseline, and what cannot be read."""
    found: list[schema.Contract] = []
    problems: list[str] = []
    for path in sorted((output / "contracts").glob("*/contracts/*.toml")):
        if path.name.endswith(".baseline.toml"):
            continue
        try:
            found += _contracts(path, path.relative_to(output).as_posix())
        except (BadConfiguration, baseline.BadBaseline) as error:
            problems.append(str(error).replace(f"{output}/", ""))
    return tuple(found), tuple(problems)


def _contracts(path: Path, name: str) -> Iterator[schema.Contract]:
    configuration = load(path)
    # Its own baseline lies beside it, whatever the working directory.
    file = configuration.session.get("baseline")
    known = baseline.load(path.parent / Path(file).name) if file else {}
    for contract in configuration.contracts:
        options = contract.contract_options
        identifier = str(options.get("id") or contract.name)
        yield schema.Contract(
            configuration=name,
            package=", ".join(configuration.packages),
            id=identifier,
            name=contract.name,
            type=str(options.get("type", "")),
            known=tuple(sorted(known.get(identifier, {}))),
        )
