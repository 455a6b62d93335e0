"""Who wrote a project, where it is at home and what it is listed under: read, and written again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Person(NamedTuple):
    """An author or maintainer; either part may be empty."""

    name: str
    email: str


@dataclass(frozen=True)
class About:
    """What the metadata of a distribution say besides what it needs; ``urls`` by their label."""

    name: str = ""
    authors: tuple[Person, ...] = ()
    maintainers: tuple[Person, ...] = ()
    keywords: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    urls: tuple[tuple[str, str], ...] = ()

    def toml(self) -> str:
        """Lines of ``[project]``, then its table of addresses; empty when there is nothing."""
        lines = [
            f"{key} = [{', '.join(_person(one) for one in people)}]\n"
            for key, people in (("authors", self.authors), ("maintainers", self.maintainers))
            if people
        ]
        if self.keywords:
            lines.append(f"keywords = [{', '.join(map(_string, self.keywords))}]\n")
        if self.classifiers:
            listed = "".join(f"    {_string(one)},\n" for one in self.classifiers)
            lines.append(f"classifiers = [\n{listed}]\n")
        return "".join(lines)

    def toml_urls(self) -> str:
        """The table ``[project.urls]``; empty where no address is known."""
        lines = [f"{_string(label)} = {_string(url)}\n" for label, url in self.urls]
        return "".join(["[project.urls]\n", *lines]) if lines else ""

    def cfg(self) -> str:
        """Lines of ``[metadata]`` in ``setup.cfg``."""
        lines = []
        for key, people in (("author", self.authors), ("maintainer", self.maintainers)):
            names = ", ".join(one.name for one in people if one.name)
            emails = ", ".join(one.email for one in people if one.email)
            lines += [f"{key} = {names}\n"] if names else []
            lines += [f"{key}_email = {emails}\n"] if emails else []
        home = [url for label, url in self.urls if label == HOME][:1]
        others = [f"{label} = {url}" for label, url in self.urls if label != HOME]
        lines += [f"url = {url}\n" for url in home]
        lines += [f"keywords = {', '.join(self.keywords)}\n"] if self.keywords else []
        for key, values in (("project_urls", others), ("classifiers", self.classifiers)):
            lines += (
                ["".join([f"{key} =\n", *(f"    {one}\n" for one in values)])] if values else []
            )
        return "".join(lines)


HOME = "Homepage"


def people(value: Any) -> tuple[Person, ...]:
    """Persons of a list of tables (PEP 621) or of texts like ``Ann <ann@example.org>``."""
    found = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, Mapping):
            found.append(Person(_line(one.get("name")), _line(one.get("email"))))
        elif isinstance(one, str) and (match := re.fullmatch(r"\s*([^<]*?)\s*(?:<(.*)>)?\s*", one)):
            found.append(Person(_line(match[1]), _line(match[2])))
    return tuple(person for person in found if any(person))


def person(name: Any, email: Any) -> tuple[Person, ...]:
    """The one whom two options name."""
    found = Person(_line(name), _line(email))
    return (found,) if any(found) else ()


def texts_of(value: Any, separators: str = "\n") -> tuple[str, ...]:
    """The texts of a list, or of a text with ``separators`` between them."""
    given = re.split(f"[{separators}]", value) if isinstance(value, str) else value
    return tuple(line for one in given if (line := _line(one))) if isinstance(given, list) else ()


def urls(value: Any, home: Any = "") -> tuple[tuple[str, str], ...]:
    """Addresses by label, of a table or of lines like ``Docs = https://example.org``."""
    return tuple(dict(_urls(value, home)).items())


def _urls(value: Any, home: Any) -> Iterator[tuple[str, str]]:
    if _line(home):
        yield HOME, _line(home)
    if isinstance(value, Mapping):
        pairs: Iterable[tuple[Any, Any]] = value.items()
    else:
        pairs = [line.split("=", 1) for line in texts_of(value) if "=" in line]  # type: ignore[misc]
    for label, url in pairs:
        if _line(label) and _line(url):
            yield _line(label), _line(url)


def _line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _person(one: Person) -> str:
    parts = [f"{key} = {_string(value)}" for key, value in one._asdict().items() if value]
    return f"{{ {', '.join(parts)} }}"


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
