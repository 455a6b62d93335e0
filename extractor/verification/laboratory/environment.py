"""Environments of the time, built by themselves, kept by content.

An environment is named by what is in it: interpreter, requirements, pins, build tools. It is
built once under a lock, marked ready as its last act, and never changed afterwards. Nothing
outside the cache folder is written, and no variable of the user's pip steers where to.
"""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from extractor.children import ends_with_us
from extractor.errors import UsageError
from extractor.scratch import for_children

_READY = "READY.json"
# What makes virtual environments for Python 2, whose library has no venv.
_FOR_PYTHON_2 = ("virtualenv==20.21.1",)
_ASK = (
    "import sys, sysconfig; "
    "sys.version_info[0] == 2 or __import__('venv'); "
    "import ensurepip; "
    "name = getattr(getattr(sys, 'implementation', None), 'name', 'cpython'); "
    "print('%d.%d.%d %s %s' % (sys.version_info[:3] + (name, sysconfig.get_platform())))"
)


class NoEnvironment(UsageError):
    """An environment cannot be had; the message says in one sentence what is missing."""


@dataclass(frozen=True, order=True)
class Interpreter:
    """A Python that can make virtual environments, and what it said of itself."""

    version: str
    path: str
    identity: str


@dataclass(frozen=True)
class Recipe:
    """All that decides the content of an environment.

    ``requirements`` are PEP 508 lines; ``constraints`` the pinned lines; ``build`` exact
    versions of the build tools; ``loosened`` says which requirements gave way to a pin.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()

    def key(self, interpreter: Interpreter) -> str:
        """The content's name: 16 hexadecimal digits."""
        parts = [
            interpreter.version,
            interpreter.identity,
            sorted(self.requirements),
            sorted(self.constraints),
            sorted(self.build),
        ]
        return text_key(json.dumps(parts))


def text_key(text: str) -> str:
    """A name for a text: 16 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


@dataclass(frozen=True)
class Environment:
    """A finished environment; ``seconds`` is what building it took, 0 when it was there."""

    root: Path
    interpreter: Interpreter
    seconds: float
    loosened: tuple[str, ...] = ()

    @property
    def python(self) -> Path:
        return self.root / "bin" / "python"

    def variables(self, **more: str) -> dict[str, str]:
        """Process variables under which only this environment is seen."""
        return clean_variables() | {
            "VIRTUAL_ENV": str(self.root),
            "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            **more,
        }


def clean_variables() -> dict[str, str]:
    """The process's variables without those that redirect Python or pip's target."""
    steering = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV"}
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST_", "VIRTUAL_ENV", "UV_PROJECT"))
        and name not in steering
    }
    return (
        kept
        | for_children()
        | {
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            # The order of sets must not differ from one process to the next.
            "PYTHONHASHSEED": "0",
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8",
        }
    )


def cache_folder() -> Path:
    """Where environments are kept; ``EXTRACTOR_CACHE`` overrides the platform's place."""
    chosen = os.environ.get("EXTRACTOR_CACHE")
    base = Path(chosen) if chosen else platformdirs.user_cache_path("extractor")
    return base / "environments"


