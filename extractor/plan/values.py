"""What a string of a plan may be: a type for each thing it becomes.

A plan may be a stranger's. What becomes a path, a ref, a module, a distribution, a pattern or an
identifier is checked when the plan is read, so that nothing later has to doubt it.
"""

from __future__ import annotations

import ast
import datetime
import keyword
import re
from collections.abc import Callable
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator

from extractor.patterns import complaint

# What OUTPUT holds beside the repository.
_TAKEN = frozenset({"contracts", "manifest.json", "report"})
# Branches of the result that are ours.
_OUR_BRANCHES = frozenset({"upstream", "extracted"})
_LONGEST = 200
# Of names and lines; names of files may hold such characters, since sources have such files.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_COMMAND = re.compile(r"[A-Za-z0-9_][\w.+-]*", re.ASCII)
_REF_BAD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_OLD_NAMES = frozenset({"async", "await"})


def _checked(check: Callable[[str], str | None]) -> Any:
    """A validator of what ``check`` finds nothing wrong with."""

    def validate(value: str) -> str:
        wrong = check(value)
        if wrong is not None:
            shown = value if len(value) <= 80 else f"{value[:77]}..."
            raise ValueError(f"{shown!r} {wrong}")
        return value

    return AfterValidator(validate)


def _module_part(part: str) -> bool:
    # A word of today's grammar may be a module of yesterday's.
    return part.isidentifier() and (not keyword.iskeyword(part) or part in _OLD_NAMES)


def _not_a_module(value: str) -> str | None:
    good = len(value) <= _LONGEST and all(_module_part(part) for part in value.split("."))
    return None if good else "is not a dotted module name"


def _not_a_subject(value: str) -> str | None:
    module, colon, symbol = value.partition(":")
    good = _not_a_module(module) is None and (not colon or symbol.isidentifier())
    return None if good else "is not 'module' or 'module:symbol'"


def _not_a_target(value: str) -> str | None:
    module, colon, attribute = value.partition(":")
    good = not colon or all(part.isidentifier() for part in attribute.split("."))
    good = good and _not_a_module(module) is None
    return None if good else "is not 'module', 'module:symbol' or 'module:symbol.attribute'"


def _not_a_replacement(value: str) -> str | None:
    if value.isidentifier() or (":" in value and _not_a_subject(value) is None):
        return None
    return "is neither a name nor 'module:name'"


def _not_an_identifier(value: str) -> str | None:
    good = value.isidentifier() and len(value) <= _LONGEST
    return None if good else "is not a name of letters, digits and underscores"


def _not_a_name(value: str) -> str | None:
    if value.lower() in _TAKEN:
        return "is the name of something else in OUTPUT"
    if len(value) > _LONGEST or not _NAME.fullmatch(value) or value.lower().endswith(".lock"):
        return (
            "cannot be the name of a folder in OUTPUT: use letters, digits, '.', '_', '+' and '-'"
        )
    return None


def unsafe_path(value: str) -> str | None:
    """Why ``value`` is no path inside a repository, or ``None``."""
    if not value:
        return "is empty where a path is wanted"
    if "\\" in value or _CONTROL.search(value):
        return "is not a path: it holds a backslash or a control character"
    if value.startswith("/"):
        return "is an absolute path: give one relative to the root"
    parts = value.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "is not a path inside the repository: no part may be empty, '.' or '..'"
    if any(part.lower().rstrip(". ") in {".git", "git~1"} for part in parts):
        return "would be inside .git"
    if len(value) > 4000 or any(len(part.encode()) > 255 for part in parts):
        return "is too long for a path"
    return None


def _not_a_place(value: str) -> str | None:
    return unsafe_path(value.removesuffix("/"))


def _not_a_glob(value: str) -> str | None:
    if not value:
        return "is empty where a pattern for paths is wanted"
    if _CONTROL.search(value) or value.startswith("/") or ".." in value.split("/"):
        return "is not a pattern for paths inside the repository"
    return None


def _not_an_optional_path(value: str) -> str | None:
    return unsafe_path(value) if value else None


