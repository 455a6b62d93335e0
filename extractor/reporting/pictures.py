"""Pictures of the dependencies between modules, drawn by pydeps and graphviz."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from extractor.analysis.graph import Graph
from extractor.analysis.scan import is_standard_library
from extractor.plan.model import PlanData
from reports import schema

_NO_DOT = (
    "Graphviz is not installed on the machine of the run: there is no drawing, only its table."
)
_SECONDS = 120


def draw(
    graph: Graph, data: PlanData, before: Graph | None, belongs: Collection[str] = ()
) -> list[schema.Picture]:
    """The result's modules, its needs of other packages, and the subsystem inside the source.

    ``belongs`` are the subsystem's modules in ``before``. pydeps is given our own import graph
    as modules that hold nothing but imports: it would lose files that today's Python does not
    parse, and follow whatever else is installed where we run.
    """
    package = data.target_package
    inner: dict[str, set[str]] = {}
    needs: dict[str, set[str]] = {}
    for edge in graph.edges:
        if edge.loads and edge.line and not (_is_test(edge.importer) or _is_test(edge.imported)):
            inner.setdefault(edge.importer, set()).add(edge.imported)
    for external in graph.externals:
        if not _is_test(external.importer) and not is_standard_library(external.package):
            part = _collapsed(external.importer, 2)
            needs.setdefault(part, set()).add(external.package)
    pictures = [
        _picture(f"Modules of {package}", package, inner),
        _picture(f"What {package} needs of other packages", package, needs),
    ]
    if before is not None and belongs:
        around: dict[str, set[str]] = {}
        for edge in before.edges:
            own = (edge.importer in belongs, edge.imported in belongs)
            if not edge.loads or not edge.line or not any(own) or _is_test(edge.importer):
                continue
            importer, imported = (
                name if mine else _collapsed(name, 2)
                for name, mine in zip((edge.importer, edge.imported), own, strict=True)
            )
            around.setdefault(importer, set()).add(imported)
        pictures.append(
            _picture(
                f"The subsystem inside {data.source_package}, and what is around it",
                data.source_package,
                around,
            )
        )
    return pictures


def _is_test(module: str) -> bool:
    return "tests" in module.split(".")


def _collapsed(module: str, depth: int) -> str:
    return ".".join(module.split(".")[:depth])


def _picture(title: str, package: str, imports: Mapping[str, Collection[str]]) -> schema.Picture:
    """``imports`` drawn; where that cannot be, the picture says why."""
    sorted_imports = {n: sorted(set(found) - {n}) for n, found in sorted(imports.items())}
    cycles = _cycles(sorted_imports)
    member = {name: index for index, cycle in enumerate(cycles) for name in cycle}
    svg, missing = _drawn(package, sorted_imports)
    return schema.Picture(
        title=title,
        svg=svg,
        missing=missing,
        arrows=tuple(
            schema.Dependency(
                importer=importer,
                imported=imported,
                in_cycle=importer in member and member[importer] == member.get(imported),
            )
            for importer, names in sorted_imports.items()
            for imported in names
        ),
        cycles=cycles,
    )


def _drawn(package: str, imports: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """The drawing, or else the reason why there is none."""
    if not imports:
        return "", "There is nothing to draw: no module imports another."
    if shutil.which("dot") is None:
        return "", _NO_DOT
    with tempfile.TemporaryDirectory(prefix="extractor-") as scratch:
        folder = Path(scratch)
        _write_skeleton(folder, imports)
        svg = folder / "picture.svg"
        command = [
            *(sys.executable, "-m", "pydeps", str(folder / package)),
            *("--no-config", "--noshow", "--cluster"),
            *("--max-bacon", "0", "-T", "svg", "-o", str(svg)),
        ]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS
            )
        except subprocess.TimeoutExpired:
            return "", f"pydeps and graphviz took over {_SECONDS} s."
        if not svg.is_file():
            words = done.stderr.strip().splitlines() or ["without a word"]
            return "", f"pydeps failed: {words[-1].replace(scratch, '')}"
        return svg.read_text(encoding="utf-8"), ""


def _write_skeleton(folder: Path, imports: Mapping[str, Sequence[str]]) -> None:
    """Every module as a package of that name that imports what ours does, and nothing else."""
    for name in sorted({*imports, *(i for names in imports.values() for i in names)}):
        place = folder
        for part in name.split("."):
            place /= part
            place.mkdir(exist_ok=True)
            (place / "__init__.py").touch()
        lines = [f"import {imported}\n" for imported in imports.get(name, ())]
        (place / "__init__.py").write_text("".join(lines), encoding="utf-8")


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
