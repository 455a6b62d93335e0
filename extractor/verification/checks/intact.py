"""The repository is the one the manifest describes: same tip, same commits, nothing edited."""

from __future__ import annotations

import subprocess

from extractor.errors import SourceError
from extractor.source.tree import git_environment, run_git
from extractor.verification.check import CheckResult, Context, Result, does_not_apply, verdict

NEEDS = "nothing"


def check(result: Result, context: Context) -> CheckResult:
    """Compare tip and number of commits with the manifest; list what was edited since."""
    git_dir = result.root / ".git"
    if not git_dir.is_dir():
        return does_not_apply("intact", "the result is no git repository")
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
    status = subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", "status", "--porcelain", "--untracked-files=all"],
        cwd=result.root,
        env=git_environment(),
        capture_output=True,
        text=True,
    )
    edited = [line for line in status.stdout.splitlines() if line.strip()]
    findings += [f"not committed: {line[3:]}" for line in edited]
    told = "no manifest to compare with" if recorded is None else "as the manifest says"
    evidence = [f"{commits} commits up to {tip[:12]}, {told}"]
    if edited:
        evidence.append(f"{len(edited)} files differ from the tip")
    return verdict("intact", findings, evidence, {"commits": commits}, compared=commits)
