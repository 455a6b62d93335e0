"""What a tree's setup.cfg declares as entry points, read and not believed."""

from __future__ import annotations

import configparser
import re

from extractor.source.tree import Tree

_LINE = re.compile(r"([^=]+?)\s*=\s*([\w.]+:\w+)(\.[\w.]+)?\s*(\[.*\])?")


def entry_points_of(tree: Tree) -> dict[str, dict[str, str]]:
    """Group to names to ``module:name``; empty without a setup.cfg that can be read."""
    try:
        text = tree.read("setup.cfg").decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return {}
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    if not parser.has_section("entry_points"):
        return {}
    found: dict[str, dict[str, str]] = {}
    for group, block in parser.items("entry_points"):
        for line in block.splitlines():
            match = _LINE.fullmatch(line.strip())
            if match:
                found.setdefault(group, {})[match.group(1)] = match.group(2)
    return found


def declared_entry_points(tree: Tree) -> list[str]:
    """``module:name`` of every entry point, sorted."""
    return sorted({e for group in entry_points_of(tree).values() for e in group.values()})
