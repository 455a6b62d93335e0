"""Versions of the day: what an installer would have chosen when a revision was written.

The index tells when each file was uploaded (PEP 700), and uv resolves among those that were there
on a day. What no longer builds or runs is an exception that the plan names with its version.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from packaging.requirements import Requirement

from extractor.cache_folder import cache_folder
from extractor.children import ends_with_us
from extractor.kept import keep, read_kept
from extractor.scratch import workspace
from extractor.source.package_index import day_of_lower_bounds
from extractor.verification.laboratory.environment import (
    Interpreter,
    NoEnvironment,
    clean_variables,
)

# A build tool of the day builds nothing on an interpreter that came later.
_BUILD_TOOLS = ("setuptools", "wheel", "pip")
_NO_LIMIT = "2999-12-31"


@dataclass(frozen=True)
class Wanted:
    """What is resolved.

    ``requirements`` are PEP 508 lines, ``day`` is ISO 8601; ``exceptions`` are pinned lines that
    win over both, ``build`` the build tools, pinned.
    """

    requirements: tuple[str, ...]
    day: str
    exceptions: tuple[str, ...] = ()
    build: tuple[str, ...] = ()

    def key(self, interpreter: Interpreter) -> str:
        """A name for all that decides the answer: 16 hexadecimal digits."""
        parts = [self.day, interpreter.version]
        parts += ["requirements", *sorted(self.requirements)]
        parts += ["exceptions", *sorted(self.exceptions), "build", *sorted(self.build)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def pins_of_day(wanted: Wanted, interpreter: Interpreter, cache: Path | None = None) -> list[str]:
    """Pinned lines for all of the requirements and what they require, sorted.

    Kept by content in ``cache``, the user's cache folder when it is None. ``NoEnvironment`` when
    uv is not there or nothing fits, with the first reason it gives.
    """
    folder = (cache or cache_folder()) / "day-pins"
    path = folder / f"{wanted.day}-{wanted.key(interpreter)}.txt"
    known = read_kept(path, _read_pins)
    if known is not None:
        return known
    with workspace() as scratch:
        pins = _resolve(wanted, interpreter, scratch)
    keep(path, "".join(f"{line}\n" for line in pins).encode("utf-8"))
    return pins


def _read_pins(text: str) -> list[str]:
    """``ValueError`` where a line is no requirement: the file is not what was written."""
    lines = text.splitlines()
    for line in lines:
        Requirement(line)
    return lines


def first_day(requirements: Sequence[str], cache: Path | None = None) -> str:
    """As ``day_of_lower_bounds``, kept: what was uploaded first stays the first."""
    name = hashlib.sha256("\0".join(sorted(requirements)).encode()).hexdigest()[:16]
    path = (cache or cache_folder()) / "day-pins" / f"first-{name}.txt"
    known = read_kept(path, lambda text: date.fromisoformat(text.strip()).isoformat())
    if known is not None:
        return known
    day = day_of_lower_bounds(requirements)
    if day:
        keep(path, f"{day}\n".encode())
    return day


def _resolve(wanted: Wanted, interpreter: Interpreter, folder: Path) -> list[str]:
    command = [_uv(), "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--python", interpreter.path, "--exclude-newer", wanted.day]
    for name in (*_BUILD_TOOLS, *_names(wanted.exceptions)):
        command += ["--exclude-newer-package", f"{name}={_NO_LIMIT}"]
    command += ["--override", _written(folder / "exceptions.txt", wanted.exceptions)]
    command += ["--build-constraint", _written(folder / "build.txt", wanted.build)]
    command += [_written(folder / "wanted.txt", wanted.requirements)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=clean_variables(),
        preexec_fn=ends_with_us(),
    )
    if done.returncode:
        raise NoEnvironment(f"no versions of {wanted.day} fit together: {_reason(done.stderr)}")
    return sorted(line for line in done.stdout.splitlines() if re.match(r"[A-Za-z0-9]", line))


def _written(path: Path, lines: Iterable[str]) -> str:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def _names(lines: Iterable[str]) -> list[str]:
    return sorted({Requirement(line).name for line in lines})


def _reason(said: str) -> str:
    """The innermost of the causes that uv names."""
    causes = re.findall(r"(?:error|cause|Because):? (.+)", said)
    return causes[-1] if causes else (said.strip().splitlines() or ["no message"])[-1]


def _uv() -> str:
    if importlib.util.find_spec("uv") is not None:
        from uv import find_uv_bin

        return str(find_uv_bin())
    if found := shutil.which("uv"):
        return found
    raise NoEnvironment(
        "versions of the day need uv: install the package with its extra 'day-pins'"
    )
