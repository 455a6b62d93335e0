"""Write the page of every rewrite from its own cases: ``python -m docs.rewrite_pages``."""

from __future__ import annotations

import difflib
import inspect
from pathlib import Path

from extractor.rewrites import Rewrite, registered
from tests.rewrites.cases import Case, all_cases

PAGES = Path(__file__).parent / "rewrites"


def page_for(rewrite: Rewrite) -> str:
    """The Markdown page of ``rewrite``."""
    settings = inspect.cleandoc(rewrite.settings.__doc__ or "").replace("``", "`")
    parts = [
        f"# {rewrite.name}",
        f"{rewrite.summary} {rewrite.reason}",
        f"Afterwards: {rewrite.review.value}.",
        f"    extractor rewrite {rewrite.name} [OPTIONS] PATHS...",
        f"## Settings\n\n{settings}",
        "## Cases",
        *(_section(case) for case in all_cases() if case.rewrite == rewrite.name),
    ]
    return "\n\n".join(parts) + "\n"


def _section(case: Case) -> str:
    parts = [f"### {case.title}"]
    if case.settings_text:
        parts.append(f"```toml\n{case.settings_text}\n```")
    if case.after is None:
        parts.append(f"```{'python' if case.is_python else ''}\n{case.before}```")
    else:
        before, after = case.before.splitlines(True), case.after.splitlines(True)
        lines = list(difflib.unified_diff(before, after, n=max(len(before), len(after))))
        parts.append(f"```diff\n{''.join(lines[3:])}```")
    if case.findings.strip():
        parts.append(f"Reported:\n\n```\n{case.findings}```")
    return "\n\n".join(parts)


def main() -> None:
    """Write all pages, and take away those of rewrites that are gone."""
    PAGES.mkdir(exist_ok=True)
    pages = {rewrite.name: page_for(rewrite) for rewrite in registered()}
    for page in PAGES.glob("*.md"):
        if page.stem not in pages:
            page.unlink()
    for name, text in pages.items():
        (PAGES / f"{name}.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
