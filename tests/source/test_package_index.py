"""A release is found where the user's pip would find it, checked, and kept."""

import socket
import time

import pytest

from extractor.errors import SourceError
from extractor.source import package_index
from extractor.source.package_index import IndexSettings, get_sdist, pip_settings


@pytest.fixture
def get(tmp_path, progress):
    def get_it(version="1.0", **options):
        settings = IndexSettings(timeout=5, **options)
        return get_sdist(
            "project", version, cache=tmp_path / "cache", settings=settings, progress=progress
        )

    return get_it


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


class TestWhereItLooks:
    def test_json_index_tells_the_time(self, served, get):
        archive = served.add("project", "1.0", uploaded="2018-02-28T12:00:00.500000Z")
        found = get(index=served.address)
        assert found.path.read_bytes() == archive.read_bytes()
        assert found.uploaded == 1519819200

    def test_html_index_in_files(self, index, get):
        archive = index.add("project", "1.0")
        found = get(index=index.write_html())
        assert found.path.read_bytes() == archive.read_bytes()
        assert found.uploaded is None

    def test_extra_index(self, served, index, get):
        served.add("other", "1.0")
        index.add("project", "1.0")
        assert get(index=served.address, extra_indexes=(index.write_html(),)).version == "1.0"

    def test_find_links_without_any_index(self, index, get, notes):
        archive = index.add("project", "1.0")
        found = get(no_index=True, find_links=(str(archive.parent), str(archive.parent / "nosuch")))
        assert found.path.read_bytes() == archive.read_bytes()
        assert any("has no hash" in line and found.sha256 in line for line in notes.lines)

    def test_redirected_download(self, served, get):
        archive = served.add("project", "1.0")
        served.pages["project"][archive.name]["url"] = f"/moved/files/{archive.name}"
        assert get(index=served.address).path.read_bytes() == archive.read_bytes()

    def test_wheels_are_not_sources(self, served, get):
        served.add("project", "1.0")
        record = served.pages["project"].pop("project-1.0.tar.gz")
        record["filename"] = "project-1.0-py3-none-any.whl"
        record["url"] = "/files/project-1.0-py3-none-any.whl"
        served.pages["project"]["wheel"] = record
        with pytest.raises(SourceError, match="has no source distribution of project 1"):
            get(index=served.address)

    def test_old_yanked_and_demanding_releases_count(self, served, get):
        served.add("project", "1.0rc1")
        record = served.pages["project"]["project-1.0rc1.tar.gz"]
        record |= {"yanked": "why", "requires-python": "<3"}
        assert get("1.0rc1", index=served.address).version == "1.0rc1"


class TestRefusals:
    def refused(self, get, message, **options):
        with pytest.raises(SourceError, match=message) as caught:
            get(**options)
        assert "\n" not in str(caught.value)

    def test_no_such_project(self, served, get):
        self.refused(get, r"no source distribution of project 1\.0.*404", index=served.address)

    def test_no_such_version(self, served, get):
        served.add("project", "2.0")
        self.refused(get, r"no source distribution of project 1\.0", index=served.address)

    def test_server_in_trouble(self, served, get):
        served.answers["/simple/project/"] = 503
        self.refused(get, "503", index=served.address)

    def test_no_network(self, get):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        self.refused(get, "cannot find project 1.0: .*network", index=f"http://127.0.0.1:{port}")

    def test_file_is_gone(self, served, get):
        served.add("project", "1.0").unlink()
        self.refused(get, "cannot download project-1.0.tar.gz: .*404", index=served.address)

    def test_wrong_hash(self, served, get, tmp_path):
        served.add("project", "1.0").write_bytes(b"something else")
        self.refused(get, "does not have the sha256 hash", index=served.address)
        assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


