import subprocess

import pytest

from extractor.errors import SourceError
from extractor.source.tree import FolderTree, GitTree, MemoryTree, blob_id, git_environment


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-C", tmp_path, "-c", "user.name=A", "-c", "user.email=a@b", *arguments],
            check=True,
            capture_output=True,
            env=git_environment(),
        )

    git("init", "-q")
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "sch\u00f6n.txt").write_bytes(b"\xff")
    (tmp_path / "link").symlink_to("a.py")
    git("add", "-A")
    git("commit", "-qm", "one")
    return tmp_path


def test_the_three_trees_agree(repository):
    with GitTree(repository / ".git", "HEAD") as committed:
        folder = FolderTree(repository)
        memory = MemoryTree({p: committed.read(p) for p in committed.paths()}, {"link": "120000"})
        for other in (folder, memory):
            assert list(other.paths()) == list(committed.paths())
            for path in committed.paths():
                assert other.entry(path) == committed.entry(path)
                assert other.read(path) == committed.read(path)


def test_missing_paths_are_key_errors(repository):
    with GitTree(repository / ".git", "HEAD") as committed:
        for tree in (committed, FolderTree(repository), MemoryTree({})):
            with pytest.raises(KeyError):
                tree.read("no/such")


def test_missing_object_names_the_cure(repository):
    with GitTree(repository / ".git", "HEAD") as committed:
        with pytest.raises(SourceError, match="full clone"):
            committed.read_blob("0" * 40)
        assert committed.read("a.py") == b"x = 1\n"


def test_blob_id_is_gits():
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
