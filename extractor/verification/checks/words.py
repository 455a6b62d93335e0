"""Every old word that is left has a reason: a rule of the plan, or prose."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter

from extractor.project.convention import Kind
from extractor.project.facts import Project, project_of
from extractor.verification.check import CheckResult, Context, Result, verdict
from extractor.wording import counted

NEEDS = "nothing"
_TEXT = (".rst", ".md", ".txt", ".yaml", ".yml", ".cfg", ".ini", ".conf", ".inc", ".json", ".html")
_PROSE = (".rst", ".md", ".inc", ".html")


def check(result: Result, context: Context) -> CheckResult:
    """List the lines; those in code without a rule of the plan are findings."""
    old = context.plan.data.source_package
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", re.IGNORECASE)
    explained = context.plan.data.explained
    findings: list[str] = []
    reasons: Counter[str] = Counter()
    searched = 0
    tree = result.tree
    project = project_of(tree)
    groups = {point.group for point in project.entry_points if word.search(point.group)}
    named = re.compile("|".join(map(re.escape, sorted(groups, key=len, reverse=True))) or "(?!)")
    for path in tree.paths():
        if not path.endswith((".py", *_TEXT)):
            continue
        searched += 1
        content = tree.read(path)
        text = content.decode("utf-8", "replace")
        if not word.search(text):
            continue
        prose = prose_lines(content) if path.endswith(".py") else set()
        prose |= metadata_lines(project, path)
        whole = path.endswith(_PROSE) or project.kind_of(path) is Kind.RELEASE_NOTES
        for number, line in enumerate(text.splitlines(), 1):
            of_groups = [found.span() for found in named.finditer(line)]
            for found in word.finditer(line):
                rule = explained(path, line)
                if rule is not None:
                    reasons[rule.reason] += 1
                elif any(start <= found.start() < end for start, end in of_groups):
                    reasons["name of a group of entry points"] += 1
                elif whole or number in prose or line.lstrip().startswith("#"):
                    reasons["prose"] += 1
                else:
                    reasons["no reason"] += 1
                    findings.append(f"{path}:{number}: {line.strip()[:80]}")
    evidence = [f"{counted(sum(reasons.values()), 'word')} {old!r} left"]
    evidence += [f"{count} x {reason}" for reason, count in sorted(reasons.items())]
    return verdict("words", findings, evidence, {"words": sum(reasons.values())}, compared=searched)


def metadata_lines(project: Project, path: str) -> set[int]:
    """1-based lines that say who wrote the distribution and where it comes from."""
    if project.kind_of(path) is not Kind.PACKAGING:
        return set()
    told = [o for o in project.files.ini(path) if o.section == "metadata" and o.name != "name"]
    return {number for o in told for number in (o.line, *(line for line, _ in o.values))}


def prose_lines(content: bytes) -> set[int]:
    """1-based lines that hold a comment or belong to a string that stands as a statement."""
    lines: set[int] = set()
    fresh = True
    try:
        for token in tokenize.tokenize(io.BytesIO(content).readline):
            if token.type == tokenize.COMMENT:
                lines.add(token.start[0])
            elif token.type == tokenize.STRING and fresh:
                lines.update(range(token.start[0], token.end[0] + 1))
            if token.type in {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.NL}:
                fresh = True
            elif token.type not in {tokenize.COMMENT, tokenize.ENCODING}:
                fresh = False
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return lines
    return lines