class TestCache:
    def test_second_time_needs_no_network(self, served, get):
        served.add("project", "1.0", uploaded="2018-02-28T12:00:00Z")
        first = get(index=served.address)
        served.asked.clear()
        assert get(index=served.address) == first
        assert served.asked == []

    def test_damaged_file_is_fetched_again(self, served, get):
        archive = served.add("project", "1.0")
        first = get(index=served.address)
        first.path.write_bytes(b"rot")
        assert get(index=served.address).path.read_bytes() == archive.read_bytes()

    def test_interrupted_download_counts_for_nothing(self, served, get, tmp_path):
        archive = served.add("project", "1.0")
        first = get(index=served.address)
        (first.path.parent / "record.json").unlink()
        first.path.write_bytes(b"half")
        assert get(index=served.address).path.read_bytes() == archive.read_bytes()
        assert not list((tmp_path / "cache").rglob(".partial-*"))

    def test_one_indexes_file_is_not_anothers(self, served, index, get):
        index.add("project", "1.0")
        get(index=served.address)
        served.asked.clear()
        get(index=index.write_html())
        get(index=served.address)
        assert served.asked == []

    def test_passing_fault(self, served, get, monkeypatch):
        served.add("project", "1.0")
        served.answers["/files/project-1.0.tar.gz"] = 500

        def recover(seconds):
            served.answers.clear()

        monkeypatch.setattr(package_index.time, "sleep", recover)
        assert get(index=served.address).version == "1.0"


class TestPipSettings:
    def test_file_then_variables(self, tmp_path, monkeypatch):
        (tmp_path / "pip.conf").write_text(
            "[global]\nindex-url = http://one.example/simple\ntimeout = 7\n"
            "extra-index-url =\n    http://two.example/simple\n    http://three.example/simple\n"
            "[download]\nfind_links = /some/where\n"
            "[install]\nproxy = http://proxy.example\n"
        )
        found = pip_settings(
            {
                "PATH": "/usr/bin:/bin",
                "HOME": "/nowhere",
                "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
            }
        )
        assert found.index == "http://one.example/simple"
        assert found.extra_indexes == ("http://two.example/simple", "http://three.example/simple")
        assert found.find_links == ("/some/where",)
        assert found.timeout == 7
        assert found.proxy is None
        found = pip_settings(
            {
                "PATH": "/usr/bin:/bin",
                "HOME": "/nowhere",
                "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
                "PIP_INDEX_URL": "http://four.example/simple",
                "PIP_NO_INDEX": "1",
            }
        )
        assert found.index == "http://four.example/simple"
        assert found.no_index

    def test_without_pip_variables_count_still(self, monkeypatch):
        monkeypatch.setattr(package_index.sys, "executable", "/bin/false")
        found = pip_settings({"PATH": "/nowhere", "PIP_EXTRA_INDEX_URL": "http://one.example"})
        assert found == IndexSettings(extra_indexes=("http://one.example",))

    def test_nothing_configured(self):
        found = pip_settings(
            {"PATH": "/nowhere", "HOME": "/nowhere", "PIP_CONFIG_FILE": "/dev/null"}
        )
        assert found == IndexSettings()


class TestNoRoom:
    """The cache has no room, or is not ours to write to."""

    @pytest.fixture
    def full(self, tmp_path):
        (tmp_path / "cache").write_bytes(b"")

    def test_it_is_downloaded_all_the_same(self, served, tmp_path, full, progress):
        archive = served.add("project", "1.0")
        found = get_sdist(
            "project",
            "1.0",
            cache=tmp_path / "cache",
            settings=IndexSettings(timeout=5, index=served.address),
            progress=progress,
            spare=tmp_path / "spare",
        )
        assert found.path.read_bytes() == archive.read_bytes()
        assert found.path.is_relative_to(tmp_path / "spare")

    def test_a_full_disk_is_not_the_networks_fault(self, served, get, monkeypatch):
        served.add("project", "1.0")

        def full(self, link, target, stage):
            return self._trying("download it", lambda: (_ for _ in ()).throw(OSError(28, "full")))

        monkeypatch.setattr(package_index._IndexClient, "download", full)
        with pytest.raises(OSError, match="full"):
            get(index=served.address)
