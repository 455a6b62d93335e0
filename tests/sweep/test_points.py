"""Which revisions a sweep looks at."""

import os
import subprocess
from pathlib import Path

import pytest

from extractor.errors import UsageError
from extractor.source.tree import git_environment
from extractor.sweep.points import Line, parse_span, release_points, shard, without

VERSIONS = ["2.0", "1.0", "1.1", "1.10", "1.2", "2.1.0rc1", "2.1"]


def names(wanted):
    return [point.name for point in release_points("shop", wanted, lambda _: VERSIONS)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("1.*", ["1.0", "1.1", "1.2", "1.10"]),
        ("2.1,1.0", ["1.0", "2.1"]),
        (">=1.2,<2.1", ["1.2", "1.10", "2.0"]),
        (">=2,1.0", ["1.0", "2.0", "2.1"]),
        ("2.1.0rc1", ["2.1.0rc1"]),
    ],
)
def test_releases_come_oldest_first(wanted, expected):
    assert names(wanted) == expected


def test_a_release_says_where_it_is_and_its_place_among_all():
    point = release_points("shop", "1.2", lambda _: VERSIONS)[0]
    assert (point.source, point.revision) == ("pypi:shop==1.2", None)
    assert (point.identity, point.position) == ("shop==1.2", 2)


@pytest.mark.parametrize("wanted", ["3.0", "1.0,3.*", ">=5", "", "nonsense!"])
def test_what_names_no_release_is_refused(wanted):
    with pytest.raises(UsageError, match="--releases"):
        names(wanted)


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """Ten commits a day apart, and five more a thousand days later."""
    folder = tmp_path_factory.mktemp("line")
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True, env=git_environment())
    days = [*range(10), *range(1000, 1005)]
    stream = []
    for number, day in enumerate(days, 1):
        stream.append(
            f"commit refs/heads/main\nmark :{number}\ncommitter A <a@b> {day * 86400} +0000\n"
            f"data 1\nx\n{f'from :{number - 1}' if number > 1 else ''}\n"
        )
    subprocess.run(
        ["git", "-C", folder, "fast-import", "--quiet"],
        input="".join(stream).encode(),
        check=True,
        env=git_environment(),
    )
    return Line(os.fspath(folder), folder / ".git", "", "main")


def test_every_nth_is_counted_from_the_newest(line):
    assert [point.position for point in line.every(6)] == [2, 8, 14]
    assert [point.date for point in line.every(14)] == ["1970-01-01", "1972-10-01"]
    assert line.every(14)[0].identity == line.commits[0][0]


def test_a_sample_is_spread_over_time_and_not_over_commits(line):
    sample = line.sample(2, seed=1)
    assert [point.position >= 10 for point in sample] == [False, True]
    assert sample == line.sample(2, seed=1)
    assert {tuple(p.position for p in line.sample(2, seed)) for seed in range(9)} > {
        tuple(p.position for p in sample)
    }


def test_a_sample_larger_than_the_line_has_no_commit_twice(line):
    positions = [point.position for point in line.sample(4000, seed=1)]
    assert positions == list(range(15))


@pytest.mark.parametrize("call", [lambda line: line.every(0), lambda line: line.sample(0, 0)])
def test_numbers_that_mean_nothing_are_refused(line, call):
    with pytest.raises(UsageError, match="above 0"):
        call(line)


def test_a_span_without_commits_is_refused(line):
    with pytest.raises(UsageError, match="no commit between"):
        Line(line.source, Path(line.source) / ".git", "main", "main")


def test_spans():
    assert parse_span("a..b") == ("a", "b")
    assert parse_span("..b") == ("", "b")
    for wrong in ("a", "a..", "a...b", ""):
        with pytest.raises(UsageError, match="--revisions"):
            parse_span(wrong)


def test_shards_cover_each_point_once(line):
    points = line.every(1)
    parts = [shard(points, f"{number}/4") for number in (1, 2, 3, 4)]
    assert sorted(p.position for part in parts for p in part) == list(range(15))
    for wrong in ("0/2", "3/2", "2", "a/b"):
        with pytest.raises(UsageError, match="--shard"):
            shard(points, wrong)


def test_what_is_known_is_left_out(line):
    points = line.every(1)
    assert without(points, set()) == points
    assert without(points, {points[0].identity}) == points[1:]
