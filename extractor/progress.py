"""Tell a person what is going on, and keep how long each stage took.

A terminal gets one line that is drawn again and again; anything else gets plain lines,
at most one every few seconds. All of it goes to standard error.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from extractor.terminal import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

_SECONDS_BETWEEN_LINES = 5.0
_SECONDS_BEFORE_ESTIMATE = 10.0


class Display(Protocol):
    """Where progress is shown. ``text`` is what is being done right now."""

    def note(self, text: str) -> None:
        """Show one line that stays."""

    def warn(self, text: str) -> None:
        """Show one line that stays, whatever else is left out."""

    def begin(self, text: str) -> None:
        """A stage starts."""

    def update(self, text: str) -> None:
        """The running stage got on."""

    def end(self, text: str) -> None:
        """The stage is over."""


class Silent:
    """Shows nothing: the Python API's default."""

    def note(self, text: str) -> None:
        pass

    begin = update = end = warn = note


class WarningsOnly(Silent):
    """Shows what a person must see and no progress: ``--quiet``."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def warn(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class PlainLines:
    """One line when a stage begins, seldom ones while it runs, one when it ends."""

    def __init__(self, stream: IO[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._last = clock()

    def note(self, text: str) -> None:
        print(text, file=self._stream, flush=True)
        self._last = self._clock()

    begin = end = warn = note

    def update(self, text: str) -> None:
        if self._clock() - self._last >= _SECONDS_BETWEEN_LINES:
            self.note(text)


class Terminal:
    """One live line with a spinner; finished stages stay above it.

    The library that draws it is loaded with the first line: a verb that shows none is faster.
    """

    def __init__(self, stream: IO[str], console: Console | None = None) -> None:
        self._stream = stream
        self._made = console
        self._statuses: list[Status] = []

    @property
    def _console(self) -> Console:
        if self._made is None:
            from rich.console import Console

            self._made = Console(file=self._stream)
        return self._made

    def note(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False)

    warn = note

    def begin(self, text: str) -> None:
        # Rich allows one live line: the outer stage's rests while an inner one runs.
        if self._statuses:
            self._statuses[-1].stop()
        status = self._console.status(_escaped(text))
        self._statuses.append(status)
        status.start()

    def update(self, text: str) -> None:
        self._statuses[-1].update(_escaped(text))

    def end(self, text: str) -> None:
        self._statuses.pop().stop()
        self.note(text)
        if self._statuses:
            self._statuses[-1].start()


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


class Stage:
    """A running stage: say how far it is with ``update``."""

    def __init__(
        self, name: str, display: Display, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.name = name
        self._display = display
        self._clock = clock
        self._start = clock()

    def update(self, done: int, total: int | None = None, what: str = "") -> None:
        """``done`` of ``total`` units are through; ``what`` names the present one."""
        count = f"{done}/{total}" if total is not None else str(done)
        left = self._left(done, total)
        self._display.update(" ".join(part for part in (self.name, count, left, what) if part))

    def _left(self, done: int, total: int | None) -> str:
        """How long it will take still, once the stage has run long enough to tell."""
        passed = self._clock() - self._start
        if not total or not 0 < done < total or passed < _SECONDS_BEFORE_ESTIMATE:
            return ""
        seconds = passed * (total - done) / done
        return (
            f"(about {seconds / 60:.0f} min left)"
            if seconds > 90
            else f"(about {seconds:.0f} s left)"
        )


class Progress:
    """Stages with their seconds, shown on a ``Display``.

    ``seconds`` maps stage names to wall-clock seconds, in order of their first start; a
    stage that ran twice has the sum. A stage inside a stage counts for both.
    """

    def __init__(
        self, display: Display | None = None, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._display: Display = display or Silent()
        self._clock = clock
        self.seconds: dict[str, float] = {}

    def note(self, text: str) -> None:
        """Show one line a person should see."""
        self._display.note(printable(text))

    def warn(self, text: str) -> None:
        """Show one line a person must see, also under ``--quiet``."""
        self._display.warn(printable(text))

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Time what runs inside and show that it does."""
        self.seconds.setdefault(name, 0.0)
        start = self._clock()
        name = printable(name)
        self._display.begin(f"{name} ...")
        ending = "stopped"
        try:
            yield Stage(name, self._display, self._clock)
            ending = "done"
        finally:
            took = self._clock() - start
            self.seconds[name] += took
            self._display.end(f"{name}: {ending} ({took:.1f} s)")


def progress_for(quiet: bool = False, stream: IO[str] | None = None) -> Progress:
    """Progress fit for ``stream`` (standard error when none is given)."""
    stream = stream or sys.stderr
    if quiet:
        return Progress(WarningsOnly(stream))
    if stream.isatty():
        return Progress(Terminal(stream))
    return Progress(PlainLines(stream))
