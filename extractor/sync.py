"""Follow the source: append what is new to a result, and keep what people did to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from extractor.carving.renaming import historic_rewrite
from extractor.errors import NothingToDo, UsageError
from extractor.history.append import append_history, require_in_place
from extractor.history.commits import Identity
from extractor.history.merge import Joined, is_joined, join_branch, require_joinable
from extractor.history.providers import Following
from extractor.history.publish import finish_killed, publish
from extractor.history.quiet import one_at_a_time
from extractor.history.state import read_state
from extractor.manifest import read_manifest
from extractor.pipeline import analyse, commit_steps, rewrite
from extractor.plan.load import Plan
from extractor.progress import Progress
from extractor.source.repository import Source
from extractor.wording import counted


@dataclass(frozen=True)
class Synced:
    """``appended`` new commits on ``upstream``; ``joined`` tells of the branch people use.

    ``is_anew`` tells that they are a whole history, joined to the one there was.
    """

    before: str
    revision: str
    appended: int
    is_anew: bool
    joined: Joined

    def record(self) -> dict[str, object]:
        """Plain values for a program."""
        return {
            "before": self.before,
            "revision": self.revision,
            "appended": self.appended,
            "is_anew": self.is_anew,
            "tip": self.joined.commit,
            "extracted": self.joined.extracted,
            "local_commits": self.joined.local_commits,
            "conflicts": list(self.joined.conflicts),
        }


def sync(
    source: Source,
    plan: Plan,
    output: Path,
    *,
    author: Identity | None = None,
    progress: Progress | None = None,
) -> Synced:
    """Bring the result in ``output`` to ``source``'s revision, in the form it was made in.

    ``UsageError`` when the revision does not descend from the result's, or the result is in
    a state that cannot be joined; ``NothingToDo`` when it is there already.
    """
    progress = progress or Progress()
    _refuse_tests_of_an_ancestor(output)
    target = output / plan.data.name
    rules = plan.data.history
    identity = author or Identity(rules.author, rules.email)
    with one_at_a_time(target / ".git"):
        finish_killed(target)
        state = read_state(target / ".git")
        require_joinable(target, rules.branch)
        require_in_place(target, state)
        with progress.stage("analyse"):
            analysis = analyse(source.tree, plan)
        with progress.stage("rewrite"):
            extraction = rewrite(source.tree, analysis, described=source.label)
        make_rewrite = historic_rewrite(extraction.layout)
        with progress.stage("history"):
            appended = append_history(
                source.git_dir,
                source.revision,
                extraction.layout.moves,
                target,
                author=identity,
                make_rewrite=make_rewrite if state.form == "rewritten" else None,
                how=Following(not_from=tuple(rules.not_from)),
            )
        with progress.stage("join"):
            tip = commit_steps(target, appended.tip, extraction, identity, source.commit_date)
            if not appended.commits and is_joined(target, tip):
                raise NothingToDo(f"the result is at {source.revision[:12]} already")
            message = (
                f"Follow the source to {source.label}\n\n{len(appended.commits)} new commits.\n"
            )
            joined = join_branch(
                target, rules.branch, tip, message, author=identity, date=source.commit_date
            )
            publish(target, {**appended.refs, **joined.refs}, appended.state)
    return Synced(
        state.source_revision, source.revision, len(appended.commits), appended.is_anew, joined
    )


def _refuse_tests_of_an_ancestor(output: Path) -> None:
    """Such tests have left the source, which has nothing more to say of them."""
    path = output / "manifest.json"
    tests_from = read_manifest(path).source.tests_from if path.is_file() else ""
    if tests_from:
        raise UsageError(
            f"the tests in {output} are those of {tests_from[:12]}, since the source has none any "
            "more: a sync would take them away; extract the newer revision anew"
        )


def summary(synced: Synced) -> str:
    """What a person wants to know, in a few lines."""
    lines = [
        f"{synced.before[:12]} -> {synced.revision[:12]}: {counted(synced.appended, 'new commit')}",
        f"{counted(synced.joined.local_commits, 'local commit')} kept",
    ]
    if synced.is_anew:
        lines.append(
            "the plan needs history that was not carried before: all of it was carried again, "
            "and the old branch was joined to it"
        )
    lines += [f"conflict: {path}" for path in synced.joined.conflicts]
    if synced.joined.conflicts:
        lines.append("nothing was merged: merge the branch extracted by hand")
    return "\n".join(lines)
