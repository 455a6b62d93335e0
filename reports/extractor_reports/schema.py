"""``report.json``: everything a page or a comment shows, and nothing else is read for them.

Two kinds of report share the file's form: of a finished run, and of a change under review.
The same report is the same bytes. Run as a program this module prints the JSON Schema.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

SCHEMA_VERSION: Literal[2] = 2


class UnreadableReport(Exception):
    """The file is no report of this version."""


# What a terminal obeys, and what shows text in another order than it has.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: object) -> object:
    """Characters that cannot be seen are spelled out, and bytes that are not UTF-8."""
    if isinstance(text, str):
        readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return _UNSEEN.sub(_spelled, readable.replace("\r\n", "\n"))
    return text


def _spelled(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


Text = Annotated[str, BeforeValidator(printable)]
Count = Annotated[int, Field(ge=0)]
Line = Annotated[int, Field(ge=0, description="Counted from 1; 0 is no particular line.")]
Origin = Literal["", "moved", "carried", "written"]
Fate = Literal["moved", "carried", "shared", "replaced", "cut", "dropped", "left"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tool(_Record):
    """The program that made the report."""

    name: str
    version: str


class Source(_Record):
    """The revision that was read."""

    described: Text
    revision: str
    date: str = Field(description="The committer's date, ISO 8601, UTC.")
    dirty: bool = False
    releases: tuple[Text, ...] = ()


class Result(_Record):
    """The repository that was made."""

    path: Text = Field(description="Relative to the folder of the manifest.")
    revision: str
    commits: Count


class LoadedModule(_Record):
    """One module that importing the root loads; the root itself has no ``loaded_by``."""

    module: Text
    path: Text
    lines: Count
    loaded_by: Text = Field(default="", description="The importer that loads it first.")
    line: Line = 0
    how: Text = ""
    belongs: bool = Field(description="Is it the subsystem's own?")
    origin: Origin = Field(
        default="",
        description="In the result: a file that moved, symbols carried out of one, or written by "
        "a person.",
    )


class ThirdParty(_Record):
    """A package from elsewhere that the loaded modules name."""

    package: Text
    users: Count
    first: Text = Field(description="The first module that names it.")


class Cascade(_Record):
    """What importing ``root`` loads."""

    root: Text
    lines: Count
    modules: tuple[LoadedModule, ...]
    third_party: tuple[ThirdParty, ...] = ()


class Payment(_Record):
    """What a step buys on the source's import graph, in modules loaded by the root.

    ``alone`` when only this one is made; ``together`` once it and all before it are made;
    ``undone`` come back when all but this one are made. The lines are those of the modules.
    """

    kind: Literal["decision", "move", "carry"] = Field(
        description="A decision of the plan; then leaving the packages around the subsystem; then "
        "carrying symbols, or writing what is missing, instead of importing whole modules."
    )
    subject: Text = Field(default="", description="Of the decision.")
    alone: Count
    alone_lines: Count
    together: Count
    undone: Count
    undone_lines: Count


class CutOffer(_Record):
    """What removing one statement, or one package's ``__init__``, would save alone."""

    what: Text
    place: Text
    modules: Count
    lines: Count


class Cascades(_Record):
    """The cascade before and after, and what made the difference."""

    before: Cascade | None = None
    after: Cascade | None = None
    payments: tuple[Payment, ...] = ()
    offers: tuple[CutOffer, ...] = ()


class FieldLink(_Record):
    """A field of a class that holds another class of the registry."""

    field: Text
    holds: Text


class Users(_Record):
    """How many places of one part of the source use a class."""

    part: Text
    places: Count
    belongs: bool = Field(default=False, description="The subsystem's own modules.")


class CoupledClass(_Record):
    """A class that registers itself, and what it is tied to."""

    name: Text
    module: Text
    line: Line
    belongs: bool
    fields: tuple[FieldLink, ...] = ()
    tables: tuple[Text, ...] = ()
    users: tuple[Users, ...] = ()


class Coupling(_Record):
    """A registry of classes that are used by its name, whoever defines them."""

    package: Text
    classes: tuple[CoupledClass, ...]


class SymbolRow(_Record):
    """A symbol or a whole module, where it was and where it went."""

    symbol: Text
    fate: Fate
    path: Text = ""
    line: Line = 0
    last_line: Line = 0
    target: Text = Field(default="", description="Its name in the result, or what replaced it.")
    target_path: Text = ""
    target_line: Line = 0
    used_by: tuple[Text, ...] = Field(default=(), description="By the rest, as module:line.")
    why: tuple[Text, ...] = Field(default=(), description="How it was reached, nearest first.")
    code: Text = Field(default="", description="Its lines in the source, where it is a symbol.")


class Decision(_Record):
    """A cut or a replacement of the plan, and what it did."""

    kind: Text
    subject: Text
    reason: Text
    outcome: Text
    stand_in: Text = ""
    touched: tuple[Text, ...] = ()


class OverlayFile(_Record):
    """A file a person wrote, in full."""

    path: Text
    code_lines: Count
    purpose: Text = ""
    text: Text = ""


