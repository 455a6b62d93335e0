"""Regular expressions that somebody else wrote: checked when read, stopped when they run on."""

from __future__ import annotations

import re
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, AnyStr, Generic

from extractor.errors import UsageError

SECONDS = 10.0


class Pattern(Generic[AnyStr]):
    """A regular expression with the time it may take in all its uses together.

    ``what`` names it for the user. ``seconds`` are the process's own, so that a busy machine
    makes no difference. ``UsageError`` when they are over.
    """

    def __init__(self, text: AnyStr, what: str, seconds: float = SECONDS, flags: int = 0) -> None:
        self._compiled: re.Pattern[AnyStr] = re.compile(text, flags)
        self._what = what
        self._seconds = self._left = seconds

    def search(self, text: AnyStr) -> bool:
        """Does it match somewhere in ``text``?"""
        with self._limited():
            return self._compiled.search(text) is not None

    def fullmatch(self, text: AnyStr) -> bool:
        """Does it match all of ``text``?"""
        with self._limited():
            return self._compiled.fullmatch(text) is not None

    def sub(self, template: AnyStr, text: AnyStr) -> AnyStr:
        """``text`` with every match replaced."""
        with self._limited():
            return self._compiled.sub(template, text)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        # Only the main thread gets signals, which are what interrupts a match.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGVTALRM, self._give_up)
        signal.setitimer(signal.ITIMER_VIRTUAL, self._left)
        try:
            yield
        finally:
            left, _ = signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            # Nothing left means that time ran out just now: the next use must not be unlimited.
            self._left = left or 1e-6
            signal.signal(signal.SIGVTALRM, before)

    def _give_up(self, number: int, frame: object) -> None:
        raise UsageError(
            f"{self._what} takes more than {self._seconds:g} seconds: "
            "write it without nested repetition"
        )


_KNOWN: dict[tuple[str | bytes, int], Pattern[Any]] = {}


def limited(text: AnyStr, flags: int = 0) -> Pattern[AnyStr]:
    """The pattern with that text, and what is left of its time in this process."""
    known = _KNOWN.get((text, flags))
    if known is None:
        known = Pattern(text, f"the pattern {text!r}", SECONDS, flags)
        _KNOWN[text, flags] = known
    return known


def complaint(pattern: str, template: str | None = None) -> str | None:
    """What is wrong with a pattern, or with what its matches become; ``None`` when nothing is."""
    with warnings.catch_warnings():
        # That old spellings will change their meaning is nothing a user of ours can act on.
        warnings.simplefilter("ignore")
        try:
            compiled = re.compile(pattern)
            if template is not None:
                compiled.sub(template, "")
            # Files are bytes.
            re.compile(pattern.encode())
        except (re.error, IndexError) as error:
            return f"cannot be used as a regular expression: {error}"
        except (RecursionError, OverflowError, MemoryError):
            return "is too deep or too large for a regular expression"
        except UnicodeEncodeError:
            return "is not text"
    return None
