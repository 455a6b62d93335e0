"""Settings of a rewrite, from the words of a command line or a TOML file."""

from __future__ import annotations

import dataclasses
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extractor.errors import UsageError
from extractor.rewrites import Rewrite


def read_settings(path: Path) -> dict[str, Any]:
    """Settings from a TOML file; ``UsageError`` when it cannot be read."""
    try:
        settings: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        return settings
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the settings cannot be read from {path}: {error}") from None


def settings_from(rewrite: Rewrite, values: Mapping[str, Any]) -> Any:
    """The settings of ``rewrite`` from lists of words, ``OLD=NEW`` for mappings.

    Fields that ``values`` does not name, or names with nothing, keep their default. Raises
    ``UsageError`` for an unknown name or a word without ``=``.
    """
    kinds = setting_kinds(rewrite)
    given: dict[str, Any] = {}
    for name, value in values.items():
        if name not in kinds:
            raise UsageError(f"{rewrite.name} has no setting {name!r}; it has {', '.join(kinds)}")
        if value is None or (not value and not isinstance(value, bool)):
            continue
        given[name] = _converted(name, kinds[name], value)
    return rewrite.settings(**given)


def _converted(name: str, kind: str, value: Any) -> Any:
    if kind == "flag":
        return bool(value)
    if kind == "mapping" and not isinstance(value, Mapping):
        pairs = [word.partition("=") for word in value]
        bad = [old for old, equals, new in pairs if not (old and equals and new)]
        if bad:
            raise UsageError(f"write {name} as OLD=NEW, not {bad[0]!r}")
        return {old: new for old, _, new in pairs}
    if kind == "set":
        return frozenset(value)
    return dict(value) if kind == "mapping" else tuple(value)


def setting_kinds(rewrite: Rewrite) -> dict[str, str]:
    """The settings of ``rewrite`` in order: ``flag``, ``mapping``, ``set`` or ``list``."""
    kinds: dict[str, str] = {}
    hints = typing.get_type_hints(rewrite.settings)
    for field in dataclasses.fields(rewrite.settings):
        if field.metadata.get("derived"):
            continue
        text = str(hints[field.name])
        kinds[field.name] = (
            "flag"
            if hints[field.name] is bool
            else "mapping"
            if "Mapping" in text
            else "set"
            if "frozenset" in text
            else "list"
        )
    return kinds
