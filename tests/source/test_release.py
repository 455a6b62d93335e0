"""Releases become a small history: one commit each, oldest first, dated as they were."""

import pytest

from extractor.errors import SourceError, UsageError
from extractor.source.opening import open_source
from extractor.source.package_index import IndexSettings
from extractor.source.release import open_releases, parse_release_spec
from extractor.source.tree import run_git


@pytest.fixture
def opened(index, tmp_path, workspace, progress):
    def open_it(text, rev=None):
        return open_releases(
            text,
            rev,
            workspace=workspace,
            progress=progress,
            cache=tmp_path / "cache",
            settings=IndexSettings(index=index.address or index.write_html()),
        )

    return open_it


@pytest.fixture
def two(served):
    served.add("project", "1.0", uploaded="2018-02-28T12:00:00Z", module="x = 1\n", old="o\n")
    served.add("project", "1.1", uploaded="2018-08-30T12:00:00Z", module="x = 2\n")


class TestSpec:
    @pytest.mark.parametrize(
        "text",
        [
            "project==1.0,1.1",
            "project==1.0,project==1.1",
            "project==1.0,==1.1",
            " project == 1.0 , 1.1 ",
        ],
    )
    def test_read(self, text):
        spec = parse_release_spec(text)
        assert (spec.name, spec.versions) == ("project", ("1.0", "1.1"))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "does not name"),
            ("project", "does not name"),
            ("1.0", "does not name"),
            ("project==", "does not name"),
            ("project==1.*", "does not name"),
            ("project>=1.0", "does not name"),
            ("project==1.0,", "does not name"),
            ("--index-url=x==1.0", "does not name"),
            ("../x==1.0", "does not name"),
            ("project==1.0/../..", "does not name"),
            ("one==1.0,two==1.1", "two projects"),
            ("project==1.1,1.0", r"oldest first: 1\.0,1\.1"),
            ("project==1.10,1.9", r"oldest first: 1\.9,1\.10"),
            ("project==1.0,1.0.0", "given twice"),
            ("project==1.0x!", "Invalid version"),
        ],
    )
    def test_refused(self, text, message):
        with pytest.raises(UsageError, match=message):
            parse_release_spec(text)


class TestHistory:
    def test_one_commit_a_release(self, two, opened):
        source = opened("project==1.0,1.1")
        log = run_git(source.git_dir, "log", "--format=%s|%an|%ae|%at|%ct|%T", "HEAD")
        lines = [line.split("|") for line in log.decode().splitlines()]
        assert [line[:5] for line in lines] == [
            ["project 1.1", "project release 1.1", "project@release.invalid"] + ["1535630400"] * 2,
            ["project 1.0", "project release 1.0", "project@release.invalid"] + ["1519819200"] * 2,
        ]
        assert source.commit_date == 1535630400
        assert [release.version for release in source.releases] == ["1.0", "1.1"]
        assert source.releases[1].revision == source.revision
        assert source.label == "project 1.1"
        with source.tree as tree:
            assert list(tree.paths()) == ["module", "setup.cfg"]
            assert tree.read("module") == b"x = 2\n"
        body = run_git(source.git_dir, "log", "-1", "--format=%b", "HEAD").decode()
        assert source.releases[1].sha256 in body

    def test_an_older_one_is_a_revision(self, two, opened):
        source = opened("project==1.0,1.1", "1.0")
        assert source.revision == source.releases[0].revision
        assert source.label == "project 1.0"
        with source.tree as tree:
            assert tree.read("old") == b"o\n"

    def test_unknown_revision(self, two, opened):
        with pytest.raises(SourceError, match=r"no revision '2\.0': it has 1\.0, 1\.1"):
            opened("project==1.0,1.1", "2.0")

    def test_same_hash_every_time_and_offline(self, two, served, opened):
        first = opened("project==1.0,1.1").revision
        served.pages.clear()
        assert opened("project==1.0,1.1").revision == first

    def test_first_release_is_the_same_alone(self, two, opened):
        both = opened("project==1.0,1.1")
        assert opened("project==1.0").revision == both.releases[0].revision

    def test_dated_by_its_newest_file_where_the_index_is_silent(self, index, opened):
        index.add("project", "1.0")
        assert opened("project==1.0").commit_date == 1_500_000_000

    def test_funny_paths(self, index, opened):
        names = ['quote"d', "new\nline", "tab\there", "ünï", " leading", "sp ace"]
        index.add("project", "1.0", **dict.fromkeys(names, "x"))
        with opened("project==1.0").tree as tree:
            assert set(tree.paths()) == {*names, "setup.cfg"}

    def test_hostile_release_leaves_nothing(self, index, opened, workspace, tmp_path):
        index.add("project", "1.0", **{"../../../escaped": "x"})
        with pytest.raises(SourceError, match="not safe"):
            opened("project==1.0")
        assert not list(tmp_path.rglob("escaped"))


def test_through_the_front_door(two, served, workspace, progress, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", served.address)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    with open_source("pypi:project==1.0", None, workspace=workspace, progress=progress) as source:
        assert source.tree.read("module") == b"x = 1\n"
        assert not source.dirty
        assert source.location is None


@pytest.mark.pypi
def test_real_releases(workspace, progress):
    with open_source(
        "pypi:nova==17.0.13,18.0.2", None, workspace=workspace, progress=progress
    ) as source:
        assert [release.sha256 for release in source.releases] == [
            "3cffa3f86bf75022f8c420a630cbf789d6473ca77e7520327a472d8092f9c75f",
            "0fa4ee9a1d20c2c08370eca1da5108848cb7cc281bb4d07c19590e3027e9c993",
        ]
        assert source.tree.read("LICENSE")
        assert run_git(source.git_dir, "rev-list", "--count", "HEAD").strip() == b"2"
        old = run_git(source.git_dir, "ls-tree", "-r", "--name-only", "17.0.13").decode().split()
        assert "nova/objects/resource_provider.py" in old
        assert not any(path.startswith(("PKG-INFO", "nova.egg-info/")) for path in old)
