"""Nothing names the package it came from, and every name of ours leads to a definition."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from extractor.analysis.resolver import modules_of
from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.verification.unresolved import unresolved_names
from extractor.wording import counted

NEEDS = "nothing"
# Files in which a dotted name is a name that something will import, not prose.
_CONFIGURATION = (".cfg", ".ini", ".conf", ".toml", ".yaml", ".yml", ".json", ".txt", ".in")


def check(result: Result, context: Context) -> CheckResult:
    """Read every Python file and every file that configures something."""
    old, new = context.plan.data.source_package, context.plan.data.target_package
    tree = result.tree
    project = project_of(tree)
    explained = context.plan.data.explained
    # The name of a group is what others look plug-ins up by: it stays what it was.
    groups = {point.group for point in project.entry_points}
    findings: list[str] = []
    searched = imported = strings = 0
    own = modules_of(tree, [new])
    for path in tree.paths():
        kind = project.kind_of(path)
        searched += path.endswith((".py", *_CONFIGURATION))
        if path.endswith(".py"):
            try:
                parsed, _ = parse_ast(tree.read(path), path)
            except UnreadableSource as error:
                findings.append(f"{path}:{error.line}: cannot be read: {error}")
                continue
            for line, name in imported_names(parsed):
                imported += 1
                kept = context.plan.data.keeps(name) or project.is_part_of_another(name)
                if _is_of(name, old) and not kept:
                    findings.append(f"{path}:{line}: imports {name}")
            for line, text in named_in_strings(parsed, old):
                strings += 1
                if text not in groups and not explained(path, f"{path}:{text}"):
                    findings.append(f"{path}:{line}: the string {text!r} names {old}")
            for line, text in named_in_strings(parsed, new):
                # Elsewhere such a string may be a code that clients know, not a place.
                if kind.of_tests and dangling(text, set(own)):
                    findings.append(
                        f"{path}:{line}: the string {text!r} names no module of the result"
                    )
        elif path.endswith(_CONFIGURATION) and kind is not Kind.RELEASE_NOTES:
            text = tree.read(path).decode("utf-8", "replace")
            for number, raw in enumerate(text.splitlines(), 1):
                if raw.lstrip().startswith("#"):
                    continue
                for match in re.finditer(rf"(?<![\w./@-]){old}(\.\w+)+", raw):
                    strings += 1
                    if match.group() in groups:
                        continue
                    if not explained(path, raw):
                        findings.append(f"{path}:{number}: names {match.group()}")
    findings += unresolved_names(result, context.plan.data)
    evidence = [
        f"{counted(imported, 'import')} and {counted(strings, 'name')} in strings and settings read"
    ]
    return verdict(
        "imports", findings, evidence, {"imports": imported, "strings": strings}, compared=searched
    )


def imported_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every absolute import, at any depth of the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def named_in_strings(tree: ast.Module, package: str) -> Iterator[tuple[int, str]]:
    """Line and text of string literals that are a dotted name below ``package``."""
    wanted = re.compile(rf"{re.escape(package)}(\.[A-Za-z_]\w*)+(:[A-Za-z_]\w*)?")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and wanted.fullmatch(str(node.value)):
            yield node.lineno, str(node.value)


def dangling(text: str, modules: set[str]) -> bool:
    """Whether a dotted name begins like a module path of ours that is not there.

    ``a.b.c`` may name an attribute of ``a.b`` or of ``a``; only when a name has three parts or
    more and not even its first two are a module is it sure to name nothing.
    """
    parts = text.replace(":", ".").split(".")
    return len(parts) > 2 and ".".join(parts[:2]) not in modules


def _is_of(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
