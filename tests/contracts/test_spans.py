"""A history judged in spans says what it says at once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from extractor_contracts.configuration import load

from extractor.contracting import spans
from extractor.contracting.history import JudgedCommit, replay
from extractor.contracting.spans import History, replay_by
from extractor.errors import MachineError
from extractor.execution.unit import Ending, Unit
from extractor.execution.worker import make_call
from tests.contracts.conftest import Shop, configured
from tests.contracts.test_history import commit
from tests.shop import call


class Backwards:
    """Carries out units in this process, the last one first."""

    def run(self, units: Sequence[Unit]) -> Iterator[Ending]:
        for unit in reversed(units):
            value = make_call(unit.call, json.loads(json.dumps(dict(unit.arguments))))
            yield Ending(unit, json.loads(json.dumps(value)))


class Lost:
    def run(self, units: Sequence[Unit]) -> Iterator[Ending]:
        for unit in units:
            yield Ending(unit, error="its process ended with signal 9, 3 times")


@pytest.fixture
def history(shop: Shop) -> History:
    """Five commits after the first; the third and the fifth are guilty."""
    subprocess.run(["git", "init", "-q"], cwd=shop.folder, check=True)
    shop.write({"contracts.toml": configured("quiet_init", 'packages = ["shop"]')})
    shop.write({"shop/__init__.py": "", "shop/a.py": "", "shop/b.py": ""})
    first = last = commit(shop.folder, "first")
    steps = ["", "x = 1", "import shop.a", "import shop.a\n", "import shop.a\nimport shop.b"]
    for number, text in enumerate(steps):
        shop.write({"shop/__init__.py": text, "number.py": f"n = {number}"})
        last = commit(shop.folder, str(number))
    return History(str(shop.folder), shop.folder / ".git", first, last)


def without_times(judged: Sequence[JudgedCommit]) -> list[JudgedCommit]:
    return [replace(one, seconds=0.0) for one in judged]


@pytest.mark.parametrize("there", [True, False])
def test_spans_say_what_one_replay_says(
    shop: Shop, history: History, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setattr(spans, "_AT_ONCE", 2)
    config = shop.folder / "contracts.toml"
    at_once = list(replay(history.git_dir, history.since, history.revision, load(config)))
    assert sum(bool(one.stopped_by) for one in at_once) == 2
    if not there:
        # As on another machine, which opens the source itself.
        listing = spans.listed(history.git_dir, history.since, history.revision)
        monkeypatch.setattr(spans, "listed", lambda *_: listing)
        history = replace(history, git_dir=Path("/nowhere"))
    in_spans = list(replay_by(Backwards(), history, config))
    assert without_times(in_spans) == without_times(at_once)


def test_a_span_that_nobody_can_judge_is_an_error(shop: Shop, history: History) -> None:
    with pytest.raises(MachineError, match="commits 1 to 5 could not be judged: its process"):
        list(replay_by(Lost(), history, shop.folder / "contracts.toml"))


def test_the_command_line(shop: Shop, history: History, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["contracts", "history", shop.folder, "--since", history.since]
    config = ["--config", shop.folder / "contracts.toml", "--quiet"]
    assert call(*asked, *config, "--jobs", 2) == 0
    assert "2 of 5 commits would have been stopped" in capsys.readouterr().out
