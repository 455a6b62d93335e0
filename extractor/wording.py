"""Nouns that agree with their numbers."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 module``, ``2,000 modules``; ``plural`` is for nouns that need more than an ``s``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def verb(number: int, singular: str, plural: str) -> str:
    """The form of a verb that goes with ``number`` things."""
    return singular if number == 1 else plural
