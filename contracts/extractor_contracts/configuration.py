"""Read a configuration of import-linter: the session's options and its contracts.

The same file serves ``lint-imports``: ``[tool.importlinter]`` in TOML, or an INI file.
"""

from __future__ import annotations

import configparser
import importlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importlinter.domain.contract import Contract, InvalidContractOptions

from extractor_contracts.base import option

# Where a type is that the configuration does not declare itself.
OWN_TYPES = {
    "cascade_budget": "extractor_contracts.cascade_budget.CascadeBudget",
    "frozen_schema": "extractor_contracts.frozen_schema.FrozenSchema",
    "one_way": "extractor_contracts.one_way.OneWay",
    "owned_symbols": "extractor_contracts.owned_symbols.OwnedSymbols",
    "quiet_init": "extractor_contracts.quiet_init.QuietInit",
    "registry": "extractor_contracts.registry.Registry",
}
LINTER_TYPES = {
    "acyclic_siblings": "importlinter.contracts.acyclic_siblings.AcyclicSiblingsContract",
    "forbidden": "importlinter.contracts.forbidden.ForbiddenContract",
    "independence": "importlinter.contracts.independence.IndependenceContract",
    "layers": "importlinter.contracts.layers.LayersContract",
    "protected": "importlinter.contracts.protected.ProtectedContract",
}


class BadConfiguration(ValueError):
    """The configuration cannot be used; the message says why, every contract's at once."""


@dataclass(frozen=True)
class Configuration:
    """What to check: the packages, and contracts ready to be asked."""

    path: Path
    packages: tuple[str, ...]
    session: Mapping[str, Any]
    contracts: tuple[Contract, ...]

    @property
    def baseline(self) -> Path | None:
        """The baseline it names: from the working directory, or else beside the configuration."""
        named = self.session.get("baseline")
        if not named or Path(named).exists():
            return Path(named) if named else None
        return self.path.parent / Path(named).name


def load(path: Path) -> Configuration:
    """The configuration in ``path``; ``BadConfiguration`` when it cannot be used."""
    try:
        text = path.read_text(encoding="utf-8")
        session, options = _toml(text) if path.suffix == ".toml" else _ini(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, configparser.Error) as error:
        raise BadConfiguration(f"{path}: {error}") from None
    packages = option(session, "root_packages") or option(session, "root_package")
    if not packages or not options:
        raise BadConfiguration(f"{path}: no root_packages or no contracts for import-linter")
    session["root_packages"] = packages
    declared = dict(OWN_TYPES) | LINTER_TYPES
    for text in option(session, "contract_types"):
        name, _, place = (part.strip() for part in text.partition(":"))
        declared[name] = place
    contracts = []
    problems = []
    seen: set[str] = set()
    for one in options:
        name = str(one.get("name", one.get("id", "?")))
        try:
            contract = _class(declared, str(one.get("type")))(name, session, one)
        except InvalidContractOptions as error:
            problems += [f"{name}: {field}: {why}" for field, why in error.errors.items()]
            continue
        except (ImportError, AttributeError, KeyError):
            problems.append(f"{name}: there is no contract type {one.get('type')!r}")
            continue
        identifier = str(one.get("id") or name)
        if identifier in seen:
            problems.append(f"{name}: the id {identifier!r} is taken")
        seen.add(identifier)
        contracts.append(contract)
    if problems:
        raise BadConfiguration(f"{path}: {'; '.join(problems)}")
    return Configuration(path, tuple(packages), session, tuple(contracts))


def _class(declared: Mapping[str, str], type_: str) -> type[Contract]:
    module, _, name = declared[type_].rpartition(".")
    found: type[Contract] = getattr(importlib.import_module(module), name)
    return found


def _toml(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    session = dict(tomllib.loads(text).get("tool", {}).get("importlinter", {}))
    contracts = [_plain(one) for one in session.pop("contracts", [])]
    return _plain(session), contracts


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    # import-linter's fields parse text.
    return {k: str(v) if isinstance(v, (bool, int)) else v for k, v in values.items()}


def _ini(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    parser = configparser.ConfigParser()
    parser.read_string(text)
    session: dict[str, Any] = {}
    contracts = []
    for section in parser.sections():
        values: dict[str, Any] = {
            key: value.strip().split("\n") if "\n" in value else value
            for key, value in parser[section].items()
        }
        if section == "importlinter":
            session = values
        elif section.startswith("importlinter:"):
            contracts.append({"id": section.rpartition(":")[2], **values})
    return session, contracts
