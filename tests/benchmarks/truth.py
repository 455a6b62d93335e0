"""What the static answer is worth on current distributions: foretold against really loaded.

    python -m tests.benchmarks.truth [--folder FOLDER] [--most 60] [--jobs 2] [PROJECT...]

Each distribution is installed from the package index into an environment of its own below FOLDER
(with ``uv`` where it is on PATH, else with ``venv`` and ``pip``). Its packages are copied out and
read, not run; each of at most so many of its modules, spread over the whole, is then imported in a
process of its own. A module without Python source cannot be read, so it is not counted.

What is missing is counted apart when the very line that was running when it was imported is one
that the answer lists as unknown.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from extractor.analysis.project import import_graph
from extractor.analysis.truth import Report, compare
from extractor.source.tree import FolderTree
from extractor.verification.laboratory.observe import observe_installed

# Distributions, and the packages of each that are read.
PROJECTS: dict[str, str] = {
    "aiohttp": "aiohttp",
    "alembic": "alembic",
    "ansible-core": "ansible",
    "attrs": "attr attrs",
    "botocore": "botocore",
    "celery": "celery",
    "click": "click",
    "dask": "dask",
    "django": "django",
    "docutils": "docutils",
    "fastapi": "fastapi",
    "flask": "flask",
    "homeassistant": "homeassistant",
    "httpx": "httpx",
    "huggingface-hub": "huggingface_hub",
    "jinja2": "jinja2",
    "jsonschema": "jsonschema",
    "kombu": "kombu",
    "marshmallow": "marshmallow",
    "networkx": "networkx",
    "nox": "nox",
    "numpy": "numpy",
    "pandas": "pandas",
    "pip": "pip",
    "poetry": "poetry",
    "prompt-toolkit": "prompt_toolkit",
    "pydantic": "pydantic",
    "pygments": "pygments",
    "pytest": "_pytest pytest py",
    "requests": "requests",
    "rich": "rich",
    "scikit-image": "skimage",
    "scipy": "scipy",
    "scrapy": "scrapy",
    "setuptools": "setuptools _distutils_hack",
    "sphinx": "sphinx",
    "sqlalchemy": "sqlalchemy",
    "tornado": "tornado",
    "twisted": "twisted",
    "werkzeug": "werkzeug",
}


class Row(NamedTuple):
    """One distribution: modules read and compared, loads seen, and where the answer differs."""

    name: str
    version: str
    modules: int
    compared: int
    not_importable: int
    seen: int
    missing: int
    named: int
    extra: int
    worst: int


def environment(folder: Path, distribution: str) -> Path:
    """The interpreter of an environment that has the distribution."""
    place = folder / "envs" / distribution
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        if uv := shutil.which("uv"):
            subprocess.run([uv, "venv", "-q", "--python", sys.executable, place], check=True)
            install = [uv, "pip", "install", "-q", "--python", python]
        else:
            subprocess.run([sys.executable, "-m", "venv", place], check=True)
            install = [python, "-m", "pip", "install", "-q"]
        subprocess.run([*install, distribution], check=True)
        (place / "ready").touch()
    return python


def copied(python: Path, packages: list[str], target: Path) -> FolderTree:
    """The packages alone, copied out of the environment."""
    site = next(python.parent.parent.glob("lib/python*/site-packages"))
    for package in packages:
        if (site / package).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(site / package, target / package, ignore=ignored)
        elif (site / f"{package}.py").is_file():
            shutil.copy(site / f"{package}.py", target)
    return FolderTree(target)


def spread(names: list[str], most: int) -> list[str]:
    """At most so many of ``names``, the first among them, at even distances."""
    if len(names) <= most:
        return names
    return [names[i * len(names) // most] for i in range(most)]


def compared(distribution: str, folder: Path, most: int = 60, jobs: int = 2) -> tuple[Row, Report]:
    """The static answer for a distribution beside what was seen."""
    packages = PROJECTS[distribution].split()
    python = environment(folder, distribution)
    program = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
    version = subprocess.check_output([python, "-c", program, distribution], text=True).strip()
    with tempfile.TemporaryDirectory(prefix="truth-") as scratch:
        tree = copied(python, packages, Path(scratch))
        graph = import_graph(tree, packages)
    # Starting a program is no import of it.
    named = [m.name for m in graph.modules.values() if m.path and not m.name.endswith("__main__")]
    seen = observe_installed(python, spread(named, most), set(packages), jobs)
    known = graph.modules
    seen = [replace(o, loaded=tuple(m for m in o.loaded if m in known)) for o in seen]
    report = compare(graph, seen)
    each = report.compared
    row = Row(
        distribution,
        version,
        len(known),
        len(each),
        len(report.not_importable),
        sum(c.seen for c in each),
        sum(len(c.missing) for c in each),
        sum(len(c.configured) for c in each),
        sum(len(c.extra) for c in each),
        max((len(c.extra) for c in each), default=0),
    )
    return row, report


def table(rows: list[Row]) -> str:
    """The rows as a table in Markdown, with the sums."""
    heads = (
        "distribution | version | modules | compared | not importable | loads seen | missing "
        "| loaded by a place listed as unknown | too many | most for one"
    )
    lines = [f"| {heads} |", "|---" * len(Row._fields) + "|"]
    lines += [
        "| " + " | ".join(f"{v:,}" if isinstance(v, int) else v for v in r) + " |" for r in rows
    ]
    sums = [sum(row[i] for row in rows) for i in range(2, 9)]  # type: ignore[misc]
    worst = max(row.worst for row in rows)
    lines.append("| all | | " + " | ".join(f"{v:,}" for v in (*sums, worst)) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("projects", nargs="*", metavar="PROJECT")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "truth")
    parser.add_argument("--most", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    rows = []
    for name in given.projects or PROJECTS:
        row, report = compared(name, given.folder, given.most, given.jobs)
        rows.append(row)
        print(*row, file=sys.stderr, flush=True)
        for one in report.compared:
            if one.missing or one.extra:
                words = [*(f"-{m}" for m in one.missing), *(f"+{m}" for m in one.extra)]
                print(f"  {one.module}: {' '.join(words)}", file=sys.stderr)
    print(table(rows))


if __name__ == "__main__":
    main()
