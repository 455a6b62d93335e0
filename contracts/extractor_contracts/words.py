"""Nouns that agree with their numbers.

The engine has the same in ``extractor.wording``; contracts are installed without it.
"""


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 module``, ``2 modules``; ``plural`` is for nouns that need more than an ``s``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
