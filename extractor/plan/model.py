"""The plan: what a person decides about one extraction, as validated data.

Everything the engine can find out for itself is left out of it. A *decision* is one cut or one
replacement with one subject and its reason; layout rules say only where things go.
"""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_DOTTED = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*"
_MODULE = re.compile(_DOTTED)
_SUBJECT = re.compile(rf"{_DOTTED}(:[A-Za-z_]\w*)?")


def _matching(pattern: re.Pattern[str], what: str) -> Any:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f"{value!r} is not {what}")
        return value

    return AfterValidator(check)


Module = Annotated[str, _matching(_MODULE, "a dotted module name")]
Subject = Annotated[str, _matching(_SUBJECT, "'module' or 'module:symbol'")]


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
    subsystem itself is imported from the replacement under its old name.
    """

    with_: Subject = Field(alias="with")
    names: dict[str, str] = {}


class FileRule(Table):
    """Files that are not modules: ``from`` is a glob; a ``to`` ending in ``/`` is a folder.

    In a folder rule the part of the path below the glob's fixed leading folder is kept.
    """

    from_: str = Field(alias="from", min_length=1)
    to: str = Field(min_length=1)
    exclude: list[str] = []

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

    files: str
    old: str
    new: str


class TextRule(Table):
    """Every match of the regular expression ``old`` becomes ``new``, before string rules run."""

    files: str
    old: str
    new: str


class Layout(Table):
    """Where modules and files go. The longest matching module wins."""

    modules: dict[str, Module]
    whole: list[Module] = Field(
        default=[], description="Modules outside the packages that go over as whole files."
    )
    files: list[FileRule] = []
    strings: list[StringRule] = []
    texts: list[TextRule] = []


class Packaging(Table):
    """How the result is made an installable distribution."""

    distribution: str
    requirements: str = Field(description="Path in the source that holds its requirements.")
    test_requirements: str = Field(description="Path in the source that holds those of its tests.")
    distributions: dict[str, str] = Field(
        default={}, description="Import name to distribution, where they differ beyond case."
    )
    runtime: list[str] = Field(
        default=[], description="Distributions needed at run time that nothing imports by name."
    )
    test: list[str] = Field(default=[], description="The same for the tests.")
    requirement_lines: list[str] = Field(
        default=[], description="Requirements of the overlay that the source does not have."
    )
    documentation: list[str] = Field(
        default=[], description="Distributions that only building the documentation needs."
    )
    scripts: dict[str, Subject] = Field(
        default={}, description="Commands the result must install, by name."
    )
    entry_points: dict[str, dict[str, Subject]] = Field(
        default={},
        description="Entry point group to names; those whose module came along are declared.",
    )
    hidden: list[str] = Field(
        default=[], description="Packaging files whose name gets a leading dot in the result."
    )


class History(Table):
    """Whose name the rewrite commits carry, and the branch the result stands on."""

    author: str = "extractor"
    email: str = "extractor@localhost"
    branch: str = "main"


class Words(Table):
    """An old word that may remain in the result, with the reason."""

    pattern: str
    reason: str = Field(min_length=5)
    files: str = "*"


class MigratedColumn(Table):
    """A column that the source's migrations left otherwise than its model says."""

    table: str
    column: str
    definition: str = Field(description="Arguments of sa.Column after the name.")
    in_no_model: bool = Field(default=False, description="Migrations have it, models do not.")
    reason: str = Field(min_length=10)


class Database(Table):
    """The tables that leave with the subsystem, and how both sides make them.

    How either side runs its own migrations is a script in the plan's folder: ``database/source.py``
    and ``database/result.py``, run by an interpreter of that side.
    """

    tables: list[str] = Field(min_length=1)
    revision: str = Field(pattern=r"[0-9a-f]{12}", description="Id of the initial revision.")
    version_table: str
    models: str = Field(description="Path in the result of the module of models.")
    migrations: str = Field(description="Folder in the result that holds the revisions.")
    source_models: str = Field(description="Path in the source of the module of models.")
    source_migrations: str = Field(description="Folder in the source that holds its migrations.")
    source_version_table: str
    source_versions: tuple[int, int] = Field(
        description="First and last version of the source's migrations with these tables."
    )
    inherited: dict[str, str] = Field(
        default={}, description="Columns every model has from a library: name to arguments."
    )
    order: dict[str, list[str]] = Field(
        default={}, description="Columns of a table as migrations left them, where it differs."
    )
    foreign_keys: dict[str, list[str]] = Field(
        default={}, description="Columns of a table's foreign keys in order of creation."
    )
    options: dict[str, str] = Field(default={}, description="Options of every table.")
    columns: list[MigratedColumn] = []


class Open(Table):
    """A question that a draft leaves to a person; it is told by every run until it is gone."""

    subject: str
    question: str


class PlanData(Table):
    """The whole of ``plan.toml``."""

    name: str
    source_package: Module
    target_package: Module
    description: str = ""
    roots: Roots
    cut: list[Cut] = []
    replace: list[Replace] = []
    layout: Layout
    packaging: Packaging
    history: History = History()
    words: list[Words] = []
    open: list[Open] = Field(default=[], description="What a person still has to decide.")
    database: Database | None = None
    verify: dict[str, Any] = Field(default={}, description="Settings of the verification checks.")

    def is_migration(self, path: str) -> bool:
        """Whether ``path`` of the result is a migration, or what runs the migrations."""
        if self.database is None:
            return False
        return path.startswith(f"{posixpath.dirname(self.database.migrations)}/")

    def tops(self) -> tuple[str, ...]:
        """Top-level names of the source that are read: its package, then those of tests beside."""
        beside = sorted(test.partition(".")[0] for test in self.roots.tests)
        return tuple(dict.fromkeys([self.source_package, *beside]))

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