def candidates() -> Iterator[str]:
    """Interpreters to be found on this machine: pyenv's, uv's, those on PATH; no order."""
    roots = [os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv")]
    for root in roots:
        if root:
            yield from (str(p) for p in Path(root).glob("versions/*/bin/python"))
    if uv := shutil.which("uv"):
        asked = subprocess.run(
            [uv, "python", "list", "--only-installed", "--output-format", "json"],
            capture_output=True,
            text=True,
        )
        with contextlib.suppress(ValueError):
            for entry in json.loads(asked.stdout or "[]"):
                if isinstance(entry, dict) and entry.get("path"):
                    yield str(entry["path"])
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for name in ("python3", "python2.7", *(f"python3.{minor}" for minor in range(5, 20))):
            path = Path(folder or ".") / name
            if path.is_file() and os.access(path, os.X_OK):
                yield str(path)


def ask(path: str) -> Interpreter | None:
    """What the interpreter says of itself; ``None`` when it cannot make environments."""
    try:
        asked = subprocess.run(
            [path, "-c", _ASK],
            capture_output=True,
            text=True,
            timeout=30,
            env=clean_variables(),
            # Python looks for modules where it is started, and the user may stand in a source.
            cwd=Path(path).anchor or None,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = asked.stdout.split()
    if asked.returncode or len(words) != 3:
        return None
    return Interpreter(version=words[0], path=path, identity=f"{words[1]}-{words[2]}")


def find_interpreter(
    wanted: str, given: Path | None = None, found: Iterable[str] | None = None
) -> Interpreter:
    """The newest interpreter within ``wanted`` (PEP 440); ``given`` is taken or refused.

    Raises ``NoEnvironment`` that says what was found and what to do.
    """
    within = SpecifierSet(wanted)
    if given is not None:
        said = ask(str(given))
        if said is None:
            raise NoEnvironment(
                f"{given} is not a Python with venv and ensurepip; give another one with --python"
            )
        if not within.contains(said.version):
            raise NoEnvironment(f"{given} is Python {said.version}, the plan needs {wanted}")
        return said
    known: dict[str, Interpreter] = {}
    for path in sorted(set(candidates() if found is None else found)):
        said = ask(path)
        if said is not None and said.version not in known:
            known[said.version] = said
    fitting = [v for v in known if within.contains(v)]
    if not fitting:
        have = ", ".join(sorted(known, key=Version)) or "none"
        raise NoEnvironment(
            f"no Python {wanted} with venv was found (found: {have}): install one, for "
            "example with pyenv or `uv python install 3.8`, or pass --python"
        )
    return known[max(fitting, key=Version)]


def read_requirements(paths: Iterable[Path]) -> list[str]:
    """Requirement lines of the files, comments and options left out."""
    lines: list[str] = []
    for path in paths:
        for raw in path.read_text(encoding="utf-8").splitlines():
            line = re.sub(r"(^|\s)#.*", "", raw).strip()
            if line and not line.startswith("-"):
                lines.append(line)
    return lines


def recipe(
    requirements: Iterable[str],
    constraints: Iterable[str] = (),
    build: Iterable[str] = (),
    without: Iterable[str] = (),
) -> Recipe:
    """A recipe in which pins win over requirements that contradict them.

    An old release's upper bounds may shut out the one version that still runs; the pin is
    the plan's decision, so the requirement gives way and is named in ``loosened``.
    """
    pins = _pins(constraints)
    kept: list[str] = []
    loosened: list[str] = []
    globs = [canonicalize_name(name) if "*" not in name else name.lower() for name in without]
    for line in requirements:
        try:
            wanted = Requirement(line)
        except InvalidRequirement as error:
            raise UsageError(f"requirement {line!r} cannot be read: {error}") from None
        name = canonicalize_name(wanted.name)
        if any(fnmatch.fnmatch(name, glob) for glob in globs):
            continue
        versions = pins.get(name, [])
        if versions and not any(wanted.specifier.contains(v, prereleases=True) for v in versions):
            loosened.append(f"{line} -> {wanted.name} {' or '.join(versions)}")
            wanted.specifier = SpecifierSet()
        kept.append(str(wanted))
    return Recipe(
        requirements=tuple(kept),
        constraints=tuple(constraints),
        build=tuple(build),
        loosened=tuple(loosened),
    )


def _pins(constraints: Iterable[str]) -> dict[str, list[str]]:
    """Distribution to the exact versions that the constraints name."""
    pins: dict[str, list[str]] = {}
    for line in constraints:
        wanted = Requirement(line)
        exact = [s.version for s in wanted.specifier if s.operator in {"==", "==="}]
        if exact:
            pins.setdefault(canonicalize_name(wanted.name), []).extend(exact)
    return pins


def environment(
    recipe: Recipe,
    interpreter: Interpreter,
    report: Callable[[str], None] = lambda line: None,
    cache: Path | None = None,
) -> Environment:
    """The environment of a recipe: from the cache, or built now.

    Safe against a second process that wants the same one (it waits) and against a kill
    (what is not marked ready is thrown away by the next run).
    """
    folder = cache or cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    root = folder / f"py{interpreter.version}-{recipe.key(interpreter)}"
    if (root / _READY).is_file():
        return Environment(root, interpreter, 0.0, recipe.loosened)
    with _lock(root.with_suffix(root.suffix + ".lock")):
        if (root / _READY).is_file():
            return Environment(root, interpreter, 0.0, recipe.loosened)
        shutil.rmtree(root, ignore_errors=True)
        started = time.monotonic()
        report(f"building an environment: Python {interpreter.version}, {root.name}")
        _build(root, recipe, interpreter)
        seconds = time.monotonic() - started
        _mark_ready(root, recipe, seconds)
    return Environment(root, interpreter, seconds, recipe.loosened)


def _mark_ready(root: Path, recipe: Recipe, seconds: float) -> None:
    mark = root / (_READY + ".tmp")
    facts = {
        "requirements": list(recipe.requirements),
        "constraints": list(recipe.constraints),
        "build": list(recipe.build),
        "seconds": round(seconds, 1),
    }
    mark.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    mark.replace(root / _READY)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``path``; it is released by the system after a kill."""
    if sys.platform == "win32":
        raise NoEnvironment("environments can be built on POSIX systems only")
    import fcntl

    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(root: Path, recipe: Recipe, interpreter: Interpreter) -> None:
    _run(_making(root, interpreter), root, "the virtual environment")
    pip = [str(root / "bin" / "python"), "-m", "pip", "install", "-q"]
    build = recipe.build or ("pip", "setuptools", "wheel")
    _run([*pip, *build], root, "the build tools")
    wanted = root / "wanted.in"
    wanted.write_text("".join(f"{line}\n" for line in recipe.requirements), encoding="utf-8")
    constraints = root / "constraints.in"
    lines = [*recipe.constraints, *(line for line in recipe.build if "==" in line)]
    constraints.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    # The bounds of a release of the time may shut out the one version that still runs: the
    # pins decide, which only the resolver without backtracking lets them.
    files = ["-r", str(wanted), "-c", str(constraints)]
    try:
        _run([*pip, "--use-deprecated=legacy-resolver", *files], root, "the requirements")
    except NoEnvironment as decided:
        # Without metadata of the index it takes what is too new for the interpreter.
        try:
            _run([*pip, *files], root, "the requirements")
        except NoEnvironment:
            raise decided from None


def _making(root: Path, interpreter: Interpreter) -> list[str]:
    """The command that makes an empty environment at ``root``."""
    if Version(interpreter.version) >= Version("3"):
        return [interpreter.path, "-m", "venv", str(root)]
    ours = ask(sys.executable)
    if ours is None:
        raise NoEnvironment(f"{sys.executable} cannot make environments: it has no ensurepip")
    maker = environment(recipe(_FOR_PYTHON_2), ours, cache=root.parent)
    return [str(maker.python), "-m", "virtualenv", "-q", "-p", interpreter.path, str(root)]


def _run(command: Sequence[str], root: Path, what: str) -> None:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=clean_variables(),
        cwd=root.parent,
        preexec_fn=ends_with_us(),
    )
    if not done.returncode:
        return
    said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    errors = [line for line in said if line.lstrip().upper().startswith("ERROR")]
    (root.parent / f"{root.name}.log").write_text("\n".join(said), encoding="utf-8")
    reason = (errors or said or ["no message"])[0].strip()
    raise NoEnvironment(f"{what} of {root.name} could not be installed: {reason}")