class Author(_Record):
    """A person named as author, with commits of the carried history."""

    name: Text
    commits: Count
    first: str = Field(description="Day, ISO 8601.")
    last: str


class Month(_Record):
    """Commits of one month by the committer's date."""

    month: str
    commits: Count
    followed: Count = Field(
        default=0, description="Of these, found only by following renames and moved code."
    )


class FileBlame(_Record):
    """Lines of a file by what blame says of them here and in the source."""

    path: Text
    same: Count
    older: Count
    different: Count
    unpaired: Count


class History(_Record):
    """What of the source's history lives on."""

    source_commits: Count = 0
    kept: Count = Field(default=0, description="Commits, merges included.")
    merges: Count = 0
    followed: int | None = Field(
        default=None,
        description="Kept commits that touch no path of today: found through renames and moves.",
    )
    authors: tuple[Author, ...] = ()
    timeline: tuple[Month, ...] = ()
    blame: tuple[FileBlame, ...] = ()


class Step(_Record):
    """One commit on top of the carried history."""

    revision: str
    subject: Text
    body: Text = ""
    files: Count
    added: Count
    removed: Count
    old_names: Count = Field(
        default=0, description="Lines of Python that still import from the old package after it."
    )


class Effect(_Record):
    """What importing a module loads, before and after a commit of a series."""

    module: Text
    before: Count
    after: Count
    no_more: tuple[Text, ...] = Field(
        default=(), description="Other projects named before by what is loaded, and not after."
    )


class Proof(_Record):
    """What running one kind of check on the tree of one commit of a series showed."""

    part: Text
    outcome: Text
    modules: Count = Field(description="Test modules that ran, or files the linter read.")
    tests: Count = Field(default=0, description="Test ids with an outcome.")
    below: tuple[Text, ...] = Field(
        default=(),
        description="Where the test modules that ran had to be; empty when the part is whole.",
    )
    findings: tuple[Text, ...] = ()
    evidence: tuple[Text, ...] = ()


class Patch(_Record):
    """A commit of the series that prepares the source for the cut."""

    number: int = Field(ge=1)
    phase: Text
    title: Text
    reason: Text
    status: Text
    rewrites: tuple[Text, ...] = ()
    paths: tuple[Text, ...] = ()
    moved: dict[Text, Text] = Field(
        default={},
        description="Modules, and definitions as module:name, that have another place after it.",
    )
    effects: tuple[Effect, ...] = Field(default=(), description="One a module that is measured.")
    users: tuple[int, int] = Field(
        default=(0, 0),
        description="Modules of the rest that import the subsystem, before the commit and after.",
    )
    left: tuple[int, int] = Field(
        default=(0, 0), description="Files that leave with the subsystem, and their Python lines."
    )
    revision: str = ""
    change_id: Text = ""
    patch: Text = Field(default="", description="Its file.")
    proofs: tuple[Proof, ...] = Field(default=(), description="Empty where none was asked for.")


class Check(_Record):
    """A promise, whether it held, and what was seen."""

    name: Text
    promise: Text = Field(default="", description="What is held to be so, as a sentence.")
    outcome: Text = Field(description="held, did not hold, cannot run, does not apply, not asked.")
    evidence: tuple[Text, ...] = ()


class Trouble(_Record):
    """Something that was skipped, dropped or failed."""

    step: Text
    path: Text = ""
    line: Line = 0
    reason: Text


class Contract(_Record):
    """A rule about imports that the run wrote for the CI of a repository."""

    configuration: Text = Field(description="The file, relative to the folder of the manifest.")
    package: Text = Field(description="Whose imports it is about.")
    id: Text
    name: Text
    type: Text
    known: tuple[Text, ...] = Field(
        default=(), description="What breaks it already: its baseline, which may only get shorter."
    )


class Table(_Record):
    """A table of the database that leaves, as the result's models declare it."""

    name: Text
    path: Text = Field(default="", description="In the result.")
    line: Line = 0
    columns: Count = 0
    migrations: tuple[Text, ...] = Field(
        default=(), description="Files of the source's migrations that touch it."
    )


class ColumnNote(_Record):
    """A column whose true form a person had to write down, and why."""

    table: Text
    column: Text
    definition: Text
    reason: Text


class Database(_Record):
    """What of the database leaves, and how it is numbered from then on."""

    tables: tuple[Table, ...] = ()
    notes: tuple[ColumnNote, ...] = ()
    models: Text = Field(default="", description="File of the result.")
    migrations: tuple[Text, ...] = Field(default=(), description="Of the result, oldest first.")
    version_table: Text = ""
    source_version_table: Text = ""
    source_versions: tuple[int, int] | None = Field(
        default=None, description="The first and last version of the source's that can be taken."
    )


class Task(_Record):
    """Something left for a person."""

    subject: Text
    task: Text


class Word(_Record):
    """A place where the old project's name remains."""

    path: Text
    line: Line
    text: Text
    reason: Text


class Dependency(_Record):
    """One arrow of a picture."""

    importer: Text
    imported: Text
    in_cycle: bool = False


