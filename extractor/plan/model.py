"""The plan: what a person decides about one extraction, as validated data.

Everything the engine can find out for itself is left out of it. A *decision* is one cut or one
replacement with one subject and its reason; layout rules say only where things go.
"""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from extractor.patterns import complaint, limited
from extractor.plan.values import (
    Address,
    Arguments,
    Author,
    Branch,
    Command,
    Distribution,
    Expression,
    Glob,
    Identifier,
    Line,
    Module,
    Name,
    Path,
    Place,
    Replacement,
    RequirementLine,
    Subject,
    Target,
    Text,
)
from extractor.plan.verify_settings import VerifySettings
from extractor.project.conventions.setuptools import REQUIREMENTS


class Table(BaseModel):
    """A table of the plan: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Roots(Table):
    """Where reachability starts, all as modules of the source."""

    packages: list[Module] = Field(min_length=1, description="The subsystem's own packages.")
    tests: list[Module] = Field(
        default=[],
        description="Test packages and modules that belong, in the source package or beside it.",
    )
    exclude: list[Module] = Field(default=[], description="Modules below these that stay behind.")
    last_tests: bool = Field(
        default=False,
        description="Where a revision has none of the tests, take those of the last ancestor that "
        "had them, with their history.",
    )
    entry_points: list[Subject] = Field(
        default=[],
        description="Symbols, as named in the result, that are called from outside; a module "
        "stands for all that is in it and below it.",
    )


class Decision(Table):
    """One thing a person decided, with the reason."""

    subject: Subject
    reason: str = Field(min_length=10)


class Cut(Decision):
    """References to the subject are not followed; calls of it as statements are dropped."""


class Replace(Decision):
    """The subject is not followed; what stands in its place is named by ``with``.

    A module subject covers all its names and submodules; ``names`` says which of them are called
    otherwise in the replacement, or stand in another module (``module:name``). A symbol of the
    subsystem itself is imported from the replacement under its old name. With the subject itself as
    ``with`` the old package is kept as a library, which the result requires. Where the source has
    a module of its own at the place of ``with``, that one is used, and ``where_taken`` says where
    the names stand that it lacks.
    """

    with_: Subject = Field(alias="with")
    names: dict[Identifier, Replacement] = {}
    where_taken: dict[Identifier, Replacement] = {}


class Drop(Table):
    """Which of the proposed definitions and modules, those that nothing reaches, are dropped.

    Patterns are those of file names, for ``module:name`` (``module:Class._method``, ``module``
    alone) as named in the result; ``keep`` goes first.
    """

    all: bool = Field(
        default=False, description="Drop all that is proposed: a person has looked at it."
    )
    names: list[str] = Field(default=[], description="Patterns of what is dropped.")
    keep: list[str] = Field(default=[], description="Patterns of what is never proposed.")
    public: bool = Field(
        default=False,
        description="Propose public names as well: roots.entry_points are the whole interface.",
    )

    wrappers: list[Subject] = Field(
        default=[],
        description="Objects and functions of the result that only wrap what they decorate.",
    )

    def keeps(self, subject: str) -> bool:
        """Whether ``subject`` is not even proposed."""
        return any(fnmatch.fnmatchcase(subject, pattern) for pattern in self.keep)

    def takes(self, subject: str) -> bool:
        """Whether ``subject``, which is proposed, is dropped."""
        return self.all or any(fnmatch.fnmatchcase(subject, pattern) for pattern in self.names)


class FileRule(Table):
    """Files that are not modules: ``from`` is a glob; a ``to`` ending in ``/`` is a folder.

    In a folder rule the part of the path below the glob's fixed leading folder is kept.
    """

    from_: Glob = Field(alias="from")
    to: Place
    exclude: list[Glob] = []

    def target(self, path: str) -> str | None:
        """Where ``path`` goes by this rule, or ``None``."""
        if not fnmatch.fnmatchcase(path, self.from_):
            return None
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in self.exclude):
            return None
        if not self.to.endswith("/"):
            return self.to
        fixed = re.split(r"[*?\[]", self.from_, maxsplit=1)[0]
        return self.to + path.removeprefix(fixed[: fixed.rfind("/") + 1])


class StringRule(Table):
    """A string literal equal to ``old`` becomes ``new`` in the files of the result."""

    files: Glob
    old: str
    new: str


class TextRule(Table):
    """Every match of the regular expression ``old`` becomes ``new``, before string rules run."""

    files: Glob
    old: Expression
    new: str

    @field_validator("new")
    @classmethod
    def _fits(cls, new: str, info: ValidationInfo) -> str:
        """The template's groups must be the pattern's."""
        old = info.data.get("old")
        wrong = complaint(old, new) if old is not None else None
        if wrong is not None:
            raise ValueError(f"{new!r} {wrong}")
        return new

    def applied(self, path: str, content: bytes) -> bytes:
        """``content`` of the file ``path`` with the rule carried out."""
        if not fnmatch.fnmatchcase(path, self.files):
            return content
        return limited(self.old.encode()).sub(self.new.encode(), content)


class Layout(Table):
    """Where modules and files go. The longest matching module wins."""

    modules: dict[Module, Module]
    whole: list[Module] = Field(
        default=[], description="Modules outside the packages that go over as whole files."
    )
    files: list[FileRule] = []
    strings: list[StringRule] = []
    texts: list[TextRule] = []


class Packaging(Table):
    """How the result is made an installable distribution."""

    distribution: Distribution
    requirements: Path = Field(description="Path in the source that holds its requirements.")
    test_requirements: Path = Field(description="Path in the source that holds those of its tests.")
    distributions: dict[Module, Distribution] = Field(
        default={}, description="Import name to distribution, where they differ beyond case."
    )
    runtime: list[Distribution] = Field(
        default=[], description="Distributions needed at run time that nothing imports by name."
    )
    test: list[Distribution] = Field(default=[], description="The same for the tests.")
    requirement_lines: list[RequirementLine] = Field(
        default=[], description="Requirements of the overlay that the source does not have."
    )
    documentation: list[Distribution] = Field(
        default=[], description="Distributions that only building the documentation needs."
    )
    scripts: dict[Command, Target] = Field(
        default={}, description="Commands the result must install, by name."
    )
    entry_points: dict[Command, dict[Command, Target]] = Field(
        default={},
        description="Entry point group to names; those whose module came along are declared.",
    )
    hidden: list[Path] = Field(
        default=[], description="Packaging files whose name gets a leading dot in the result."
    )


class History(Table):
    """Whose name the rewrite commits carry, the branch the result stands on, what past stays."""

    author: Author = "extractor"
    email: Address = "extractor@localhost"
    branch: Branch = "main"
    not_from: list[Glob] = Field(
        default=[],
        description="Patterns of older names: the past of a file is not followed into these.",
    )


class Words(Table):
    """An old word that may remain in the result, with the reason."""

    pattern: Expression
    reason: str = Field(min_length=5)
    files: Glob = "*"

    def explains(self, path: str, line: str) -> bool:
        """Whether the word may stay on this ``line`` of ``path``."""
        return fnmatch.fnmatchcase(path, self.files) and limited(self.pattern).search(line)


class MigratedColumn(Table):
    """A column that the source's migrations left otherwise than its model says."""

    table: Identifier
    column: Identifier
    definition: Arguments = Field(description="Arguments of sa.Column after the name.")
    in_no_model: bool = Field(default=False, description="Migrations have it, models do not.")
    reason: str = Field(min_length=10)


