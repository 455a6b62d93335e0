"""Pictures of the dependencies between modules, drawn by pydeps and graphviz."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from extractor.analysis.graph import Graph
from extractor.plan.model import PlanData
from extractor.source.tree import GitTree, Tree
from extractor.verification.run import export
from reports import schema

_NO_DOT = (
    "Graphviz is not installed on the machine of the run: there is no drawing, only its table."
)
_SECONDS = 240


def draw(
    result: GitTree, graph: Graph, data: PlanData, source: Tree | None
) -> list[schema.Picture]:
    """The result's modules, its needs of other packages, and the subsystem inside the source."""
    with tempfile.TemporaryDirectory(prefix="extractor-") as scratch:
        folder = export(result, Path(scratch) / "result")
        package = data.target_package
        pictures = [
            _picture(
                f"Modules of {package}",
                folder,
                package,
                "--only",
                package,
                "--max-bacon",
                "0",
                "-x",
                f"{package}.tests.*",
                f"{package}.tests",
            ),
            _picture(
                f"What {package} needs of other packages",
                folder,
                package,
                "--max-bacon",
                "2",
                "--max-module-depth",
                "1",
                "--include-missing",
                "-x",
                f"{package}.tests.*",
                f"{package}.tests",
            ),
        ]
        if isinstance(source, GitTree):
            inside = export(source, Path(scratch) / "source")
            for name in data.roots.packages:
                pictures.append(
                    _picture(
                        f"{name} inside {data.source_package}, two steps around it",
                        inside,
                        name,
                        "--only",
                        data.source_package,
                        "--max-bacon",
                        "2",
                        "--max-module-depth",
                        str(name.count(".") + 2),
                    )
                )
    return pictures


def _picture(title: str, folder: Path, package: str, *options: str) -> schema.Picture:
    """One run of pydeps on ``package`` of ``folder``; a failure is said, not raised."""
    where = folder / package.replace(".", "/")
    with tempfile.TemporaryDirectory(prefix="extractor-") as scratch:
        svg, table = Path(scratch) / "picture.svg", Path(scratch) / "table.json"
        drawing = ["-T", "svg", "-o", str(svg)] if shutil.which("dot") else ["--no-output"]
        command = [
            *(sys.executable, "-m", "pydeps", str(where), "--no-config", "--noshow"),
            *("--cluster", "--deps-output", str(table)),
            *drawing,
            *options,
        ]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired:
            return schema.Picture(title=title, missing=f"pydeps took over {_SECONDS} s.")
        if not table.is_file():
            words = done.stderr.strip().splitlines() or ["it said nothing"]
            return schema.Picture(title=title, missing=f"pydeps failed: {words[-1]}")
        imports = {
            name: sorted(record.get("imports", ()))
            for name, record in json.loads(table.read_text(encoding="utf-8")).items()
        }
        cycles = _cycles(imports)
        member = {name: index for index, cycle in enumerate(cycles) for name in cycle}
        drawn = svg.read_text(encoding="utf-8") if svg.is_file() else ""
        return schema.Picture(
            title=title,
            svg=drawn,
            missing="" if drawn else _NO_DOT,
            arrows=tuple(
                schema.Dependency(
                    importer=importer,
                    imported=imported,
                    in_cycle=importer in member and member[importer] == member.get(imported),
                )
                for importer, names in sorted(imports.items())
                for imported in names
                if imported != importer
            ),
            cycles=cycles,
        )


def _cycles(imports: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Groups of modules that all import each other, over any number of steps."""
    reach: dict[str, set[str]] = {}
    for start in imports:
        seen: set[str] = set()
        pending = list(imports[start])
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending.extend(imports.get(name, ()))
        reach[start] = seen
    groups = {
        tuple(sorted(b for b in reach if b in reach[a] and a in reach[b]))
        for a in reach
        if a in reach[a]
    }
    return tuple(sorted(group for group in groups if len(group) > 1))
