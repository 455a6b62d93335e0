"""Deliberate faults put into a good extraction, one at a time: the check whose job it is sees it.

The catalogue is data of the plan (``faults.toml``). Every fault has a harmless twin at the same
place that means the same as before; a twin that is flagged is an error of the check. What a
check finds in the untouched extraction counts for neither.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pydantic

from extractor.errors import UsageError
from extractor.plan.load import Plan
from extractor.source.tree import git_environment
from extractor.verification.check import CheckResult
from extractor.verification.run import CHECKS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Edit:
    """What is done to the file ``path``: ``find`` (exactly once in it) becomes ``put``.

    Without ``find``, ``put`` is the whole new file; with neither, the file is removed. ``git``
    are words of a git command instead.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    path: str = ""
    find: str = ""
    put: str | None = None
    git: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """One thing that could go wrong, the check whose job it is, and the harmless twin."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    name: str
    check: str
    fault: tuple[Edit, ...]
    twin: tuple[Edit, ...]


@dataclass(frozen=True)
class Injection:
    """What came of one fault and its twin; ``absent`` says why it could not be put in."""

    fault: Fault
    caught: str = ""
    twin_flagged: str = ""
    absent: str = ""

    @property
    def good(self) -> bool:
        """Caught by its check, and the twin borne."""
        return bool(self.caught) and not self.twin_flagged


class Absent(Exception):
    """The place where the edit belongs is not in this extraction."""


def load_faults(plan: Plan) -> list[Fault]:
    """The plan's catalogue; ``UsageError`` when it has none or it cannot be read."""
    path = plan.folder / "faults.toml"
    if not path.is_file():
        raise UsageError(f"plan {plan.data.name!r} has no faults.toml")
    loaded: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        faults = pydantic.TypeAdapter(list[Fault]).validate_python(loaded.get("faults", []))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path.name}: {where}: {first['msg']}") from None
    for fault in faults:
        if fault.check not in CHECKS:
            raise UsageError(f"{path.name}: {fault.name}: there is no check {fault.check!r}")
    return faults


def inject(
    root: Path,
    faults: Iterable[Fault],
    run: Callable[[Path, str], CheckResult],
    scratch: Path,
    report: Callable[[str], None] = lambda line: None,
) -> list[Injection]:
    """Put every fault and every twin into a copy of ``root`` and run its check there.

    ``run`` gives the result of the named check on a copy.
    """
    clean: dict[str, CheckResult] = {}
    injections = []
    for fault in faults:
        if fault.check not in clean:
            clean[fault.check] = run(root, fault.check)
        known = set(clean[fault.check].findings)
        try:
            bad = _after(root, fault.fault, fault.check, run, scratch)
            twin = _after(root, fault.twin, fault.check, run, scratch)
        except Absent as error:
            injections.append(Injection(fault, absent=str(error)))
            report(f"{fault.name}: not in this extraction: {error}")
            continue
        done = Injection(fault, caught=_first_new(bad, known), twin_flagged=_first_new(twin, known))
        injections.append(done)
        report(f"{fault.name}: {'caught' if done.caught else 'MISSED'} by {fault.check}")
        if done.twin_flagged:
            report(f"{fault.name}: the twin is FLAGGED: {done.twin_flagged}")
    return injections


def apply(root: Path, edit: Edit) -> None:
    """Do one edit below ``root``; ``Absent`` when its place is not there."""
    if edit.git:
        words = ["git", "-c", "user.name=x", "-c", "user.email=x@localhost", *edit.git]
        done = subprocess.run(words, cwd=root, env=git_environment(), capture_output=True)
        if done.returncode:
            raise Absent(done.stderr.decode("utf-8", "replace").strip())
        return
    path = root / edit.path
    if edit.put is None:
        if not path.is_file():
            raise Absent(f"no file {edit.path}")
        path.unlink()
        return
    if not edit.find:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(edit.put, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if edit.find not in text:
        raise Absent(f"{edit.path} does not say {edit.find[:60]!r}")
    path.write_text(text.replace(edit.find, edit.put, 1), encoding="utf-8")


def as_table(injections: Iterable[Injection]) -> str:
    """Markdown: fault, check, evidence, twin."""
    lines = ["| fault | check | evidence | twin |", "|---|---|---|---|"]
    for done in injections:
        told = done.absent and f"not put in: {done.absent}"
        told = told or done.caught or "**missed**"
        twin = f"**flagged**: {done.twin_flagged}" if done.twin_flagged else "borne"
        cells = (done.fault.name, done.fault.check, told, "" if done.absent else twin)
        lines.append("| " + " | ".join(_cell(c) for c in cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")[:160]


def _after(
    root: Path,
    edits: Iterable[Edit],
    check: str,
    run: Callable[[Path, str], CheckResult],
    scratch: Path,
) -> CheckResult:
    """The check's result on a copy with the edits; the manifest lies beside it as before."""
    folder = scratch / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy = folder / root.name
    shutil.copytree(root, copy, symlinks=True)
    manifest = root.parent / "manifest.json"
    if manifest.is_file():
        shutil.copy(manifest, folder / "manifest.json")
    for edit in edits:
        apply(copy, edit)
    done = run(copy, check)
    # Findings must not differ by where the copy lies.
    return replace(done, findings=tuple(f.replace(str(folder), "") for f in done.findings))


def _first_new(result: CheckResult, known: set[str]) -> str:
    if result.skipped:
        return f"could not run: {result.skipped}"
    return next((f for f in result.findings if f not in known), "")