class Picture(_Record):
    """A drawing of dependencies, with what it shows as a table."""

    title: Text
    svg: Text = Field(default="", description="Empty where it could not be drawn.")
    missing: Text = Field(default="", description="Why there is no drawing.")
    marked: Text = Field(default="", description="What modules in a colour of their own are.")
    arrows: tuple[Dependency, ...] = ()
    cycles: tuple[tuple[Text, ...], ...] = ()


class RunReport(_Record):
    """A finished run, for a reviewer who was not there."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="report.json of a run")

    schema_version: Literal[2] = SCHEMA_VERSION
    kind: Literal["run"] = "run"
    tool: Tool
    title: Text
    source: Source
    source_package: Text = ""
    target_package: Text = ""
    plan: Text
    plan_digest: str
    results: tuple[Result, ...] = ()
    counts: dict[str, int] = {}
    cascades: Cascades = Cascades()
    coupling: Coupling | None = None
    symbols: tuple[SymbolRow, ...] = ()
    decisions: tuple[Decision, ...] = ()
    overlay: tuple[OverlayFile, ...] = ()
    history: History = History()
    steps: tuple[Step, ...] = ()
    series: tuple[Patch, ...] = Field(
        default=(), description="Commits on the source's side, when a series was given."
    )
    series_checks: tuple[Check, ...] = Field(
        default=(), description="What was checked of the end of that series."
    )
    series_left: tuple[Task, ...] = Field(
        default=(), description="What that series leaves for a person."
    )
    checks: tuple[Check, ...] = ()
    contracts: tuple[Contract, ...] = ()
    database: Database | None = None
    left_for_a_person: tuple[Task, ...] = ()
    remaining_words: tuple[Word, ...] = ()
    failed: tuple[Trouble, ...] = ()
    skipped: tuple[Trouble, ...] = ()
    dropped: tuple[Trouble, ...] = ()
    pictures: tuple[Picture, ...] = ()
    caveats: tuple[Text, ...] = ()


class Crossing(_Record):
    """An import across the cut; ``inward`` when the rest imports the subsystem."""

    path: Text
    line: Line
    importer: Text
    imported: Text
    inward: bool
    at_import: bool = Field(description="False when only a call makes it.")


class NewlyLoaded(_Record):
    """A module that importing the root loads now and did not before, or the reverse."""

    module: Text
    lines: Count
    through: Text = Field(description="path:line of the first import on the way that is new.")
    belongs: bool = Field(default=False, description="Is it the subsystem's own?")


class CascadeChange(_Record):
    """What one module of the subsystem loads before and after."""

    root: Text
    before: Count
    after: Count
    before_lines: Count
    after_lines: Count
    gained: tuple[NewlyLoaded, ...] = ()
    lost: tuple[Text, ...] = ()


class Border(_Record):
    """A symbol that is used across the cut."""

    symbol: Text
    path: Text
    line: Line
    inward: bool = Field(description="The rest uses what is the subsystem's.")
    new: bool = Field(description="Nobody used it across the cut before.")


class Violation(_Record):
    """A violation of a rule about imports, before or after a change but not both."""

    contract: Text
    path: Text = ""
    line: Line = 0
    message: Text
    broken: bool = Field(description="False when the change mended it.")


class ChangeReport(_Record):
    """What a change does to the cut between a subsystem and the rest."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="report.json of a change")

    schema_version: Literal[2] = SCHEMA_VERSION
    kind: Literal["change"] = "change"
    tool: Tool
    title: Text
    before: Source
    after: Source
    plan: Text
    files: Count = Field(description="Python files that differ.")
    added: tuple[Crossing, ...] = ()
    removed: tuple[Crossing, ...] = ()
    cascades: tuple[CascadeChange, ...] = ()
    borders: tuple[Border, ...] = ()
    violations: tuple[Violation, ...] = ()
    caveats: tuple[Text, ...] = ()

    @property
    def nothing_to_say(self) -> bool:
        """The change leaves the cut as it was."""
        return not (
            self.added
            or self.removed
            or self.cascades
            or self.borders
            or self.violations
            or self.caveats
        )


Report = RunReport | ChangeReport
_ANY: TypeAdapter[Report] = TypeAdapter(
    Annotated[RunReport | ChangeReport, Field(discriminator="kind")]
)


def report_bytes(report: Report) -> bytes:
    """The content of ``report.json``."""
    values = report.model_dump(mode="json")
    if "counts" in values:
        values["counts"] = dict(sorted(values["counts"].items()))
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def parse_report(content: bytes) -> Report:
    """The report in ``content``; ``UnreadableReport`` when it is none of this version."""
    try:
        return _ANY.validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise UnreadableReport(f"{where}: {first['msg']}") from None


def read_report(path: Path) -> Report:
    """The report at ``path``; ``UnreadableReport``, or ``OSError`` when there is no file."""
    return parse_report(path.read_bytes())


def json_schema() -> str:
    """The JSON Schema of ``report.json`` as text."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_ANY.json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema(), end="")
