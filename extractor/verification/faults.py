"""Deliberate faults put into a good extraction, one at a time: the check whose job it is sees it.

The catalogue is data of the plan (``faults.toml``). Every fault has a harmless twin at the same
place that means the same as before; a twin that is flagged is an error of the check. What a
check finds in the untouched extraction counts for neither.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pydantic

from extractor.errors import UsageError
from extractor.plan.load import Plan
from extractor.source.tree import git_environment
from extractor.verification.check import CheckResult
from extractor.verification.laboratory.environment import text_key
from extractor.verification.run import CHECKS

_SOMEONE = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Someone"), ("EMAIL", "someone@localhost"))
}


@dataclass(frozen=True)
class Edit:
    """What is done to the file ``path``: ``find`` (exactly once in it) becomes ``put``.

    Without ``find``, ``put`` is the whole new file; with neither, the file is removed. ``shell``
    is run in the repository instead, and must succeed.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    path: str = ""
    find: str = ""
    put: str | None = None
    shell: str = ""


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
    """What came of one fault and its twin; ``absent`` says why it could not be put in.

    ``error`` says why nothing is known of it.
    """

    fault: Fault
    caught: str = ""
    twin_flagged: str = ""
    absent: str = ""
    error: str = ""

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
    done_before: Callable[[Fault], Injection | None] = lambda fault: None,
) -> Iterator[Injection]:
    """Put every fault and every twin into a copy of ``root`` and run its check there.

    ``run`` gives the result of the named check on a copy. Each fault has a copy of its own and
    is told as soon as its check has spoken. The twins of a check mean nothing each, so they share
    copies; only where something is flagged is each asked alone. What ``done_before`` knows is
    not done again.
    """
    by_check: dict[str, list[Fault]] = {}
    for fault in faults:
        by_check.setdefault(fault.check, []).append(fault)
    for check, group in by_check.items():
        waiting = []
        for fault in group:
            known_already = done_before(fault)
            if known_already is None:
                waiting.append(fault)
            else:
                yield known_already
        if not waiting:
            continue
        known = set(run(root, check).findings)
        flagged = twins(root, waiting, known, run, scratch)
        for fault in waiting:
            yield on_copy(root, fault, known, flagged[fault.name], run, scratch)


def on_copy(
    root: Path,
    fault: Fault,
    known: set[str],
    flagged: str,
    run: Callable[[Path, str], CheckResult],
    scratch: Path,
) -> Injection:
    """Put ``fault`` into a copy of ``root`` and ask its check.

    ``known`` is what the check finds in the untouched result, ``flagged`` what it says of the twin.
    """
    done = Injection(fault, twin_flagged=flagged)
    try:
        bad = _after(root, fault.fault, fault.check, run, scratch)
        done = replace(done, caught=_first_new(bad, known))
    except Absent as error:
        done = replace(done, absent=str(error))
    if done.twin_flagged.startswith(_NOT_PUT_IN):
        done = replace(done, absent=done.absent or done.twin_flagged, twin_flagged="")
    return done


class Kept:
    """What came of faults so far, in a file of one JSON line each, for a run that was ended.

    A line counts only for the same fault, word by word, in the same ``revision`` of the result.
    """

    def __init__(self, path: Path, revision: str) -> None:
        self.path = path
        self._revision = revision
        self._lines: dict[str, dict[str, str]] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    loaded = json.loads(line)
                    self._lines[loaded["key"]] = loaded
                except (ValueError, KeyError, TypeError):
                    # The last line of a run that was ended while it wrote.
                    continue

    def get(self, fault: Fault) -> Injection | None:
        """What came of ``fault`` before, if it was done."""
        line = self._lines.get(self._key(fault))
        if line is None:
            return None
        return Injection(fault, line["caught"], line["twin_flagged"], line["absent"])

    def add(self, done: Injection) -> None:
        """Note it, at once; what is there already is not written again, nor what is not known."""
        key = self._key(done.fault)
        if key in self._lines or done.error:
            return
        self._lines[key] = {"key": key, **as_value(done)}
        with self.path.open("a", encoding="utf-8") as out:
            # A new line first where the last one was cut off.
            cut = self.path.stat().st_size and not self.path.read_bytes().endswith(b"\n")
            out.write(("\n" if cut else "") + json.dumps(self._lines[key]) + "\n")

    def _key(self, fault: Fault) -> str:
        return text_key(f"{self._revision} {fault!r}")


