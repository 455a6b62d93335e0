"""Archives are read where they lie; hostile ones are refused in one sentence."""

import gzip
import io
import tarfile

import pytest

from extractor.errors import SourceError
from extractor.source import sdist
from extractor.source.sdist import read_sdist


def member(name, content=b"", mtime=1000, **attributes):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mtime = mtime
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, content


@pytest.fixture
def archive(tmp_path):
    def make(*members, mode="w:gz"):
        path = tmp_path / "project-1.0.tar.gz"
        with tarfile.open(path, mode) as tar:
            for info, content in members:
                tar.addfile(info, io.BytesIO(content))
        return path

    return make


GOOD = member("project-1.0/setup.py", b"x = 1\n")


def test_files_modes_and_links(archive):
    files = read_sdist(
        archive(
            member("project-1.0", type=tarfile.DIRTYPE),
            GOOD,
            member("project-1.0/run", b"#!/bin/sh\n", mode=0o755, mtime=2000),
            member("project-1.0/a/link", type=tarfile.SYMTYPE, linkname="../setup.py"),
            member("project-1.0/same", type=tarfile.LNKTYPE, linkname="project-1.0/setup.py"),
            member("./project-1.0/ü/x y", b"\xff"),
            member("project-1.0/empty", type=tarfile.DIRTYPE),
        )
    )
    assert files.content == {
        "setup.py": b"x = 1\n",
        "run": b"#!/bin/sh\n",
        "a/link": b"../setup.py",
        "same": b"x = 1\n",
        "ü/x y": b"\xff",
    }
    assert files.modes["run"] == "100755"
    assert files.modes["a/link"] == "120000"
    assert files.modes["same"] == files.modes["setup.py"] == "100644"
    assert files.newest == 2000


def test_only_the_archives_own_metadata_is_left_out(archive):
    names = [
        "PKG-INFO",
        "project.egg-info/SOURCES.txt",
        "lib/project.egg-info/SOURCES.txt",
        "src/project.egg-info/PKG-INFO",
        "tests/PKG-INFO",
        "tests/sample.egg-info/PKG-INFO",
        "ChangeLog",
    ]
    files = read_sdist(archive(GOOD, *[member(f"project-1.0/{name}") for name in names]))
    assert sorted(files.content) == [
        "ChangeLog",
        "setup.py",
        "tests/PKG-INFO",
        "tests/sample.egg-info/PKG-INFO",
    ]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_every_compression(archive, mode):
    assert list(read_sdist(archive(GOOD, mode=mode)).content) == ["setup.py"]


@pytest.mark.parametrize(
    ("evil", "message"),
    [
        (member("/etc/passwd"), "not safe"),
        (member("project-1.0/../../up"), "not safe"),
        (member("../up"), "not safe"),
        (member("project-1.0/.."), "not safe"),
        (member("project-1.0/a\\..\\up"), "not safe"),
        (member("project-1.0/.git/hooks/post-checkout", mode=0o755), "not safe"),
        (member("project-1.0/sub/.GIT/config"), "not safe"),
        (member("project-1.0/git~1/config"), "not safe"),
        (member("."), "not safe"),
        (member("other/setup.py"), "more than one top folder"),
        (member("setup.py"), "more than one top folder"),
        (member("project-1.0/l", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "outside"),
        (member("project-1.0/l", type=tarfile.SYMTYPE, linkname="../other"), "outside"),
        (member("project-1.0/a/l", type=tarfile.SYMTYPE, linkname="../../x"), "outside"),
        (member("project-1.0/l", type=tarfile.LNKTYPE, linkname="/etc/passwd"), "not safe"),
        (
            member("project-1.0/l", type=tarfile.LNKTYPE, linkname="project-1.0/no"),
            "does not contain",
        ),
        (member("project-1.0/d", type=tarfile.CHRTYPE), "neither a file nor a link"),
        (member("project-1.0/d", type=tarfile.BLKTYPE), "neither a file nor a link"),
        (member("project-1.0/d", type=tarfile.FIFOTYPE), "neither a file nor a link"),
        (member("project-1.0/setup.py/below"), "below 'setup.py'"),
    ],
    ids=lambda value: value[0].name if isinstance(value, tuple) else "",
)
def test_hostile_member(archive, tmp_path, evil, message):
    path = archive(GOOD, evil)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SourceError, match=message) as caught:
        read_sdist(path)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_writing_through_its_own_link(archive):
    path = archive(
        member("project-1.0/d", type=tarfile.SYMTYPE, linkname="e"), member("project-1.0/d/file")
    )
    with pytest.raises(SourceError, match="below 'd'"):
        read_sdist(path)


def test_too_big(archive, monkeypatch):
    path = archive(*[member(f"project-1.0/{n}", b"0" * 1000) for n in range(4)])
    monkeypatch.setattr(sdist, "_MOST_BYTES", 3000)
    with pytest.raises(SourceError, match="unpacks to more than"):
        read_sdist(path)


def test_too_big_by_linking(archive, monkeypatch):
    links = [
        member(f"project-1.0/{n}", type=tarfile.LNKTYPE, linkname="project-1.0/setup.py")
        for n in range(9)
    ]
    monkeypatch.setattr(sdist, "_MOST_BYTES", 50)
    with pytest.raises(SourceError, match="unpacks to more than"):
        read_sdist(archive(GOOD, *links))


def test_too_many(archive, monkeypatch):
    path = archive(*[member(f"project-1.0/{n}") for n in range(4)])
    monkeypatch.setattr(sdist, "_MOST_MEMBERS", 3)
    with pytest.raises(SourceError, match="more than 3 members"):
        read_sdist(path)


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped", "no files"])
def test_broken_archive(archive, damage):
    path = archive(*([] if damage == "no files" else [GOOD, member("project-1.0/b", b"b" * 9999)]))
    content = path.read_bytes()
    if damage == "empty":
        content = b""
    elif damage == "text":
        content = b"<html>not found</html>"
    elif damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content = content[:40] + bytes(255 - byte for byte in content[40:80]) + content[80:]
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"not a readable tar|has no files") as caught:
        read_sdist(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mtime", ["nan", "inf", "-5", "1e300", "99999999999999999"])
def test_a_time_that_is_none_is_not_the_newest(archive, mtime):
    odd = member("project-1.0/b", b"b")
    odd[0].pax_headers = {"mtime": mtime}
    try:
        newest = read_sdist(archive(GOOD, odd)).newest
    except SourceError as refused:
        # Newer Pythons take a time like this for a broken header.
        assert "not a readable tar" in str(refused)
    else:
        assert 0 <= newest < 2**40


def raw_header(name, kind, size):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_a_description_that_fills_the_memory_is_not_read(tmp_path, kind):
    path = tmp_path / "project-1.0.tar.gz"
    path.write_bytes(gzip.compress(raw_header("x", kind, 4 << 30) + bytes(1 << 20)))
    with pytest.raises(SourceError, match="not a readable tar"):
        read_sdist(path)


def test_descriptions_without_end(tmp_path):
    path = tmp_path / "project-1.0.tar.gz"
    path.write_bytes(gzip.compress(raw_header("x", tarfile.GNUTYPE_LONGNAME, 0) * 9000))
    with pytest.raises(SourceError, match="not a readable tar"):
        read_sdist(path)


def test_what_is_left_out_counts_too(archive, monkeypatch):
    monkeypatch.setattr(sdist, "_MOST_BYTES", 50)
    with pytest.raises(SourceError, match="unpacks to more than"):
        read_sdist(archive(GOOD, member("project-1.0/PKG-INFO", b"x" * 100)))
