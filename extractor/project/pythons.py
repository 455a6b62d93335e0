"""Which Pythons a project says it runs on."""

from __future__ import annotations

import re
from collections.abc import Iterable

import stdlibs
from packaging.specifiers import InvalidSpecifier, SpecifierSet

_CLASSIFIER = re.compile(r"Programming Language\s*::\s*Python\s*::\s*(\d+\.\d+)\s*$")


def supported(declared: Iterable[str]) -> tuple[str, ...]:
    """Minor versions (``3.8``) that fit what is declared, oldest first; empty without a message.

    Classifiers name them one by one, and then a specifier (``>=3.8``) only bounds them.
    """
    named: set[str] = set()
    allowed: set[str] | None = None
    for text in declared:
        found = _CLASSIFIER.search(text)
        if found is not None:
            named.add(found[1])
        elif "::" not in text:
            fits = _fitting(text)
            if fits is not None:
                allowed = fits if allowed is None else allowed & fits
    chosen = (named & allowed or allowed) if allowed is not None and named else named or allowed
    return tuple(sorted(chosen or (), key=_order))


def _fitting(text: str) -> set[str] | None:
    try:
        specifiers = SpecifierSet(specifier_of(text))
    except InvalidSpecifier:
        return None
    # A bound in the middle of a series (>=3.6.2) still lets most of it in.
    tails = ("0", "99")
    return {
        version
        for version in stdlibs.KNOWN_VERSIONS
        if any(specifiers.contains(f"{version}.{tail}") for tail in tails)
    }


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def specifier_of(text: str) -> str:
    """Poetry's constraints in the syntax of everybody else: ``^3.8`` is ``>=3.8,<4``."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return ",".join(_one(part) for part in parts if part != "*")


def _one(part: str) -> str:
    found = re.fullmatch(r"([\^~])\s*([0-9][0-9A-Za-z.]*)", part)
    if found is None:
        # A version alone is that version.
        return f"=={part}" if part[0].isdigit() else part.replace(" ", "")
    sign, low = found[1], found[2]
    numbers = [int(n) for n in re.findall(r"\d+", low)]
    if sign == "~":
        keep = min(len(numbers), 2)
    else:
        keep = next((n for n, number in enumerate(numbers, 1) if number), len(numbers))
    high = [*numbers[: keep - 1], numbers[keep - 1] + 1]
    return f">={low},<{'.'.join(map(str, high))}"
