"""``manifest.json``: what one run read, decided, did, left out, and could not do.

The manifest is the same to the byte for the same input, except for its last section,
``timing``. Run as a program this module prints the JSON Schema.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from extractor import __version__
from extractor.errors import UsageError
from extractor.files import replace_file
from extractor.locks import only_one
from extractor.outcome import CheckOutcome, DecisionOutcome
from extractor.source.repository import Source

SCHEMA_VERSION: Literal[1] = 1


def printable(text: object) -> object:
    """Paths may hold bytes that are not UTF-8, which JSON cannot carry: they are spelled out."""
    if isinstance(text, str):
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text


Text = Annotated[str, BeforeValidator(printable)]
Line = Annotated[int, Field(ge=0, description="Counted from 1; 0 is the whole file.")]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolRecord(_Record):
    """The program that ran."""

    name: str = "extractor"
    version: str = __version__


class ReleaseRecord(_Record):
    """A released source distribution that became a commit."""

    name: Text
    version: Text
    sha256: str = Field(description="Of the archive.")
    date: str = Field(description="Day and time of the release, ISO 8601, UTC.")
    revision: str = Field(description="The commit made of it.")


class SourceRecord(_Record):
    """What was read."""

    described: Text = Field(description="The release or revision, as people say it.")
    revision: str = Field(description="Full SHA-1 of the commit.")
    commit_date: str = Field(description="The committer's date, ISO 8601, UTC.")
    dirty: bool = Field(
        default=False, description="The checkout had uncommitted changes, which were left out."
    )
    releases: tuple[ReleaseRecord, ...] = ()
    tests_from: str = Field(
        default="",
        description="Full SHA-1 of the ancestor whose tests came along where there are none.",
    )


class PlanRecord(_Record):
    """What a person decided, pinned."""

    name: Text
    digest: str = Field(description="SHA-256 over the plan and everything in its folder.")


class ResultRecord(_Record):
    """One repository of the result."""

    path: Text = Field(description="Relative to the folder of the manifest.")
    revision: str = Field(description="Full SHA-1 of its tip.")
    commits: int = Field(ge=0)


class DecisionRecord(_Record):
    """A cut or a replacement of the plan, with what it did this time."""

    kind: Literal["cut", "replace"]
    subject: Text = Field(description="A symbol, a class family or a module.")
    reason: Text
    outcome: DecisionOutcome
    stand_in: Text | None = Field(default=None, description="What stands there instead.")
    touched: tuple[Text, ...] = Field(default=(), description="The symbols it touched.")


class MoveRecord(_Record):
    """A file of the source that is in the result, whole or (with ``symbols``) in part."""

    source: Text
    target: Text
    symbols: tuple[Text, ...] = ()


class OverlayRecord(_Record):
    """A file a person wrote."""

    path: Text
    code_lines: int = Field(ge=0, description="Without blanks, comments and docstrings.")
    purpose: Text = ""


class DroppedRecord(_Record):
    """Something that nothing reaches and that the plan drops."""

    symbol: Text = Field(description="``module:name``, a module, or the option of one.")
    reason: Text


class ProposedRecord(_Record):
    """Something that nothing reaches and that is there: for a person to look at."""

    symbol: Text = Field(description="As of what is dropped: a pattern of the plan can name it.")
    path: Text
    line: Line
    lines: int = Field(ge=0, description="How many it has.")
    reason: Text


class KeptRecord(_Record):
    """Something that only the source's remaining code uses, which is why it came along."""

    symbol: Text
    used_at: Text = Field(description="A place in the source, path:line.")


class TroubleRecord(_Record):
    """A file or a step that was skipped or failed."""

    step: Text = Field(description="The rewrite or stage.")
    path: Text = Field(default="", description="Empty when the step concerns no one file.")
    line: Line = 0
    reason: Text


class UnboundRecord(_Record):
    """A name that nothing binds, in the file of the source either."""

    path: Text
    name: Text


class WordRecord(_Record):
    """A place where the old project's name remains."""

    path: Text
    line: Line
    text: Text = Field(description="The line, without surrounding blanks.")
    reason: Text


class TaskRecord(_Record):
    """Something left for a person."""

    subject: Text
    task: Text