def _not_a_branch(value: str) -> str | None:
    bad = (
        not value
        or len(value) > _LONGEST
        or _REF_BAD.search(value)
        or _CONTROL.search(value)
        or value.startswith(("-", "/"))
        or value.endswith(("/", "."))
        or value in {"@", "HEAD"}
        or any(p.startswith(".") or p.endswith(".lock") for p in value.split("/"))
    )
    if bad:
        return "cannot be the name of a branch"
    if value.split("/")[0] in _OUR_BRANCHES:
        return "is a branch that extractor reserves: choose another name"
    return None


def _not_a_distribution(value: str) -> str | None:
    good = len(value) <= _LONGEST and _DISTRIBUTION.fullmatch(value)
    return None if good else "is not the name of a distribution"


def _not_a_requirement(value: str) -> str | None:
    try:
        Requirement(re.sub(r"(^|\s)#.*", "", value).strip())
    except InvalidRequirement as error:
        return f"is not a requirement: {str(error).splitlines()[0]}"
    return "holds a line break" if _CONTROL.search(value) else None


def _not_versions(value: str) -> str | None:
    try:
        SpecifierSet(value)
    except InvalidSpecifier:
        return "is not a version specifier such as '>=3.6,<3.9'"
    return None


def _not_a_command(value: str) -> str | None:
    good = len(value) <= _LONGEST and _COMMAND.fullmatch(value)
    return None if good else "is not the name of a command or of a group of entry points"


def _not_a_line(value: str) -> str | None:
    return "holds a line break or a control character" if _CONTROL.search(value) else None


def _not_a_text(value: str) -> str | None:
    return "holds a NUL character" if "\0" in value else None


def _not_a_variable(value: str) -> str | None:
    return (
        None if re.fullmatch(r"[A-Za-z_]\w*", value, re.ASCII) else "is not the name of a variable"
    )


def _not_an_optional_subject(value: str) -> str | None:
    return _not_a_subject(value) if value else None


def _not_an_author(value: str) -> str | None:
    if not value.strip(" .,:;\"'") or set(value) & set("<>"):
        return "cannot be the author of a commit"
    return _not_a_line(value)


def _not_an_address(value: str) -> str | None:
    return "cannot be an address of mail" if set(value) & set("<>") else _not_a_line(value)


def _not_a_day(value: str) -> str | None:
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        return "is not a day such as '2018-02-28'"
    return None


def _not_arguments(value: str) -> str | None:
    wrong = "is not the arguments of a call"
    try:
        called = ast.parse(f"f({value})", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return wrong
    # More than one call: the parenthesis was closed on the way.
    good = isinstance(called, ast.Call) and isinstance(called.func, ast.Name)
    return None if good else wrong


Module = Annotated[str, _checked(_not_a_module)]
Subject = Annotated[str, _checked(_not_a_subject)]
Target = Annotated[str, _checked(_not_a_target)]
"""What an entry point leads to."""
Replacement = Annotated[str, _checked(_not_a_replacement)]
Identifier = Annotated[str, _checked(_not_an_identifier)]
OptionalSubject = Annotated[str, _checked(_not_an_optional_subject)]
Name = Annotated[str, _checked(_not_a_name)]
"""One part of a path: a folder of OUTPUT that is nobody else's."""
Path = Annotated[str, _checked(unsafe_path)]
"""A file or folder inside a repository."""
OptionalPath = Annotated[str, _checked(_not_an_optional_path)]
Place = Annotated[str, _checked(_not_a_place)]
"""A path, or with a ``/`` at its end a folder."""
Glob = Annotated[str, _checked(_not_a_glob)]
Branch = Annotated[str, _checked(_not_a_branch)]
Distribution = Annotated[str, _checked(_not_a_distribution)]
RequirementLine = Annotated[str, _checked(_not_a_requirement)]
Versions = Annotated[str, _checked(_not_versions)]
Command = Annotated[str, _checked(_not_a_command)]
Author = Annotated[str, _checked(_not_an_author)]
Address = Annotated[str, _checked(_not_an_address)]
Line = Annotated[str, _checked(_not_a_line)]
Text = Annotated[str, _checked(_not_a_text)]
"""Anything a command line or a variable can hold."""
Day = Annotated[str, _checked(_not_a_day)]
Variable = Annotated[str, _checked(_not_a_variable)]
Expression = Annotated[str, _checked(complaint)]
"""A regular expression, of text and of bytes."""
Arguments = Annotated[str, _checked(_not_arguments)]
"""What may stand between the parentheses of a call."""
