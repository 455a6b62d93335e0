"""Read a configuration of import-linter: the session's options and its contracts.

The same file serves ``lint-imports``: ``[tool.importlinter]`` in TOML, or an INI file.
"""

from __future__ import annotations

import configparser
import importlib
import inspect
import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import importlinter.contracts
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


# Where a configuration is looked for, in this order, and the section it is known by.
_NAMES = ("contracts.toml", "setup.cfg", ".importlinter", "pyproject.toml")


def find(*folders: Path) -> Path | None:
    """The configuration of the project that one of ``folders`` is in; ``None`` if there is none.

    Looked for in the folder and in those above it, up to the root of the repository.
    """
    for start in folders:
        folder = start.resolve()
        for one in (folder, *folder.parents):
            for name in _NAMES:
                if (one / name).is_file() and _is_ours(one / name):
                    return _shown(one / name)
            if (one / ".git").exists():
                break
    return None


def _is_ours(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
        session, contracts = _toml(text) if path.suffix == ".toml" else _ini(text)
    except (OSError, ValueError, TypeError, AttributeError, configparser.Error):
        # What cannot be read is said when it is asked for by its name alone.
        return path.name in {"contracts.toml", ".importlinter"}
    return bool(session or contracts)


def _shown(path: Path) -> Path:
    """``path`` from the working directory, where it is below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def load(path: Path) -> Configuration:
    """The configuration in ``path``; ``BadConfiguration`` when it cannot be used."""
    session, options = _read(path)
    packages = _packages(path, session)
    if not options:
        raise BadConfiguration(f"{path}: no contracts for import-linter")
    session["root_packages"] = packages
    declared, problems = _declared(session)
    contracts = []
    seen: set[str] = set()
    for number, one in enumerate(options, 1):
        name = str(one.get("name") or one.get("id") or f"contract {number}")
        missing = [option for option in ("name", "type") if not one.get(option)]
        if missing:
            problems.append(f"{name} has no {' and no '.join(missing)}")
            continue
        identifier = str(one.get("id") or name)
        if identifier in seen:
            problems.append(f"{name}: the id {identifier!r} is taken")
        if ":" in str(one.get("id") or ""):
            problems.append(f"{name}: an id has no colon")
        seen.add(identifier)
        contract = _made(declared, name, session, one, problems)
        if contract is not None:
            contracts.append(contract)
    if problems:
        raise BadConfiguration(f"{path}: {'; '.join(problems)}")
    return Configuration(path, tuple(packages), session, tuple(contracts))


def _read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8")
        return _toml(text) if path.suffix == ".toml" else _ini(text)
    except OSError as error:
        raise BadConfiguration(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, configparser.Error) as error:
        raise BadConfiguration(f"{path}: {' '.join(str(error).split())}") from None
    except (ValueError, TypeError, AttributeError):
        raise BadConfiguration(
            f"{path}: [tool.importlinter] is a table, its contracts are an array of tables"
        ) from None


def _packages(path: Path, session: Mapping[str, Any]) -> list[str]:
    for name in ("root_packages", "root_package"):
        value = session.get(name)
        if not value:
            continue
        packages = [value] if isinstance(value, str) else value
        if not isinstance(packages, list) or not all(isinstance(p, str) for p in packages):
            raise BadConfiguration(f"{path}: {name} is a name, or a list of names")
        packages = [package.strip() for package in packages]
        if bad := [p for p in packages if not all(part.isidentifier() for part in p.split("."))]:
            raise BadConfiguration(f"{path}: {name}: {bad[0]!r} is not the name of a package")
        return packages
    raise BadConfiguration(f"{path}: no root_package and no root_packages for import-linter")


def _declared(session: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Where each type of contract is, and what is wrong with those that the session declares."""
    declared = dict(OWN_TYPES) | linter_types()
    problems = []
    for text in option(session, "contract_types"):
        name, colon, place = (part.strip() for part in str(text).partition(":"))
        if not (name and colon and "." in place):
            problems.append(f"contract_types: {text!r}: write 'name: module.Class'")
        declared[name] = place
    return declared, problems


def linter_types() -> dict[str, str]:
    """Where the types are that import-linter brings itself, of the version installed."""
    found = {}
    for info in pkgutil.iter_modules(importlinter.contracts.__path__):
        if not info.name.startswith("_"):
            module = f"{importlinter.contracts.__name__}.{info.name}"
            name = "".join(part.capitalize() for part in info.name.split("_"))
            found[info.name] = f"{module}.{name}Contract"
    return found


def _made(
    declared: Mapping[str, str],
    name: str,
    session: Mapping[str, Any],
    options: dict[str, Any],
    problems: list[str],
) -> Contract | None:
    try:
        return _class(declared, str(options["type"]))(name, dict(session), options)
    except InvalidContractOptions as error:
        problems += [f"{name}: {field}: {why}" for field, why in error.errors.items()]
    except (ImportError, AttributeError, KeyError):
        problems.append(f"{name}: there is no contract type {options['type']!r}")
    except Exception as error:
        # Options of a kind that the type does not expect, or a type that cannot be imported.
        problems.append(f"{name}: {' '.join(str(error).split()) or type(error).__name__}")
    return None


def _class(declared: Mapping[str, str], type_: str) -> type[Contract]:
    place = declared[type_]
    own = OWN_TYPES.get(type_, "")
    if own and place.partition(".")[2] == own.partition(".")[2]:
        # Ours by the name that an earlier version installed it under.
        place = own
    module, _, name = place.rpartition(".")
    found: type[Contract] = getattr(importlib.import_module(module), name)
    if not (inspect.isclass(found) and issubclass(found, Contract)):
        raise TypeError(f"{declared[type_]} is not a contract type")
    return found


def _toml(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    session = dict(tomllib.loads(text).get("tool", {}).get("importlinter", {}))
    contracts = session.pop("contracts", [])
    if not isinstance(contracts, list):
        raise TypeError("contracts")
    contracts = [_plain(one) for one in contracts]
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
