"""What verification must know about one project: data of its plan, never code of the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

import pydantic

from extractor.patterns import complaint
from extractor.plan.values import (
    Day,
    Expression,
    Identifier,
    Line,
    Module,
    OptionalPath,
    OptionalSubject,
    Path,
    RequirementLine,
    Text,
    Variable,
    Versions,
)
from extractor.project.conventions.setuptools import REQUIREMENTS, TEST_REQUIREMENTS


def _fitting(pair: tuple[str, str]) -> tuple[str, str]:
    wrong = complaint(*pair)
    if wrong is not None:
        raise ValueError(f"{pair} {wrong}")
    return pair


_Substitution = Annotated[tuple[str, str], pydantic.AfterValidator(_fitting)]
_Positive = Annotated[int, pydantic.Field(ge=1)]
_Seconds = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Kept:
    """A definition that nothing reaches by name and that stays: its glob and why."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    name: str
    reason: str


@dataclass(frozen=True)
class Probe:
    """One request that ``serves`` sends; ``expect`` are texts the body must contain.

    ``json`` is sent as the body; ``headers`` are sent as they are. ``{base}`` in ``path``,
    body or expectations is the service's address. ``status`` is the answer it must give.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    title: str
    path: str
    status: int
    method: str = "GET"
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    expect: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServeSettings:
    """How the installed service is started.

    ``config`` is the text of the configuration file ``config_name``; ``{state}`` in it is an
    empty folder of the run, ``{database}`` the URL of the database, by default ``database``.
    ``environment`` (``{state}`` again) is set for every command.
    ``sync`` is the command that makes the database (its first word may be ``module:function``);
    ``script`` is the installed WSGI script, which holds ``application``; ``factory`` is the
    ``module:function`` that gives the application when nothing is installed. ``probes`` are
    sent in order. ``requirements`` name the WSGI server: waitress.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    requirements: tuple[RequirementLine, ...] = ("waitress",)
    script: OptionalPath = ""
    factory: OptionalSubject = ""
    sync: tuple[Text, ...] = ()
    config_name: OptionalPath = ""
    config: str = ""
    database: Line = "sqlite:///{state}/database.sqlite"
    environment: dict[Variable, Text] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()


@dataclass(frozen=True)
class SourceSettings:
    """How the same code runs where it came from.

    ``requirements`` are requirement files of the source; ``without`` are globs of distributions
    not installed, because no test needs them, and ``also`` requirements that come in their place;
    ``version`` stands in for the tag that pbr would ask git for; ``serve`` is how the same service
    starts there. Which tests belong, and what they are called in the result, the plan's roots and
    layout say.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    requirements: tuple[Path, ...] = (REQUIREMENTS, TEST_REQUIREMENTS)
    without: tuple[Line, ...] = ()
    also: tuple[RequirementLine, ...] = ()
    version: Line = "1.0.0"
    serve: ServeSettings = field(default_factory=ServeSettings)


@dataclass(frozen=True)
class Explained:
    """Two answers that differ by decision: both have ``status``, and nothing else differs.

    ``there`` and ``here`` are regular expressions that the whole body of the source's and of the
    result's answer must match; ``headers`` may differ with them.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    status: int
    there: Expression
    here: Expression
    reason: str
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReplaySettings:
    """How two services are compared.

    ``suites`` are the source's folders and files with request tests that are recorded and sent
    to both; ``tables`` are the tables whose rows are the whole state, parents before children.
    ``database`` is the SQLite file below the state folder of each side. ``config`` gives text
    that is added to both configuration files for suites that ask for a fixture of that name.
    ``ignore``, ``present`` and ``substitute`` are the only differences not reported: headers not
    compared, headers of which only the presence is, and patterns with their stand-ins.
    ``explained`` are pairs of answers that differ by a decision; they are counted.
    ``generator`` is a Python file beside the plan with a class ``Generator(seed)``; it makes
    ``count`` requests in rounds of ``round``, each with fresh services and a seed of its own.
    With ``sweep`` the file also has a class ``Sweep(seed)`` whose requests follow, until ``next``
    gives ``None``: each kind of request at each version, say.
    ``watch`` is a header whose values are counted, so that it is seen that each was tried.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    suites: tuple[Path, ...] = ()
    tables: tuple[Identifier, ...] = ()
    database: OptionalPath = ""
    config: dict[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ("date", "server")
    present: tuple[str, ...] = ()
    substitute: tuple[_Substitution, ...] = ()
    explained: tuple[Explained, ...] = ()
    generator: OptionalPath = ""
    sweep: bool = False
    watch: str = ""
    seed: int = 1
    count: _Positive = 10000
    round: _Positive = 1250


@dataclass(frozen=True)
class KnownDifference:
    """A difference that is meant: a regular expression for the whole finding, and why."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    finding: Expression
    reason: str


