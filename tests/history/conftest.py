import subprocess

import pytest

from extractor.source.tree import git_environment


class Repository:
    """A source made of a fast-export stream written by hand."""

    def __init__(self, path):
        self.path = path
        subprocess.run(
            ["git", "init", "-q", "--bare", "-b", "main", path], check=True, env=git_environment()
        )

    def git(self, *arguments, stdin=None):
        return subprocess.run(
            ["git", "--git-dir", self.path, *arguments],
            input=stdin,
            capture_output=True,
            check=True,
            env=git_environment(),
        ).stdout

    def load(self, stream):
        """Import a stream; what stands above its first commit is for the reader."""
        if isinstance(stream, str):
            stream = stream.encode()
        stream = stream[stream.index(b"commit refs/") :]
        self.git("fast-import", "--quiet", "--force", "--date-format=raw-permissive", stdin=stream)
        return self

    def head(self, name="main"):
        return self.git("rev-parse", f"{name}^{{commit}}").decode().strip()


@pytest.fixture
def source(tmp_path):
    return Repository(tmp_path / "source.git")
