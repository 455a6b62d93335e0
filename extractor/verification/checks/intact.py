"""The repository is the one the manifest describes: same tip, same commits, nothing edited."""

from __future__ import annotations

from extractor.errors import SourceError
from extractor.history.worktree import uncommitted, untracked
from extractor.source.tree import run_git
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict
from extractor.wording import counted, verb

NEEDS = "nothing"


def check(result: Result, context: Context) -> CheckResult:
    """Compare tip and number of commits with the manifest; list what was edited since."""
    git_dir = result.root / ".git"
    if not git_dir.is_dir():
        return does_not_apply("intact", "the result is not a git repository")
    recorded = next(
        (r for r in result.manifest.get("results", ()) if r["path"] == result.root.name), None
    )
    findings = []
    try:
        tip = run_git(git_dir, "rev-parse", "--verify", "HEAD^{commit}").decode().strip()
        commits = int(run_git(git_dir, "rev-list", "--count", tip))
    except SourceError as error:
        return verdict("intact", [str(error)], [])
    if recorded is not None and recorded["revision"] != tip:
        findings.append(f"the tip is {tip}, the manifest says {recorded['revision']}")
    edited = sorted({*uncommitted(result.root), *untracked(result.root)})
    findings += [f"not committed: {path}" for path in edited]
    told = "no manifest to compare with" if recorded is None else "as the manifest says"
    evidence = [f"{counted(commits, 'commit')} up to {tip[:12]}, {told}"]
    if edited:
        evidence.append(
            f"{counted(len(edited), 'file')} {verb(len(edited), 'differs', 'differ')} from the tip"
        )
    return verdict("intact", findings, evidence, {"commits": commits}, compared=commits)
