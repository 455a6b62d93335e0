"""How long a line of a project may be, as its formatters and linters are told."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

_TOMLS: dict[str, list[tuple[str, ...]]] = {
    "ruff.toml": [("line-length",)],
    ".ruff.toml": [("line-length",)],
    "pyproject.toml": [
        ("tool", "ruff", "line-length"),
        ("tool", "black", "line-length"),
        ("tool", "isort", "line_length"),
        ("tool", "flake8", "max-line-length"),
    ],
}
_INIS = {
    ".flake8": [("flake8", "max-line-length"), ("flake8", "max_line_length")],
    "setup.cfg": [
        *[("flake8", "max-line-length"), ("flake8", "max_line_length")],
        *[("isort", "line_length"), ("pycodestyle", "max-line-length")],
        *[("pycodestyle", "max_line_length"), ("pep8", "max-line-length")],
    ],
    "tox.ini": [
        *[("flake8", "max-line-length"), ("flake8", "max_line_length")],
        *[("pycodestyle", "max-line-length"), ("pycodestyle", "max_line_length")],
    ],
    ".isort.cfg": [("settings", "line_length")],
    ".pycodestyle": [("pycodestyle", "max-line-length")],
}
_FORMATTERS = ("black", "ruff")
_OF_FORMATTERS, _USUAL = 88, 79


def line_length(read: Callable[[str], str | None]) -> int:
    """What the project's own settings say, else what its formatter or pycodestyle does.

    ``read`` gives the text of a file in the project's folder, ``None`` where there is none.
    """
    tables: dict[str, Any] = {}
    for name, places in _TOMLS.items():
        try:
            tables[name] = tomllib.loads(read(name) or "")
        except tomllib.TOMLDecodeError:
            continue
        for place in places:
            found = tables[name]
            for key in place:
                found = found.get(key) if isinstance(found, dict) else None
            if isinstance(found, int) and found > 0:
                return found
    for length in _of_inis(read):
        return length
    tools = tables.get("pyproject.toml", {}).get("tool", {})
    is_formatted = any(tool in tools for tool in _FORMATTERS) or bool(
        tables.get("ruff.toml") or tables.get(".ruff.toml")
    )
    return _OF_FORMATTERS if is_formatted else _USUAL


def _of_inis(read: Callable[[str], str | None]) -> Iterator[int]:
    for name, places in _INIS.items():
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(read(name) or "")
        except configparser.Error:
            continue
        for section, option in places:
            text = parser.get(section, option, fallback="").split("#")[0].strip()
            if text.isdecimal() and int(text) > 0:
                yield int(text)