class EffectRecord(_Record):
    """What importing one module loads, before and after a commit of the series."""

    module: Text = Field(description="The module that is imported.")
    before: int = Field(ge=0, description="Modules of the source's package that this loads.")
    after: int = Field(ge=0)
    no_more: tuple[Text, ...] = Field(
        default=(), description="Other projects that a loaded module named before, and none after."
    )


class ProofRecord(_Record):
    """What `prove` saw after one commit of the series, against the source before the series."""

    part: Literal["suites", "touched", "style"] = Field(
        description="The subsystem's own tests, those that the commit concerns, the linter."
    )
    outcome: Literal["held", "did not hold"]
    modules: int = Field(ge=0, description="Test modules that ran, or files the linter read.")
    tests: int = Field(default=0, ge=0, description="Test ids with an outcome.")
    below: tuple[Text, ...] = Field(
        default=(),
        description="Where the test modules that ran had to be; empty when the part is whole.",
    )
    findings: tuple[Text, ...] = Field(default=(), description="Each difference, sorted.")
    evidence: tuple[Text, ...] = ()


class SeriesRecord(_Record):
    """One commit of the series that ``refactor`` writes on the source's side."""

    number: int = Field(ge=1, description="As in the plan's series, from 1.")
    phase: Literal["decoupled", "removed"]
    title: Text
    reason: Text
    status: Literal["done", "already done upstream", "matched nothing"]
    rewrites: tuple[Text, ...] = Field(default=(), description="In order of first use.")
    paths: tuple[Text, ...] = Field(default=(), description="Every file it touches, sorted.")
    moved: dict[Text, Text] = Field(
        default={},
        description="Modules, and definitions as module:name, that have another place after it.",
    )
    effects: tuple[EffectRecord, ...] = Field(
        default=(), description="One for each module the series measures, in its order."
    )
    users: tuple[int, int] = Field(
        default=(0, 0),
        description="Modules outside of the subsystem that import it, before the commit and after.",
    )
    left: tuple[int, int] = Field(
        default=(0, 0), description="Files that leave with the subsystem, and their Python lines."
    )
    revision: str = Field(default="", description="Full SHA-1; empty where nothing was done.")
    change_id: str = Field(default="", description="As Gerrit has it: I and 40 digits.")
    patch: Text = Field(default="", description="Relative to the folder of the manifest.")
    proofs: tuple[ProofRecord, ...] = Field(default=(), description="Empty before `prove`.")


class CheckRecord(_Record):
    """A promise about the result, and what was seen."""

    name: Text
    outcome: CheckOutcome
    evidence: tuple[Text, ...] = ()

    def ending(self) -> str:
        """The outcome, with what is missing where nothing could be compared."""
        if self.outcome == CheckOutcome.CANNOT_RUN and self.evidence:
            return f"{self.outcome}: {self.evidence[0]}"
        return str(self.outcome)


class BlameRecord(_Record):
    """Lines of one carried file by what blame says of them in the result and in the source."""

    path: Text
    same: int = Field(ge=0, description="The same commit.")
    older: int = Field(ge=0, description="An earlier one: the line's past was followed further.")
    different: int = Field(ge=0, description="Another one.")
    unpaired: int = Field(ge=0, description="Not in the source: written for the result.")


class TimingRecord(BaseModel):
    """The only section that differs between equal runs."""

    model_config = ConfigDict(extra="forbid")

    seconds: dict[str, float] = Field(
        default_factory=dict, description="Wall-clock seconds of each stage, in order of start."
    )