@dataclass(frozen=True)
class OptionSettings:
    """How options and policy rules are compared.

    ``renamed``: groups of the result to what they are called in the source. ``policies``: how
    the names of the rules begin that must not get lost. ``explained``: what may differ.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    renamed: dict[str, str] = field(default_factory=dict)
    policies: tuple[str, ...] = ()
    explained: tuple[KnownDifference, ...] = ()


@dataclass(frozen=True)
class KnownError:
    """An answer with a status from 500 on that the source's code gives to contending writers.

    ``kind`` is a regular expression for what the plan's load calls that sort of answer, ``text``
    one for a part of its body; ``reason`` names the cause in the source.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    kind: Expression
    text: Expression
    reason: str


@dataclass(frozen=True)
class StoreSettings:
    """How many writers at once are tried on real database servers.

    ``load`` is a Python file beside the plan with a class ``Load``: the writers, and what must
    hold of the final state. ``requirements`` are the drivers; ``instances`` serve one store,
    each with ``threads``, to ``writers`` for ``seconds``, and every ``kill`` seconds one of them
    is killed and started again. ``steps`` is what each writer does where final states are
    compared. ``errors`` are the only answers with a status from 500 on that are no findings.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    load: OptionalPath = ""
    requirements: tuple[RequirementLine, ...] = ()
    seed: int = 1
    instances: _Positive = 4
    threads: _Positive = 3
    writers: _Positive = 8
    seconds: _Seconds = 60.0
    kill: _Seconds = 8.0
    steps: _Positive = 60
    errors: tuple[KnownError, ...] = ()


@dataclass(frozen=True)
class StyleSettings:
    """The linter of the time: its requirements, and the versions of Python it runs on."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    python: Versions = ""
    requirements: tuple[RequirementLine, ...] = ("flake8",)


@dataclass(frozen=True)
class WholeRun:
    """All tests below ``tests`` run after some commits.

    These are the ones that touch one of the modules ``touching``, and the last of each phase.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    touching: tuple[Module, ...]
    tests: Module


@dataclass(frozen=True)
class SeriesSettings:
    """How the commits on the source's own side are proven, one by one.

    ``tests`` are the packages with the source's test modules, each of which runs in processes of
    its own; those that import or name a module a commit touches run after it, more where
    ``whole`` asks for it. ``suites`` (modules and packages of tests) are the subsystem's own and
    run after every commit. ``style`` is the linter with the source's own settings, and what its
    plugins in the source import.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    tests: tuple[Module, ...] = ()
    suites: tuple[Module, ...] = ()
    whole: tuple[WholeRun, ...] = ()
    style: StyleSettings = field(default_factory=StyleSettings)


@dataclass(frozen=True)
class VerifySettings:
    """The ``[verify]`` table of a plan.

    ``python``: versions the code of that age runs on (PEP 440). ``pins``: constraint file beside
    the plan, for revisions from the first to the last of the days ``pinned`` (all when empty); at
    others versions are those of the revision's day, with those of the file ``exceptions`` as they
    are; ``build``: exact build tools of the environments. ``requirements`` and
    ``test_requirements``: files of the result. ``runner``: what runs the tests of both sides, by
    default what the source's files show (stestr's are unittest's). ``tests``: the result's
    discovery folders, those that the layout gives the source's by default, and ``unit_tests`` the
    quick ones of them. ``test_environment``: variables the tests run with. ``kept``:
    definitions that are reached by no name. ``style``, ``serve`` and ``source``: see their classes.
    ``replay``: how the service is compared with the source's; ``stores``: how many instances and
    writers are tried at once; ``options``: which of them may differ; ``series``: how the commits
    on the source's own side are proven.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    python: Versions = ">=3.8"
    pins: OptionalPath = ""
    pinned: tuple[Day, Day] | tuple[()] = ()
    exceptions: OptionalPath = ""
    build: tuple[RequirementLine, ...] = ()
    requirements: tuple[Path, ...] = (REQUIREMENTS,)
    test_requirements: tuple[Path, ...] = (TEST_REQUIREMENTS,)
    runner: Literal["", "pytest", "unittest"] = ""
    tests: tuple[Path, ...] = ()
    unit_tests: tuple[Path, ...] = ()
    test_environment: dict[Variable, Text] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    style: StyleSettings = field(default_factory=StyleSettings)
    source: SourceSettings = field(default_factory=SourceSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    replay: ReplaySettings = field(default_factory=ReplaySettings)
    stores: StoreSettings = field(default_factory=StoreSettings)
    options: OptionSettings = field(default_factory=OptionSettings)
    series: SeriesSettings = field(default_factory=SeriesSettings)
