"""Write the requirement files of the result: what it imports, no more, as the source pins it.

Specifiers, markers and comments of a requirement line are kept to the byte.
"""

from __future__ import annotations

import ast
import configparser
import re
import string
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from extractor.errors import UsageError
from extractor.outcome import Finding
from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.declared import normal
from extractor.project.standard_library import is_standard_library
from extractor.source.tree import Tree

_LINE = re.compile(r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<rest>[^#]*)(?P<comment>#.*)?")


@dataclass(frozen=True)
class Requirements:
    """The two requirement files, and the imports no line of the source stands for.

    ``optional``: what is only tried, requirement line by distribution.
    """

    runtime: bytes
    test: bytes
    optional: Mapping[str, str]
    findings: tuple[Finding, ...]


def third_party_imports(source: bytes, own: str, path: str = "") -> dict[str, tuple[int, bool]]:
    """Top-level names imported anywhere in the file that are neither ours nor Python's.

    Values are the 1-based line of the first import, and whether all of them only try.
    Raises ``UnreadableSource``.
    """
    tree, _ = parse_ast(source, path)
    found: dict[str, tuple[int, bool]] = {}
    for node in ast.walk(tree):
        for name, tried in _imported(node):
            top = name.split(".")[0]
            if top != own and not is_standard_library(top):
                line, before = found.get(top, (getattr(node, "lineno", 0), True))
                found[top] = (line, before and tried)
    return found


def _imported(node: ast.AST) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, False) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module, False
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        value = node.args[0].value
        if called in {"try_import", "import_module", "import_class"} and isinstance(value, str):
            yield value, called == "try_import"


def requirements_of(
    tree: Tree,
    own: str,
    *,
    source_lines: bytes,
    distributions: Mapping[str, str],
    runtime: list[str],
    test: list[str],
    tests_folder: str,
) -> Requirements:
    """Requirement files for the package ``own``; ``source_lines`` are the old files' lines."""
    lines: dict[str, str] = {}
    for known_name, requirement in _parse(source_lines):
        lines.setdefault(normal(known_name), requirement)
    needed: dict[bool, dict[str, str]] = {False: {}, True: {}}
    tried: dict[str, str] = {}
    findings = []
    for path in tree.paths():
        if not path.endswith(".py") or not path.startswith(f"{own}/"):
            continue
        in_tests = path.startswith(f"{tests_folder}/")
        try:
            imports = third_party_imports(tree.read(path), own, path)
        except UnreadableSource:
            continue
        for name, (line, only_tried) in imports.items():
            distribution = distributions.get(name, name)
            known = normal(distribution)
            if only_tried:
                tried[known] = distribution
                continue
            if known not in lines and known not in needed[False] and known not in needed[True]:
                findings.append(Finding(f"{name} of {path} is imported, but nothing pins it", line))
            needed[in_tests].setdefault(known, distribution)
    for name in runtime:
        needed[False].setdefault(normal(name), name)
    for name in test:
        needed[True].setdefault(normal(name), name)

    def text(wanted: Mapping[str, str]) -> bytes:
        chosen = [lines.get(known, f"{name}\n") for known, name in wanted.items()]
        return "".join(sorted(chosen, key=str.lower)).encode()

    only_tests = {k: v for k, v in needed[True].items() if k not in needed[False]}
    optional = {
        name: lines.get(known, f"{name}\n").strip()
        for known, name in sorted(tried.items())
        if known not in needed[False]
    }
    return Requirements(
        text(needed[False]), text(only_tests), optional, tuple(dict.fromkeys(findings))
    )


def fill_template(template: bytes, values: Mapping[str, str]) -> bytes:
    """Put ``values`` in for ``${name}``; ``$$`` is a dollar. ``UsageError`` for an unknown name.

    An empty value leaves no hole: runs of blank lines become one.
    """
    try:
        text = string.Template(template.decode("utf-8")).substitute(values)
    except KeyError as error:
        known = ", ".join(sorted(values))
        raise UsageError(f"there is no ${{{error.args[0]}}} to put in: there are {known}") from None
    except ValueError as error:
        raise UsageError(f"{error}: a dollar by itself is written $$") from None
    return (re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n").encode("utf-8")


def requirement_lines(source_lines: bytes, names: Collection[str]) -> list[str]:
    """The source's lines for ``names``, without comments; the bare name where it has none."""
    lines = {normal(name): line for name, line in _parse(source_lines)}
    return [lines.get(normal(name), name).partition("#")[0].strip() for name in sorted(names)]


def classifiers(setup_cfg: bytes) -> list[str]:
    """The ``Programming Language`` classifiers of the source's ``setup.cfg``."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(setup_cfg.decode("utf-8", "replace"))
    lines = parser.get("metadata", "classifier", fallback="").splitlines()
    return [line.strip() for line in lines if line.strip().startswith("Programming Language")]


def entry_points(groups: Mapping[str, Mapping[str, str]], present: Collection[str]) -> str:
    """The ``setup.cfg`` text of the entry points that are ``present``, as ``module:name``."""
    blocks = []
    for group, entries in groups.items():
        kept = [f"    {n} = {to}" for n, to in entries.items() if to in present]
        if kept:
            blocks.append("\n".join([f"{group} =", *kept]) + "\n")
    return "\n".join(blocks)


def extras(optional: Mapping[str, str]) -> str:
    """The ``setup.cfg`` section for what is only tried at run time."""
    if not optional:
        return ""
    lines = [f"{name} =\n    {line}" for name, line in optional.items()]
    return "\n".join(["[extras]", *lines, ""])


def _parse(content: bytes) -> Iterator[tuple[str, str]]:
    for line in content.decode("utf-8", "replace").splitlines():
        match = _LINE.match(line)
        if match and not line.lstrip().startswith("#"):
            yield match["name"], line.strip() + "\n"