class Manifest(BaseModel):
    """The record of one run; lists may be filled in any order, they are written sorted."""

    model_config = ConfigDict(extra="forbid", title="manifest.json", validate_assignment=True)

    schema_version: Literal[1] = SCHEMA_VERSION
    tool: ToolRecord = Field(default_factory=ToolRecord)
    source: SourceRecord
    plan: PlanRecord
    results: list[ResultRecord] = Field(default_factory=list)
    counts: dict[str, int] = Field(default_factory=dict)
    decisions: list[DecisionRecord] = Field(default_factory=list)
    moves: list[MoveRecord] = Field(default_factory=list)
    overlay: list[OverlayRecord] = Field(default_factory=list)
    dropped: list[DroppedRecord] = Field(default_factory=list)
    proposed: list[ProposedRecord] = Field(default_factory=list)
    kept: list[KeptRecord] = Field(default_factory=list)
    skipped: list[TroubleRecord] = Field(default_factory=list)
    failed: list[TroubleRecord] = Field(default_factory=list)
    unbound: list[UnboundRecord] = Field(
        default_factory=list, description="Faults of the source's, which the result has as well."
    )
    remaining_words: list[WordRecord] = Field(default_factory=list)
    left_for_a_person: list[TaskRecord] = Field(default_factory=list)
    series: list[SeriesRecord] = Field(
        default_factory=list, description="Written by `refactor` alone, in order of the commits."
    )
    checks: list[CheckRecord] = Field(default_factory=list)
    blame: list[BlameRecord] = Field(
        default_factory=list, description="As `history check` saw it; empty before."
    )
    timing: TimingRecord = Field(default_factory=TimingRecord)

    @property
    def everything_held(self) -> bool:
        """No file or step failed, no check was broken, and each that was asked for could run."""
        wrong = {"did not hold", "cannot run"}
        return not self.failed and all(c.outcome not in wrong for c in self.checks)

    def ending(self) -> list[str]:
        """The last lines of a summary: what is open, and each check with its outcome."""
        lines = [
            f"  {len(records)} {title}: see manifest.json"
            for title, records in (
                ("failed", self.failed),
                ("left for a person", self.left_for_a_person),
                ("proposed for dropping", self.proposed),
            )
            if records
        ]
        return lines + [f"  {check.name}: {check.ending()}" for check in self.checks]


def source_record(source: Source) -> SourceRecord:
    """What the manifest says of an opened source."""
    return SourceRecord(
        described=source.label,
        revision=source.revision,
        commit_date=_iso(source.commit_date),
        dirty=source.dirty,
        releases=tuple(
            ReleaseRecord(
                name=release.name,
                version=release.version,
                sha256=release.sha256,
                date=_iso(release.date),
                revision=release.revision,
            )
            for release in source.releases
        ),
    )


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def manifest_bytes(manifest: Manifest, timing: bool = True) -> bytes:
    """The file's content: lists sorted, decisions and checks in their own order.

    ``timing=False`` leaves out what differs between equal runs.
    """
    values: dict[str, Any] = manifest.model_dump(mode="json")
    # The order of decisions is the plan's, that of commits, checks and stages is the run's.
    for name in values.keys() - {"decisions", "checks", "series"}:
        if isinstance(values[name], list):
            values[name].sort(key=lambda record: json.dumps(record, sort_keys=True))
    values["counts"] = dict(sorted(values["counts"].items()))
    for decision in values["decisions"]:
        decision["touched"].sort()
    seconds = values["timing"]["seconds"]
    values["timing"]["seconds"] = {name: round(took, 3) for name, took in seconds.items()}
    if not timing:
        del values["timing"]
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write ``manifest`` to ``path``, replacing what is there in one step."""
    replace_file(path, manifest_bytes(manifest))


def read_manifest(path: Path) -> Manifest:
    """The manifest at ``path``; ``UsageError`` when it is none, or of another version."""
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise UsageError(f"{path} is not an extractor manifest: {where}: {first['msg']}") from None


def record_checks(
    result: Path, checks: Sequence[CheckRecord], blame: Sequence[BlameRecord] = ()
) -> bool:
    """Note ``checks`` in the manifest beside the repository ``result``.

    A check that is there already is replaced where it stands, but not by one that did not
    run; ``blame``, when given, replaces all. False when no manifest names ``result``, or it
    cannot be written.
    """
    path = result.resolve().parent / "manifest.json"
    if not path.is_file():
        return False
    # Two runs that note something at once must not lose what the other noted.
    with only_one(result):
        return _record(path, result, checks, blame)


def _record(
    path: Path, result: Path, checks: Sequence[CheckRecord], blame: Sequence[BlameRecord]
) -> bool:
    manifest = read_manifest(path)
    if result.resolve().name not in [made.path for made in manifest.results]:
        return False
    known = {check.name: check for check in manifest.checks}
    for check in checks:
        if check.outcome.ran or check.name not in known:
            known[check.name] = check
    manifest.checks = list(known.values())
    if blame:
        manifest.blame = list(blame)
    try:
        write_manifest(path, manifest)
    except OSError:
        return False
    return True


def json_schema() -> str:
    """The JSON Schema of ``manifest.json`` as text."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Manifest.model_json_schema(mode="serialization"),
    }
    # Some releases of pydantic say a constant twice.
    schema["properties"]["schema_version"].pop("enum", None)
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema(), end="")
