"""What a rewrite makes of one file, and its diff."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from extractor.outcome import Outcome, Rewritten, Unchanged


@dataclass(frozen=True)
class Change:
    """What a rewrite made of one file.

    ``before`` is ``None`` where it makes a new one; ``target`` is where the file is to be,
    if not where it was. What is ``removed`` has nothing left in it.
    """

    path: Path
    before: bytes | None
    outcome: Outcome
    target: Path | None = None
    removed: bool = False

    @property
    def is_one(self) -> bool:
        """Whether anything becomes different."""
        return isinstance(self.outcome, Rewritten) or self._moves

    @property
    def _moves(self) -> bool:
        return self.target is not None and isinstance(self.outcome, Rewritten | Unchanged)

    @property
    def after(self) -> bytes:
        """The text as it is to be."""
        if self.removed:
            return b""
        if isinstance(self.outcome, Rewritten):
            return self.outcome.content
        return self.before or b""

    def diff(self) -> str:
        """A diff as git shows and applies it; empty when the file stays as it is."""
        if not self.is_one:
            return ""
        old, new = (_lines(text) for text in (self.before or b"", self.after))
        name, target = (_in_diff(path) for path in (self.path, self.target or self.path))
        first = "/dev/null" if self.before is None else _quoted(f"a/{name}")
        last = "/dev/null" if self.removed else _quoted(f"b/{target}")
        # Without this line git would read the next file as a part of a rename before it.
        head = f"diff --git {_quoted(f'a/{name}')} {_quoted(f'b/{target}')}\n"
        head += "new file mode 100644\n" if self.before is None else ""
        head += "deleted file mode 100644\n" if self.removed else ""
        if self.target is not None:
            head += f"rename from {_quoted(name)}\nrename to {_quoted(target)}\n"
        lines = difflib.unified_diff(old, new, first, last)
        return head + "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


def _lines(text: bytes) -> list[str]:
    """The lines as git sees them: a line feed ends one, and nothing else."""
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    last = [lines[-1]] if lines[-1] else []
    return [f"{line}\n" for line in lines[:-1]] + last


def _in_diff(path: Path) -> str:
    return path.as_posix().lstrip("/")


def _quoted(name: str) -> str:
    """``name`` as git writes it: in quotes where a character could be taken for another."""
    if not any(character in '"\\' or ord(character) < 32 for character in name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\{ord(c):03o}" if ord(c) < 32 else c for c in escaped) + '"'
