"""Objects by their name, whatever the files are called."""

import pytest

from extractor.errors import MachineError, MissingObject, SourceError
from extractor.source.objects import ObjectReader
from extractor.source.tree import git_failed
from tests.repositories import committed

FILES = {"a/line\nbreak/b\nc.txt": "one\n", "a/plain.txt": "two\n"}


@pytest.fixture
def reader(tmp_path):
    committed(tmp_path / "source", FILES)
    with ObjectReader(tmp_path / "source/.git") as reader:
        yield reader


@pytest.mark.parametrize("path", FILES)
def test_a_file_at_a_commit_is_read(reader, path):
    assert reader.read(f"HEAD:{path}").decode() == FILES[path]
    assert reader.blob_at("HEAD", path)


@pytest.mark.parametrize("name", ["HEAD:a/line\nbreak/none", "HEAD:b\nc.txt", "HEAD\n:a", "x:a\nb"])
def test_one_that_is_not_there_is_missing(reader, name):
    with pytest.raises(MissingObject):
        reader.read(name)


def test_a_repository_of_ours_that_cannot_be_made_is_not_the_sources_fault():
    said = "error: could not lock config file\nfatal: could not set 'core.bare' to 'true'"
    assert isinstance(git_failed(["init", "--bare"], 128, said), MachineError)
    assert isinstance(git_failed(["log"], 128, said), SourceError)
