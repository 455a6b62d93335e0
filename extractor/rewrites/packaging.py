"""Write the requirement files of the result: what it imports, no more, as the source pins it.

Specifiers, markers and comments of a requirement line are kept to the byte.
"""

from __future__ import annotations

import ast
import enum
import json
import re
import string
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.errors import UsageError
from extractor.outcome import Finding
from extractor.parsing import UnreadableSource, parse_ast
from extractor.project.declared import normal, requirement_of, top_symbol
from extractor.project.distributions import known_distribution
from extractor.project.facts import Project
from extractor.project.standard_library import is_standard_library
from extractor.reading.foreseen import foreseen
from extractor.source.tree import Tree


@dataclass(frozen=True)
class Requirements:
    """The two requirement files, and the imports no line of the source stands for.

    ``optional``: what is only tried, requirement lines by the name of the extra.
    """

    runtime: bytes
    test: bytes
    optional: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]


class Need(enum.IntEnum):
    """How much an import is needed: its failing is foreseen or not."""

    HARD = 0
    GUARDED = 1
    TRIED = 2


def third_party_imports(
    source: bytes, own: Collection[str], path: str = ""
) -> dict[str, tuple[int, Need]]:
    """Dotted names imported anywhere in the file that are neither of ``own`` nor Python's.

    Values are the 1-based line of the first import, and the strongest need of any.
    Raises ``UnreadableSource``.
    """
    tree, _ = parse_ast(source, path)
    guarded = foreseen(tree)
    found: dict[str, tuple[int, Need]] = {}
    for node in ast.walk(tree):
        for name, need in _imported(node):
            top = name.split(".")[0]
            if top not in own and not is_standard_library(top):
                line, before = found.get(name, (getattr(node, "lineno", 0), Need.TRIED))
                now = max(need, Need.GUARDED) if id(node) in guarded else need
                found[name] = (line, min(before, now))
    return found


def _imported(node: ast.AST) -> Iterator[tuple[str, Need]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, Need.HARD) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        for alias in node.names:
            # Of a namespace the name may be the part that is a distribution.
            yield f"{node.module}.{alias.name}".removesuffix(".*"), Need.HARD
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        value = node.args[0].value
        if called in {"try_import", "import_module", "import_class"} and isinstance(value, str):
            yield value, Need.TRIED if called == "try_import" else Need.HARD


class Known:
    """What is known of distributions: a plan's word, the source's files, a kept mapping."""

    def __init__(
        self,
        distributions: Mapping[str, str],
        project: Project,
        files: Sequence[str] = (),
        more: Iterable[str] = (),
    ) -> None:
        """``distributions``: import name to distribution; ``project``: the facts of the source.

        Of its requirements those in ``files`` count first. ``more`` are lines that the source
        does not have, for what it never needed: its own word wins.
        """
        self.distributions = distributions
        self.project = project
        self.lines: dict[str, str] = {}
        ordered = sorted(
            project.requirements,
            key=lambda one: files.index(one.path) if one.path in files else len(files),
        )
        added = [found for text in more if (found := requirement_of(text, "", "", 0))]
        for one in [*ordered, *added]:
            self.lines.setdefault(normal(one.name), f"{one.text}\n")

    def distribution_of(self, name: str) -> str:
        """What the dotted import ``name`` comes from; empty when nothing says so."""
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            given = self.distributions.get(".".join(parts[:end]))
            if given is not None:
                return given
        if normal(parts[0]) in self.lines:
            return parts[0]
        required = self.project.requirement_of(name)
        if required is not None:
            line = f"{required.specifier or required.name}\n"
            self.lines.setdefault(normal(required.name), line)
            return required.name
        return known_distribution(name)

    def is_pinned(self, distribution: str) -> bool:
        """Whether a line of the source's stands for it."""
        return normal(distribution) in self.lines

    def extra_of(self, distribution: str) -> str:
        """The extra by which alone the source has it; empty for what it needs to run."""
        named = (r for r in self.project.requirements if normal(r.name) == normal(distribution))
        groups = [required.group for required in named]
        found = [g for g in groups if g in self.project.extras]
        return found[0] if found and "" not in groups else ""

    def line_of(self, distribution: str) -> str:
        """The source's line for it, or its bare name."""
        return self.lines.get(normal(distribution), f"{distribution}\n")


