"""A work tree that goes from one revision to the next, so that a step costs what it changes."""

from __future__ import annotations

import shutil
from pathlib import Path

from extractor.project.declared import FILES
from extractor.source.tree import Entry, GitTree
from extractor.verification.laboratory.environment import Environment
from extractor.verification.laboratory.test_runs import describe_distribution, make_readable

_SUBMODULE, _LINK, _PROGRAM = "160000", "120000", "100755"


class SteppingTree:
    """The files of one revision of ``git_dir`` at a time, in ``folder``.

    With ``environment`` its tests can run there: names that became keywords have stand-ins, and
    entry points are found; compiled files stay, those of a changed file go.
    """

    def __init__(
        self,
        folder: Path,
        git_dir: Path,
        environment: Environment | None = None,
        version: str = "",
    ) -> None:
        self.folder = folder
        self.environment = environment
        self._git_dir = git_dir
        self._version = version
        self._entries: dict[str, Entry] = {}

    def go(self, revision: str) -> Path:
        """Make ``folder`` the tree of ``revision`` (a full SHA-1) and return it."""
        with GitTree(self._git_dir, revision) as tree:
            wanted = {path: tree.entry(path) for path in tree.paths()}
            changed = {
                path
                for path in wanted.keys() | self._entries.keys()
                if wanted.get(path) != self._entries.get(path)
            }
            for path in sorted(changed):
                self._take_away(path)
            for path in sorted(changed & wanted.keys()):
                self._put(path, wanted[path].mode, tree)
        described = set(FILES) & changed
        self._entries = wanted
        if self.environment is not None and changed:
            python = [self.folder / path for path in sorted(changed & wanted.keys())]
            make_readable(self.environment, [path for path in python if path.suffix == ".py"])
            if described:
                describe_distribution(self.folder, self.environment, self._version)
        return self.folder

    def _take_away(self, path: str) -> None:
        """A file and what was compiled of it; a folder that is then empty goes as well."""
        target = self.folder / path
        target.unlink(missing_ok=True)
        compiled = target.parent / "__pycache__"
        for old in compiled.glob(f"{target.stem}.*.pyc"):
            old.unlink()
        folder = target.parent
        while folder != self.folder and folder.is_dir():
            left = {entry.name for entry in folder.iterdir()}
            if left - {"__pycache__"}:
                break
            shutil.rmtree(folder)
            folder = folder.parent

    def _put(self, path: str, mode: str, tree: GitTree) -> None:
        if mode == _SUBMODULE:
            return
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if mode == _LINK:
            target.symlink_to(tree.read(path).decode("utf-8", "surrogateescape"))
            return
        target.write_bytes(tree.read(path))
        if mode == _PROGRAM:
            target.chmod(0o755)