def as_value(done: Injection) -> dict[str, str]:
    """A plain dictionary for ``--json`` and the file of a run that can go on."""
    return {
        "fault": done.fault.name,
        "check": done.fault.check,
        "caught": done.caught,
        "twin_flagged": done.twin_flagged,
        "absent": done.absent,
        **({"error": done.error} if done.error else {}),
    }


def as_lines(done: Injection) -> list[str]:
    """What a person is told as soon as a fault is done."""
    name, check = done.fault.name, done.fault.check
    if done.error:
        lines = [f"{check}: {name}: NOT KNOWN: {_cell(done.error)}"]
    elif done.absent:
        lines = [f"{check}: {name}: not in this extraction: {done.absent}"]
    elif done.caught:
        lines = [f"{check}: {name}: caught: {_cell(done.caught)}"]
    else:
        lines = [f"{check}: {name}: MISSED"]
    if done.twin_flagged:
        lines.append(f"{check}: {name}: the twin is FLAGGED: {_cell(done.twin_flagged)}")
    return lines


_NOT_PUT_IN = "the twin cannot be put in: "


def twins(
    root: Path,
    faults: Iterable[Fault],
    known: set[str],
    run: Callable[[Path, str], CheckResult],
    scratch: Path,
) -> dict[str, str]:
    """What the check says of each twin, by the fault's name; empty when it is borne."""
    said = {}
    waiting = list(faults)
    while waiting:
        together: list[Fault] = []
        later: list[Fault] = []
        with _copied(root, scratch) as copy:
            for fault in waiting:
                try:
                    _apply_all(copy, fault.twin)
                except Absent as error:
                    # Another twin may have changed its place: the next copy will tell.
                    if together:
                        later.append(fault)
                    else:
                        said[fault.name] = f"{_NOT_PUT_IN}{error}"
                else:
                    together.append(fault)
            flagged = _first_new(_asked(copy, waiting[0].check, run), known) if together else ""
        waiting = later
        if not flagged:
            said |= {fault.name: "" for fault in together}
        elif len(together) == 1:
            said[together[0].name] = flagged
        else:
            for fault in together:
                said |= twins(root, [fault], known, run, scratch)
    return said


def apply(root: Path, edit: Edit) -> None:
    """Do one edit below ``root``; ``Absent`` when its place is not there."""
    if edit.shell:
        done = subprocess.run(
            ["sh", "-euc", edit.shell],
            cwd=root,
            env={**git_environment(), **_SOMEONE},
            capture_output=True,
        )
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
        missed = f"**not known**: {done.error}" if done.error else "**missed**"
        told = told or done.caught or missed
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
    """The check's result on a copy with the edits."""
    with _copied(root, scratch) as copy:
        _apply_all(copy, edits)
        return _asked(copy, check, run)


def _apply_all(copy: Path, edits: Iterable[Edit]) -> None:
    """All of the edits or, with ``Absent``, none of those that are made in files."""
    before: dict[Path, bytes | None] = {}
    try:
        for edit in edits:
            path = copy / edit.path
            if edit.path and path not in before:
                before[path] = path.read_bytes() if path.is_file() else None
            apply(copy, edit)
    except Absent:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        raise


@contextmanager
def _copied(root: Path, scratch: Path) -> Iterator[Path]:
    """A copy of ``root`` with the manifest beside it as before."""
    folder = scratch / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy = folder / root.name
    shutil.copytree(root, copy, symlinks=True)
    manifest = root.parent / "manifest.json"
    if manifest.is_file():
        shutil.copy(manifest, folder / "manifest.json")
    yield copy
    shutil.rmtree(folder, ignore_errors=True)


def _asked(copy: Path, check: str, run: Callable[[Path, str], CheckResult]) -> CheckResult:
    """The check's result; findings must not differ by where the copy lies."""
    done = run(copy, check)
    place = str(copy.parent)
    return replace(done, findings=tuple(f.replace(place, "") for f in done.findings))


def _first_new(result: CheckResult, known: set[str]) -> str:
    if not result.outcome.ran:
        return f"could not run: {result.reason}"
    return next((f for f in result.findings if f not in known), "")
