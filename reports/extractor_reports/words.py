"""Words that go with numbers."""


def counted(number: int, noun: str, many: str = "") -> str:
    """``1 module``, ``2,000 modules``; ``many`` is the plural that ends otherwise."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
