"""Text from outside is data on the terminal too: it is shown, never obeyed."""

from __future__ import annotations

import re

# Control characters but tab and line break, what turns the direction of text around, and bytes
# that are no UTF-8 (surrogates stand for them).
_COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """``text`` with everything a terminal would act on written out as escapes."""
    return _COMMANDS.sub(_written_out, text)


def in_a_line(text: str) -> str:
    """The same of a name or another text that must stay on its line."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def in_json(text: str) -> str:
    """The same of JSON, which has an escape of its own for each; its value stays what it was."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _written_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "backslashreplace").decode("ascii")
