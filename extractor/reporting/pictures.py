"""Pictures of the dependencies between modules, drawn by pydeps and graphviz."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from extractor_reports import schema

from extractor.analysis.graph import Graph
from extractor.children import ends_with_us
from extractor.plan.model import PlanData
from extractor.project.named_tests import is_test
from extractor.project.standard_library import is_standard_library
from extractor.scratch import for_children, workspace

_NO_DOT = (
    "Graphviz was not installed where the report was made: there is no drawing, only its table."
)
_SECONDS = 120
# An underscore too: pydeps makes one of each dot.
_UNSAFE = re.compile("[^a-zA-Z0-9]")
_MARKED, _PLAIN = "#ffdfcc", "#e9edf1"
_CYCLE = 'color="#b01c1c", fontcolor="#b01c1c", penwidth=2'
_STYLE = """
graph [ranksep=0.45, nodesep=0.09, fontname=Helvetica, fontsize=11, fontcolor="#57606a",
  style="rounded,filled", fillcolor="#f7f8fa", color="#c5cbd2"];
node [color="#8a929b", fontsize=11, height=0.26, margin="0.08,0.03"];
edge [color="#57606a99", arrowsize=0.6];
"""


def draw(
    graph: Graph, data: PlanData, before: Graph | None, belongs: Collection[str] = ()
) -> list[schema.Picture]:
    """The result's modules, its needs of other packages, and the subsystem inside the source.

    ``belongs`` are the subsystem's modules in ``before``. pydeps is given our own import graph
    as modules that hold nothing but imports: it would lose files that today's Python does not
    parse, and follow whatever else is installed where we run. What it makes of that is drawn by
    graphviz with packages as clusters and cycles in red.
    """
    package = data.target_package
    inner: dict[str, set[str]] = {}
    needs: dict[str, set[str]] = {}
    for edge in graph.edges:
        if edge.loads and edge.line and not (is_test(edge.importer) or is_test(edge.imported)):
            inner.setdefault(edge.importer, set()).add(edge.imported)
    for external in graph.externals:
        if not is_test(external.importer) and not is_standard_library(external.package):
            part = _collapsed(external.importer, 2)
            needs.setdefault(part, set()).add(external.package)
    pictures = [
        _picture(f"Modules of {package}", package, inner),
        _picture(
            f"What {package} needs of other packages", package, needs, needs, "the result's own"
        ),
    ]
    if before is not None and belongs:
        around: dict[str, set[str]] = {}
        for edge in before.edges:
            own = (edge.importer in belongs, edge.imported in belongs)
            if not edge.loads or not edge.line or not any(own) or is_test(edge.importer):
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
                belongs,
                "the subsystem's own",
            )
        )
    return pictures


def _collapsed(module: str, depth: int) -> str:
    return ".".join(module.split(".")[:depth])


def _picture(
    title: str,
    package: str,
    imports: Mapping[str, Collection[str]],
    marked: Collection[str] = (),
    words: str = "",
) -> schema.Picture:
    """``imports`` drawn; ``words`` say what ``marked`` modules, in a colour of their own, are."""
    sorted_imports = {n: sorted(set(found) - {n}) for n, found in sorted(imports.items())}
    cycles = _cycles(sorted_imports)
    member = {name: index for index, cycle in enumerate(cycles) for name in cycle}
    arrows = tuple(
        schema.Dependency(
            importer=importer,
            imported=imported,
            in_cycle=importer in member and member[importer] == member.get(imported),
        )
        for importer, names in sorted_imports.items()
        for imported in names
    )
    svg, missing = _drawn(package, sorted_imports, arrows, frozenset(marked))
    return schema.Picture(
        title=title, svg=svg, missing=missing, marked=words, arrows=arrows, cycles=cycles
    )


def _drawn(
    package: str,
    imports: Mapping[str, Sequence[str]],
    arrows: Sequence[schema.Dependency],
    marked: Collection[str],
) -> tuple[str, str]:
    """The drawing, or else the reason why there is none."""
    if not imports:
        return "", "Nothing to draw: no module imports another."
    if shutil.which("dot") is None:
        return "", _NO_DOT
    with workspace() as folder:
        _write_skeleton(folder, imports)
        graph = folder / "picture.dot"
        command = [
            *(sys.executable, "-m", "pydeps", str(folder / _plain(package))),
            *("--no-config", "--noshow", "--no-output", "--dot-output", str(graph)),
            *("--reverse", "--rankdir", "RL", "--max-bacon", "0", "--cluster"),
        ]
        try:
            done = _run(command, folder)
            if not graph.is_file():
                words = done.stderr.strip().splitlines() or ["without a message"]
                return "", f"pydeps failed: {words[-1].replace(str(folder), '')}"
            text = _restyled(graph.read_text(encoding="utf-8"), imports, arrows, marked)
            graph.write_text(text, encoding="utf-8")
            done = _run(["dot", "-Gstart=1", "-Tsvg", str(graph)], folder)
        except subprocess.TimeoutExpired:
            return "", f"pydeps and graphviz took over {_SECONDS} s."
        if done.returncode or "<svg" not in done.stdout:
            words = done.stderr.strip().splitlines() or ["without a message"]
            return "", f"graphviz failed: {words[-1].replace(str(folder), '')}"
        return done.stdout, ""


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        # pydeps makes a folder for temporary files of its own, and leaves it when it is killed.
        env=os.environ | for_children(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS,
        preexec_fn=ends_with_us(),
    )


def _plain(name: str) -> str:
    """A dotted name for pydeps: any text becomes identifiers, no two of them the same."""
    return ".".join(f"m{_UNSAFE.sub(_number, part)}" for part in name.split("."))


def _number(found: re.Match[str]) -> str:
    return f"_{ord(found[0]):x}_"


def _restyled(
    text: str,
    imports: Mapping[str, Sequence[str]],
    arrows: Sequence[schema.Dependency],
    marked: Collection[str],
) -> str:
    """The graph of pydeps with packages as clusters, full names and cycles in red."""
    names = sorted({*imports, *(i for found in imports.values() for i in found)})
    packages = {name.rpartition(".")[0] for name in names} - {""}
    clusters: dict[str, list[str]] = {}
    for name in names:
        clusters.setdefault(name if name in packages else name.rpartition(".")[0], []).append(name)
    in_cycle = {a.importer for a in arrows if a.in_cycle}
    lines = []
    for number, (package, members) in enumerate(sorted(clusters.items())):
        is_box = package.count(".") > 0 and len(members) > 1
        nodes = []
        for name in members:
            label = name
            if is_box:
                label = name[len(package) + 1 :] or "(the package)"
            nodes.append(
                f"{_node(name)} [label={_quoted(label)}, shape=box, "
                f'fillcolor="{_MARKED if name in marked else _PLAIN}", '
                + (_CYCLE if name in in_cycle else 'fontcolor="#1c2024"')
                + "];"
            )
        if is_box:
            nodes = [f"subgraph cluster_{number} {{ label={_quoted(package)};", *nodes, "}"]
        lines += nodes
    # What pydeps leaves out (a package imported by its own module) is in the table, too.
    lines += [
        f"{_node(a.importer)} -> {_node(a.imported)} [{_CYCLE if a.in_cycle else ''}];"
        for a in arrows
    ]
    # pydeps adds the packages above an imported module, which the table has not.
    shown = {_node(name) for name in names}
    known = {(_node(a.importer), _node(a.imported)) for a in arrows}
    kept = "\n".join(line for line in text.splitlines() if _is_kept(line, shown, known))
    head, _, rest = kept.partition("{")
    # Strict: what is said again of an arrow is said of the same arrow.
    return f"strict {head.strip()} {{{_STYLE}{rest.rstrip()[:-1]}concentrate=false;" + "\n".join(
        [*lines, "}\n"]
    )


def _is_kept(line: str, nodes: Collection[str], arrows: Collection[tuple[str, str]]) -> bool:
    found = re.match(r"\s*(\w+)(?: -> (\w+))? \[", line)
    if not found or found[1] in ("node", "edge", "graph"):
        return True
    return (found[1], found[2]) in arrows if found[2] else found[1] in nodes


def _node(name: str) -> str:
    return _plain(name).replace(".", "_")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write_skeleton(folder: Path, imports: Mapping[str, Sequence[str]]) -> None:
    """Every module as a package of that name that imports what ours does, and nothing else."""
    for name in sorted({*imports, *(i for names in imports.values() for i in names)}):
        place = folder
        for part in _plain(name).split("."):
            place /= part
            place.mkdir(exist_ok=True)
            (place / "__init__.py").touch()
        lines = [f"import {_plain(imported)}\n" for imported in imports.get(name, ())]
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
