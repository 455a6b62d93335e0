"""Words that go with numbers."""


def counted(number: int, noun: str) -> str:
    """``1 module``, ``2,000 modules``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
