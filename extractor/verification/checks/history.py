"""The past came along: blame names the same commits, and each is as it was in the source."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from extractor.analysis.links import with_links_read
from extractor.analysis.resolver import modules_of
from extractor.carving.renaming import historic_rewrite
from extractor.errors import SourceError, UsageError
from extractor.history.check import check_history
from extractor.history.rewriting import MakeRewrite
from extractor.history.state import read_state
from extractor.plan.load import Plan
from extractor.plan.moves import lay_out, reach_from_roots
from extractor.source.tree import GitTree, git_environment
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.wording import counted

NEEDS = "source"
# Author, his date, the committer and his date: a carried commit has them as they were.
_FORMAT = "%H%x00%an <%ae> %at%x00%cn <%ce> %ct%x00%B%x01"


def check(result: Result, context: Context) -> CheckResult:
    """What ``extractor history check`` finds, and whether commits keep their authors and words."""
    if context.history is None:
        return does_not_apply("history", "no source with its whole history (--against)")
    try:
        state = read_state(result.root / ".git")
        make_rewrite = None
        if state.form == "rewritten":
            make_rewrite = _rewrite_of(context.history, state.source_revision, context.plan)
        checked = check_history(context.history, result.root, make_rewrite=make_rewrite)
    except UsageError as error:
        return does_not_apply("history", str(error))
    except SourceError as error:
        return verdict("history", [str(error)], [])
    origins = state.origins()
    findings = list(checked.problems)
    findings += changed(context.history, result.root / ".git", origins)
    shares = ", ".join(f"{name} {share:.2%}" for name, share in checked.shares().items())
    evidence = [
        f"{counted(checked.commits, 'commit')}; lines that name the same commit: {shares}",
        f"{len(origins)} carried commits have their author, dates and message",
        f"noise {len(checked.noise)}, foreign paths {len(checked.foreign)}, "
        f"lost ancestors {len(checked.lost)}",
        *checked.told_of_versions(),
        *checked.told_of_following(),
    ]
    return verdict(
        "history", findings, evidence, {"commits": checked.commits}, compared=checked.commits
    )


def _rewrite_of(history: Path, revision: str, plan: Plan) -> MakeRewrite:
    """What the ``rewritten`` form asked of every old version, by the plan at that revision."""
    with GitTree(history, revision) as files:
        tree = with_links_read(files)
        modules = modules_of(tree, plan.data.tops())
        reach = reach_from_roots(tree, modules, plan.data)
        return historic_rewrite(lay_out(tree, modules, reach, plan.data))


def changed(source: Path, target: Path, origins: Mapping[str, str]) -> list[str]:
    """Carried commits (new name to old) whose author, dates or message are not the original's."""
    old, new = _told(source, origins.values()), _told(target, origins)
    return [
        f"commit {name} does not have the author, dates and message of {origin}"
        if name in new
        else f"commit {name}, which stands for {origin}, is not there"
        for name, origin in origins.items()
        if name not in new or new[name] != old.get(origin)
    ]


def _told(git_dir: Path, names: Iterable[str]) -> dict[str, str]:
    """What ``_FORMAT`` asks of the commits that are there."""
    words = ["log", "--no-walk=unsorted", "--stdin", "--ignore-missing", f"--format={_FORMAT}"]
    done = subprocess.run(
        ["git", f"--git-dir={git_dir}", *words],
        input="\n".join(dict.fromkeys(names)),
        env=git_environment(),
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )
    told = {}
    for record in done.stdout.split("\x01"):
        name, _, rest = record.lstrip("\n").partition("\0")
        if name:
            told[name] = rest.rstrip("\n")
    return told