def requirements_of(
    tree: Tree,
    modules: Mapping[str, str],
    known: Known,
    *,
    runtime: Collection[str],
    test: Collection[str],
    in_tests: Callable[[str], bool],
) -> Requirements:
    """Requirement files for ``modules`` (dotted name to path); ``in_tests`` is asked by name.

    What nothing says the distribution of is a finding, and no requirement.
    """
    own = {module.partition(".")[0] for module in modules}
    needed: dict[bool, dict[str, str]] = {False: {}, True: {}}
    tried: dict[str, str] = {}
    extra: dict[str, str] = {}
    findings: dict[str, Finding] = {}
    for module, path in sorted(modules.items(), key=lambda item: item[1]):
        try:
            imports = third_party_imports(tree.read(path), own, path)
        except UnreadableSource:
            continue
        for name, (line, need) in imports.items():
            top = name.partition(".")[0]
            if known.project.is_first_party(name) and top not in known.distributions:
                told = f"{top} of {path} is a package of the source itself: carry or replace it"
                findings.setdefault(top, Finding(told, line))
                continue
            distribution = known.distribution_of(name)
            pinned = bool(distribution) and known.is_pinned(distribution)
            if need is Need.TRIED:
                tried[normal(distribution or top)] = distribution or top
                continue
            # What is optional and no file of the source asks for, nobody is asked for.
            if need is Need.GUARDED and not pinned:
                continue
            if need is Need.GUARDED and known.extra_of(distribution) and not in_tests(module):
                extra[normal(distribution)] = distribution
                continue
            if not pinned:
                told = f"{top} of {path} is imported, but nothing pins it"
                findings.setdefault(distribution or top, Finding(told, line))
            if distribution:
                needed[in_tests(module)].setdefault(normal(distribution), distribution)
    for name in runtime:
        needed[False].setdefault(normal(name), name)
    for name in test:
        needed[True].setdefault(normal(name), name)

    def text(wanted: Mapping[str, str]) -> bytes:
        chosen = [known.line_of(name) for name in wanted.values()]
        return "".join(sorted(chosen, key=str.lower)).encode()

    only_tests = {k: v for k, v in needed[True].items() if k not in needed[False]}
    optional = {
        key: [known.line_of(name).strip()]
        for key, name in sorted(tried.items())
        if key not in needed[False]
    }
    for key, name in sorted(extra.items()):
        if key not in needed[False]:
            optional.setdefault(known.extra_of(name), []).append(known.line_of(name).strip())
    extras_of = {name: tuple(lines) for name, lines in optional.items()}
    return Requirements(text(needed[False]), text(only_tests), extras_of, tuple(findings.values()))


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


def requirement_lines(lines: Mapping[str, str], names: Collection[str]) -> list[str]:
    """The source's lines for ``names``, without comments; the bare name where it has none."""
    return [lines.get(normal(name), name).partition("#")[0].strip() for name in sorted(names)]


def entry_points(groups: Mapping[str, Mapping[str, str]], present: Collection[str]) -> str:
    """The INI text of the entry points whose module, or name in it, is ``present``."""
    blocks = []
    for group, entries in groups.items():
        kept = [f"    {n} = {to}" for n, to in entries.items() if top_symbol(to) in present]
        if kept:
            blocks.append("\n".join([f"{group} =", *kept]) + "\n")
    return "\n".join(blocks)


def extras(optional: Mapping[str, Sequence[str]], section: str = "extras") -> str:
    """The INI section for what is only tried at run time."""
    if not optional:
        return ""
    lines = ["\n    ".join([f"{name} =", *texts]) for name, texts in optional.items()]
    return "\n".join([f"[{section}]", *lines, ""])


def toml_array(requirements: bytes) -> str:
    """The lines of a requirement file as a TOML array, without their comments."""
    found = (requirement_of(line, "", "", 0) for line in requirements.decode().splitlines())
    lines = [f"    {toml_string(one.specifier)},\n" for one in found if one]
    return "[\n" + "".join(lines) + "]" if lines else "[]"


def toml_string(text: str) -> str:
    """``text`` as a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def toml_extras(optional: Mapping[str, Sequence[str]], test: bytes) -> str:
    """``[project.optional-dependencies]``; those of the tests are the extra ``test``."""
    texts = {name: "\n".join(lines).encode() for name, lines in optional.items()}
    if test.strip():
        texts["test"] = b"\n".join([texts.get("test", b""), test])
    lines = [f"{toml_string(name)} = {toml_array(text)}" for name, text in texts.items()]
    return "\n".join(["[project.optional-dependencies]", *lines]) if lines else ""


def toml_entry_points(groups: Mapping[str, Mapping[str, str]], present: Collection[str]) -> str:
    """The tables of the entry points whose module, or name in it, is ``present``."""
    own = {"console_scripts": "scripts", "gui_scripts": "gui-scripts"}
    blocks = []
    for group, entries in groups.items():
        kept = [
            f"{toml_string(n)} = {toml_string(to)}"
            for n, to in entries.items()
            if top_symbol(to) in present
        ]
        table = own.get(group, f"entry-points.{toml_string(group)}")
        if kept:
            blocks.append("\n".join([f"[project.{table}]", *kept]) + "\n")
    return "\n".join(blocks)