class Database(Table):
    """The tables that leave with the subsystem, and how both sides make them.

    How either side runs its own migrations is a script in the plan's folder: ``database/source.py``
    and ``database/result.py``, run by an interpreter of that side.
    """

    tables: list[Identifier] = Field(min_length=1)
    revision: str = Field(pattern=r"^[0-9a-f]{12}$", description="Id of the initial revision.")
    version_table: Identifier
    models: Path = Field(description="Path in the result of the module of models.")
    migrations: Path = Field(description="Folder in the result that holds the revisions.")
    source_models: Path = Field(description="Path in the source of the module of models.")
    source_migrations: Path = Field(description="Folder in the source that holds its migrations.")
    source_version_table: Identifier
    source_versions: tuple[int, int] = Field(
        description="First and last version of the source's migrations with these tables."
    )
    inherited: dict[Identifier, Arguments] = Field(
        default={}, description="Columns every model has from a library: name to arguments."
    )
    order: dict[Identifier, list[Identifier]] = Field(
        default={}, description="Columns of a table as migrations left them, where it differs."
    )
    foreign_keys: dict[Identifier, list[Identifier]] = Field(
        default={}, description="Columns of a table's foreign keys in order of creation."
    )
    options: dict[Identifier, Line] = Field(default={}, description="Options of every table.")
    columns: list[MigratedColumn] = []


