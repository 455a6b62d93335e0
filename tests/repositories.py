"""Small source repositories that tests write themselves, always with the same hashes."""

import subprocess

from extractor.source.tree import git_environment


def write(folder, files):
    """Files by path, below ``folder``."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def git(folder, *arguments):
    """What git says in ``folder``, with a name and a date that are always the same."""
    done = subprocess.run(
        ["git", "-C", folder, "-c", "user.name=A", "-c", "user.email=a@b", *arguments],
        check=True,
        capture_output=True,
        text=True,
        env=git_environment() | {"GIT_AUTHOR_DATE": "@1 +0000", "GIT_COMMITTER_DATE": "@1 +0000"},
    )
    return done.stdout


def committed(folder, files):
    """A new repository in ``folder`` with ``files`` in one commit."""
    folder.mkdir()
    write(folder, files)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "All of it")
