"""What verification must know about one project: data of its plan, never code of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pydantic

from extractor.errors import UsageError


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
    empty folder of the run. ``environment`` (``{state}`` again) is set for every command.
    ``sync`` is the command that makes the database (its first word may be ``module:function``);
    ``script`` is the installed WSGI script, which holds ``application``; ``factory`` is the
    ``module:function`` that gives the application when nothing is installed. ``probes`` are
    sent in order. ``requirements`` name the WSGI server: waitress.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    requirements: tuple[str, ...] = ("waitress",)
    script: str = ""
    factory: str = ""
    sync: tuple[str, ...] = ()
    config_name: str = ""
    config: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()


@dataclass(frozen=True)
class SourceSettings:
    """How the same code runs where it came from.

    ``requirements`` are requirement files of the source; ``without`` are globs of distributions
    not installed, because no test that moves needs them; ``version`` stands in for the tag that
    pbr would ask git for; ``serve`` is how the same service starts there. Which tests belong, and
    what they are called in the result, the plan's roots and layout say.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    requirements: tuple[str, ...] = ("requirements.txt", "test-requirements.txt")
    without: tuple[str, ...] = ()
    version: str = "1.0.0"
    serve: ServeSettings = field(default_factory=ServeSettings)


@dataclass(frozen=True)
class Explained:
    """Answers of one status whose bodies differ by a decision; both sides must have it."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    status: int
    reason: str


@dataclass(frozen=True)
class ReplaySettings:
    """How two services are compared.

    ``suites`` are the source's folders and files with request tests that are recorded and sent
    to both; ``tables`` are the tables whose rows are the whole state, parents before children.
    ``database`` is the SQLite file below the state folder of each side. ``config`` gives text
    that is added to both configuration files for suites that ask for a fixture of that name.
    ``ignore``, ``present`` and ``substitute`` are the only differences not reported: headers not
    compared, headers of which only the presence is, and patterns with their stand-ins.
    ``explained`` are statuses whose bodies and their headers differ by a decision; such answers
    are counted. ``generator`` is a Python file beside the plan with a class
    ``Generator(seed)``; ``count`` is how many requests it makes, ``thorough_count`` with
    ``--thorough``.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    suites: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    database: str = ""
    config: dict[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ("date", "server")
    present: tuple[str, ...] = ()
    substitute: tuple[tuple[str, str], ...] = ()
    explained: tuple[Explained, ...] = ()
    generator: str = ""
    seed: int = 1
    count: int = 1000
    thorough_count: int = 10000


@dataclass(frozen=True)
class StyleSettings:
    """The linter of the time: its requirements, and the versions of Python it runs on."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    python: str = ""
    requirements: tuple[str, ...] = ("flake8",)


@dataclass(frozen=True)
class VerifySettings:
    """The ``[verify]`` table of a plan.

    ``python``: versions the code of that age runs on (PEP 440). ``pins``: constraint file beside
    the plan; ``build``: exact build tools of the environments. ``requirements`` and
    ``test_requirements``: files of the result. ``tests``: its discovery folders.
    ``test_environment``: variables the tests run with. ``kept``: definitions that are reached by
    no name. ``style``, ``serve`` and ``source``: see their classes.
    ``replay``: how the service is compared with the source's.
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = {"extra": "forbid"}

    python: str = ">=3.8"
    pins: str = ""
    build: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ("requirements.txt",)
    test_requirements: tuple[str, ...] = ("test-requirements.txt",)
    tests: tuple[str, ...] = ()
    test_environment: dict[str, str] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    style: StyleSettings = field(default_factory=StyleSettings)
    source: SourceSettings = field(default_factory=SourceSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    replay: ReplaySettings = field(default_factory=ReplaySettings)


_ADAPTER = pydantic.TypeAdapter(VerifySettings)


def settings_from(table: Mapping[str, Any], origin: str) -> VerifySettings:
    """Validate a ``[verify]`` table; ``UsageError`` names ``origin`` and the key at fault."""
    try:
        return _ADAPTER.validate_python(dict(table))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{origin}: verify.{key}: {first['msg']}") from None
