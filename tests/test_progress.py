"""Progress is timed, shown seldom where lines stay, and silent when told."""

import io
import re

import pytest

from extractor.progress import PlainLines, Progress, Terminal, progress_for


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_seconds_of_each_stage_in_order_of_start(clock):
    progress = Progress(clock=clock)
    with progress.stage("outer"):
        clock.now += 1
        with progress.stage("inner"):
            clock.now += 2
    with progress.stage("inner"):
        clock.now += 4
    assert list(progress.seconds.items()) == [("outer", 3.0), ("inner", 6.0)]


def test_stage_that_fails_is_timed_and_not_called_done(clock):
    stream = io.StringIO()
    progress = Progress(PlainLines(stream, clock), clock)
    with pytest.raises(ValueError, match="oops"), progress.stage("read"):
        clock.now += 1
        raise ValueError("oops")
    assert progress.seconds == {"read": 1.0}
    assert stream.getvalue() == "read ...\nread: stopped (1.0 s)\n"


def test_plain_lines_are_seldom(clock):
    stream = io.StringIO()
    progress = Progress(PlainLines(stream, clock), clock)
    with progress.stage("read") as stage:
        for done in range(100):
            clock.now += 0.1
            stage.update(done, 100, f"file{done}.py")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "read ..."
    assert lines[-1] == "read: done (10.0 s)"
    assert len(lines) == 3
    assert re.fullmatch(r"read \d+/100 file\d+\.py", lines[1])
    assert "[" not in stream.getvalue()


def test_quiet_says_nothing_and_still_counts():
    stream = io.StringIO()
    progress = progress_for(quiet=True, stream=stream)
    with progress.stage("read") as stage:
        stage.update(1)
        progress.note("noted")
    assert stream.getvalue() == ""
    assert list(progress.seconds) == ["read"]


def test_warnings_are_shown_under_quiet():
    stream = io.StringIO()
    progress = progress_for(quiet=True, stream=stream)
    progress.note("noted")
    progress.warn("uncommitted changes are left out")
    assert stream.getvalue() == "uncommitted changes are left out\n"


@pytest.mark.parametrize(
    ("seconds", "done", "shown"),
    [
        (9, 50, ""),
        (11, 0, ""),
        (11, 100, ""),
        (20, 50, " (about 20 s left)"),
        (100, 20, " (about 7 min left)"),
    ],
)
def test_a_long_stage_estimates_what_is_left(clock, seconds, done, shown):
    stream = io.StringIO()
    progress = Progress(PlainLines(stream, clock), clock)
    with progress.stage("read") as stage:
        clock.now += seconds
        stage.update(done, 100)
    assert f"read {done}/100{shown}\n" in stream.getvalue()


def test_no_terminal_gets_plain_lines():
    stream = io.StringIO()
    progress_for(stream=stream).note("noted [bold]as is[/bold]")
    assert stream.getvalue() == "noted [bold]as is[/bold]\n"


def test_terminal_draws_and_keeps_the_text_as_it_is():
    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, color_system=None)
    progress = Progress(Terminal(stream, console))
    with progress.stage("outer") as outer:
        outer.update(1, 2, "a[b].py")
        with progress.stage("inner"):
            progress.note("see [this]")
        outer.update(2, 2)
    drawn = stream.getvalue()
    for text in ("a[b].py", "see [this]", "inner: done", "outer: done"):
        assert text in drawn
