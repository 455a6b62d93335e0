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
    if not where it was.
    """

    path: Path
    before: bytes | None
    outcome: Outcome
    target: Path | None = None

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
        if isinstance(self.outcome, Rewritten):
            return self.outcome.content
        return self.before or b""

    def diff(self) -> str:
        """A diff as git shows and applies it; empty when the file stays as it is."""
        if not self.is_one:
            return ""
        old, new = (_lines(text) for text in (self.before or b"", self.after))
        name, target = (_in_diff(path) for path in (self.path, self.target or self.path))
        first = "/dev/null" if self.before is None else f"a/{name}"
        head = ""
        if self.before is None or self.target is not None:
            head = f"diff --git a/{name} b/{target}\n"
            head += "new file mode 100644\n" if self.before is None else ""
            head += f"rename from {name}\nrename to {target}\n" if self.target else ""
        lines = difflib.unified_diff(old, new, first, f"b/{target}")
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