class Open(Table):
    """A question that a draft leaves to a person; it is told by every run until it is gone."""

    subject: str
    question: str
    taken: Text = Field(default="", description="The answer that the draft has for now.")
    cost: Text = Field(default="", description="What hangs on it: symbols, lines, tests.")


class PlanData(Table):
    """The whole of ``plan.toml``."""

    name: Name
    source_package: Module
    target_package: Module
    description: Line = ""
    roots: Roots
    cut: list[Cut] = []
    replace: list[Replace] = []
    layout: Layout
    drop: Drop = Drop()
    packaging: Packaging
    history: History = History()
    words: list[Words] = []
    open: list[Open] = Field(default=[], description="What a person still has to decide.")
    database: Database | None = None
    verify: VerifySettings = Field(
        default=VerifySettings(), description="Settings of the verification checks."
    )

    def is_migration(self, path: str) -> bool:
        """Whether ``path`` of the result is a migration, or what runs the migrations."""
        if self.database is None:
            return False
        return path.startswith(f"{posixpath.dirname(self.database.migrations)}/")

    def tops(self) -> tuple[str, ...]:
        """Top-level names of the source that are read: its package, then those beside it.

        Those are of tests, and of what else the layout gives a place in the result.
        """
        named = [*self.roots.tests, *self.layout.whole, *self.layout.modules]
        beside = sorted(module.partition(".")[0] for module in named)
        return tuple(dict.fromkeys([self.source_package, *beside]))

    @property
    def kept(self) -> tuple[str, ...]:
        """Dotted names of the source that the result goes on importing from it, as a library."""
        rules = (rule for rule in self.replace if rule.subject == rule.with_)
        return tuple(rule.subject.replace(":", ".") for rule in rules)

    def keeps(self, name: str) -> bool:
        """Whether the result may import the dotted ``name`` from the source."""
        return any(f"{name}.".startswith(f"{kept}.") for kept in self.kept)

    def explained(self, path: str, line: str) -> Words | None:
        """The first rule that says why the old word stays on this ``line`` of ``path``."""
        rules = [*self.words, *self._of_library]
        return next((rule for rule in rules if rule.explains(path, line)), None)

    @property
    def _of_library(self) -> list[Words]:
        """What imports and names what is kept."""
        rules = []
        for kept in self.kept:
            parent, _, last = kept.rpartition(".")
            dotted = rf"(?<![\w.]){re.escape(kept)}(?!\w)"
            imported = rf"from {re.escape(parent)} import \(?(?:.*\W)?{re.escape(last)}(?!\w)"
            pattern = rf"{dotted}|{imported}" if parent else dotted
            rules.append(Words(pattern=pattern, reason=f"{kept} is kept as a library"))
        if rules:
            top = re.escape(self.source_package)
            rules.append(
                Words(pattern=top, reason="the library is required", files=f"*{REQUIREMENTS}")
            )
            rules.append(Words(pattern=top, reason="the library is required", files="*.toml"))
        return rules

    def decisions(self) -> list[Decision]:
        """Every cut and replacement, in the order of the file."""
        return [*self.cut, *self.replace]


def json_schema() -> str:
    """The JSON Schema of ``plan.toml``, for editors that complete and check as one types."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **PlanData.model_json_schema(by_alias=True),
    }
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    print(json_schema(), end="")
