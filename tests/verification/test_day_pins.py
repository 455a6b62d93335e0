"""Versions of the day: asked of uv once, kept by content, refused with the reason."""

import sys

import pytest

from extractor.verification.laboratory import day_pins
from extractor.verification.laboratory.day_pins import Wanted, pins_of_day
from extractor.verification.laboratory.environment import Interpreter, NoEnvironment

HERE = Interpreter("3.11.0", sys.executable, "cpython-x86_64")
WANTED = Wanted(("requests>=2",), "2018-02-28", ("chardet==4.0.0",))


@pytest.fixture
def resolver(tmp_path, monkeypatch):
    """A uv that writes down how it was called and answers what a test says."""
    script = tmp_path / "uv"
    script.write_text(
        '#!/bin/sh\necho "$@" >> "$0.log"\ncat "$0.out"\ncat "$0.err" >&2\nexit $(cat "$0.code")\n'
    )
    script.chmod(0o755)
    monkeypatch.setattr(day_pins, "_uv", lambda: str(script))

    def answer(out="", err="", code=0):
        for name, text in (("out", out), ("err", err), ("code", code)):
            (tmp_path / f"uv.{name}").write_text(str(text))
        (tmp_path / "uv.log").write_text("")
        return tmp_path / "uv.log"

    return answer


def test_the_same_question_is_asked_once(resolver, tmp_path):
    log = resolver("urllib3==1.22\nidna==2.6\n    # via requests\n")
    expected = ["idna==2.6", "urllib3==1.22"]
    assert pins_of_day(WANTED, HERE, tmp_path) == expected
    assert pins_of_day(WANTED, HERE, tmp_path) == expected
    (asked,) = log.read_text().splitlines()
    assert "--exclude-newer 2018-02-28" in asked
    # An exception and the build tools may be newer than the day.
    for name in ("chardet", "setuptools", "wheel"):
        assert f"--exclude-newer-package {name}=2999-12-31" in asked


@pytest.mark.parametrize(
    "other",
    [
        Wanted(("requests>=2.1",), "2018-02-28", ("chardet==4.0.0",)),
        Wanted(("requests>=2",), "2018-03-01", ("chardet==4.0.0",)),
        Wanted(("requests>=2",), "2018-02-28", ()),
        Wanted(("requests>=2",), "2018-02-28", ("chardet==4.0.0",), ("setuptools==57.5.0",)),
    ],
)
def test_another_question_is_another_answer(other):
    assert other.key(HERE) != WANTED.key(HERE)


def test_what_cannot_be_resolved_is_said_with_its_cause(resolver, tmp_path):
    resolver(err="error: No solution\n  cause: Because only alembic<=0.9.1 is there\n", code=1)
    with pytest.raises(NoEnvironment, match=r"no versions of 2018-02-28 fit .*alembic<=0\.9\.1"):
        pins_of_day(WANTED, HERE, tmp_path)
    # Nothing is kept of it, nor left behind.
    assert not list(tmp_path.rglob("*.txt"))


def test_without_a_resolver_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(NoEnvironment, match="extra 'day-pins'"):
        day_pins._uv()


@pytest.mark.pypi
def test_a_real_day(tmp_path):
    pytest.importorskip("uv", reason="NOT TRIED: uv is not installed")
    wanted = Wanted(("requests>=2",), "2018-02-28", ("chardet==4.0.0",))
    pins = dict(line.split("==") for line in pins_of_day(wanted, HERE, tmp_path))
    assert pins["requests"] == "2.18.4"
    assert pins["chardet"] == "4.0.0"


@pytest.fixture
def index(monkeypatch):
    asked = []

    def answer(requirements):
        asked.append(list(requirements))
        return "2018-01-27"

    monkeypatch.setattr(day_pins, "day_of_lower_bounds", answer)
    return asked


def test_the_first_day_is_asked_once(index, tmp_path):
    assert day_pins.first_day(["a>=1", "b>=2"], tmp_path) == "2018-01-27"
    assert day_pins.first_day(["b>=2", "a>=1"], tmp_path) == "2018-01-27"
    assert index == [["a>=1", "b>=2"]]


@pytest.mark.pypi
def test_the_first_day_of_what_is_required_at_least():
    from extractor.source.package_index import day_of_lower_bounds

    # The newest of the oldest; without a lower bound there is none.
    assert day_of_lower_bounds(["requests>=2.18.4", "six>=1.10.0", "mock<3"]) == "2017-08-15"
    assert day_of_lower_bounds(["mock<3"]) == ""
