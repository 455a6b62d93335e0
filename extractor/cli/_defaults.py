"""Defaults of options, from the table ``[tool.extractor]`` of the nearest pyproject.toml.

Keys are option names. ``[tool.extractor]`` holds those of every verb that has the option,
``[tool.extractor.VERB]`` those of one verb; the command line wins over both.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from extractor.errors import UsageError


def read_defaults(folder: Path) -> dict[str, Any]:
    """The table of the nearest pyproject.toml at or above ``folder``; empty if it has none."""
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file():
            try:
                document = tomllib.loads(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
                # Somebody else's file: a project with a broken one can still be a source.
                return {}
            table = document.get("tool", {}).get("extractor", {})
            if not isinstance(table, dict):
                raise UsageError(f"{path}: [tool.extractor] is not a table")
            return table
    return {}


def defaults_of(command: click.Command, name: str, table: dict[str, Any]) -> dict[str, Any]:
    """What ``table`` says for ``command``, by parameter, as click wants it.

    ``UsageError`` for a key of the verb's own table that is none of its options.
    """
    shared = {key: value for key, value in table.items() if not isinstance(value, dict)}
    own = table.get(name, {})
    if not isinstance(own, dict):
        return {}
    return _of(command, shared, own, f"[tool.extractor.{name}]")


def _of(
    command: click.Command, shared: dict[str, Any], own: dict[str, Any], where: str
) -> dict[str, Any]:
    if isinstance(command, click.Group):
        return _of_group(command, shared, own, where)
    by_option = _options(command)
    unknown = sorted(set(own) - set(by_option))
    if unknown:
        raise UsageError(
            f"pyproject.toml: {where} has no option {unknown[0]!r}; "
            f"it has {', '.join(sorted(by_option))}"
        )
    given = {key: value for key, value in shared.items() if key in by_option} | own
    return {str(by_option[key].name): value for key, value in given.items()}


def _of_group(
    group: click.Group, shared: dict[str, Any], own: dict[str, Any], where: str
) -> dict[str, Any]:
    """A key of the group's own table that is no command is for each command that has it."""
    context = click.Context(group, info_name=group.name)
    names = sorted({*group.list_commands(context), *group.commands})
    commands = {name: group.get_command(context, name) for name in names}
    tables = {key: own[key] for key in commands if isinstance(own.get(key), dict)}
    for_all = {key: value for key, value in own.items() if key not in tables}
    known = {key for command in commands.values() if command for key in _options(command)}
    if unknown := sorted(set(for_all) - known):
        raise UsageError(
            f"pyproject.toml: {where} has no option {unknown[0]!r}; it has "
            f"{', '.join([*names, *sorted(known)])}"
        )
    return {
        name: _of(command, shared | for_all, tables.get(name, {}), f"{where[:-1]}.{name}]")
        for name, command in commands.items()
        if command is not None
    }


def _options(command: click.Command) -> dict[str, click.Parameter]:
    return {
        option.lstrip("-"): parameter
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    }
