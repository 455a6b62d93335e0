"""The blame of every file of a result beside the source's."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UsageError
from extractor.history.authorship import Authorship
from extractor.history.blame import FileBlame, Place, blame_file
from extractor.history.carry import UPSTREAM, older_names
from extractor.history.commits import read_folder
from extractor.history.made import read_line
from extractor.history.origins import Origins, find_origins
from extractor.history.past import Renames
from extractor.history.rewriting import MakeRewrite, RewriteBlob
from extractor.history.state import HistoryState, read_state
from extractor.history.walk import History, read_history
from extractor.moves import moves_by_target
from extractor.source.tree import SUBMODULE, run_git


@dataclass(frozen=True)
class Blames:
    """What is compared with what; ``origins`` need be known only where a past is refused."""

    source_git_dir: Path
    history: History
    state: HistoryState
    git_dir: Path
    rewrite: RewriteBlob | None
    origins: Origins | None

    def compare(self, branch: str, suffix: str = "") -> tuple[FileBlame, ...]:
        """The files that ``branch`` has, sorted, as far as their paths end with ``suffix``."""
        found = run_git(self.git_dir, "rev-parse", "--verify", f"refs/heads/{branch}")
        commit = found.decode("ascii").strip()
        leaves = read_folder(self.git_dir, commit).leaves()
        present = {path for path, leaf in leaves if leaf.mode != SUBMODULE}
        targets = moves_by_target(self.state.moves)
        origin_of = self.state.origins()
        wrote = Authorship(self.source_git_dir, self.history, self.state, self.rewrite)
        refuses, origins = bool(self.state.not_from), self.origins

        def one(path: str) -> FileBlame:
            def is_refused(origin: str, place: Place) -> bool:
                return (
                    refuses
                    and origins is not None
                    and not origins.is_past(path, place[1], place[0])
                    and wrote.is_ancestor(place[0], origin)
                )

            return blame_file(
                self.source_git_dir,
                self.state.source_revision,
                targets[path],
                self.git_dir,
                commit,
                origin_of,
                wrote.is_older,
                is_rewritten=self.rewrite is not None,
                is_refused=is_refused,
            )

        paths = sorted(path for path in present & targets.keys() if path.endswith(suffix))
        with ThreadPoolExecutor(2) as pool:
            return tuple(pool.map(one, paths))


def compare_blame_of(
    source_git_dir: Path, target: Path, *, make_rewrite: MakeRewrite | None, suffix: str = ""
) -> tuple[FileBlame, ...]:
    """The blame on ``upstream`` of the result at ``target``, as ``history check`` compares it."""
    git_dir = target / ".git"
    state = read_state(git_dir)
    history = read_history(source_git_dir, state.source_revision)
    older = older_names(source_git_dir, state.source_revision, state.moves, state.lineages)
    rewrite = rewrite_of(state, make_rewrite, older)
    origins = None
    if state.not_from:
        tip = run_git(git_dir, "rev-parse", "--verify", UPSTREAM).decode("ascii").strip()
        line, renames = read_line(git_dir, tip, state.superseded), Renames(source_git_dir, history)
        origins = find_origins(source_git_dir, history, renames, state, git_dir, line, rewrite)
    blames = Blames(source_git_dir, history, state, git_dir, rewrite, origins)
    return blames.compare("upstream", suffix)


def rewrite_of(
    state: HistoryState, make_rewrite: MakeRewrite | None, older: Mapping[str, str]
) -> RewriteBlob | None:
    """What the ``rewritten`` form did to each version; ``None`` in the other one."""
    if state.form != "rewritten":
        return None
    if make_rewrite is None:
        raise UsageError("the history was rewritten: name the plan it was made with")
    return make_rewrite(older)
