"""Objects by their name, whatever the files are called."""

import pytest

from extractor.errors import MissingObject
from extractor.source.objects import ObjectReader
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
