"""Import graphs of one package side by side: time against ``ast.parse``, found, missed, invented.

    python -m tests.benchmarks.import_graphs CHECKOUT PACKAGE --root MODULE [--observed TABLE]

Tools that are not installed are left out. Each runs in a process of its own, so that one
does not warm another's caches; times are processor seconds of that process and its
children, and what counts is the ratio to ``ast.parse`` of the same files in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PRELUDE = """
import json, os, resource, sys, time, warnings
from pathlib import Path
warnings.simplefilter("ignore")
folder, package, root, cache = sys.argv[1:5]
os.chdir(folder)
sys.path.insert(0, folder)
def spent():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)
def closure(edges):
    seen, pending = {root}, [root]
    while pending:
        for other in edges(pending.pop()):
            if other not in seen:
                seen.add(other)
                pending.append(other)
    return sorted(seen)
def done(loaded=None, note=""):
    print(json.dumps({"seconds": spent() - started, "loaded": loaded, "note": note}))
started = spent()
"""

PARSE = """
import ast
refused = 0
for base, _, names in os.walk(package.replace(".", "/")):
    for name in names:
        if name.endswith(".py"):
            try:
                ast.parse(Path(base, name).read_bytes())
            except SyntaxError:
                refused += 1
done(note=f"{refused} files refused" if refused else "")
"""

OURS = """
from extractor.analysis.cache import Cache
from extractor.analysis.cascade import loaded
from extractor.analysis.project import import_graph
from extractor.source.tree import FolderTree
known = Cache(Path(cache)) if cache else None
graph = import_graph(FolderTree(Path(folder)), [package], known)
done(sorted(loaded(graph, root)), f"{len(graph.unreadable)} files refused")
"""

CUTS = """
from extractor.analysis.cascade import package_costs
from extractor.analysis.cuts import single_cuts, smallest_cut_set
from extractor.analysis.project import import_graph
from extractor.source.tree import FolderTree
graph = import_graph(FolderTree(Path(folder)), [package])
keep = {m for m in graph.modules if m.startswith(root.rpartition(".")[0])}
package_costs(graph, root), single_cuts(graph, root, keep)
found = smallest_cut_set(graph, root, 60, keep)
done(None, f"{found.before} to {found.after} with {len(found.cuts)} cuts")
"""

SYMBOLS = """
from extractor.analysis.project import import_graph
from extractor.analysis.references import find_references
from extractor.analysis.registry import registry_coupling
from extractor.source.tree import FolderTree
tree = FolderTree(Path(folder))
graph = import_graph(tree, [package])
found = registry_coupling(tree, graph, package + ".objects")
done(None, f"{len(found.classes)} classes, {len(find_references(tree, graph))} references")
"""

GRIMP = """
import grimp
try:
    graph = grimp.build_graph(package, cache_dir=None)
    done(closure(graph.find_modules_directly_imported_by))
except Exception as error:
    done(note=f"{type(error).__name__}")
"""

GRIMP_PARENTS = """
import grimp
try:
    graph = grimp.build_graph(package, cache_dir=None)
    def edges(module):
        above = module.rpartition(".")[0]
        return {*graph.find_modules_directly_imported_by(module), *([above] if above else [])}
    done(closure(edges))
except Exception as error:
    done(note=f"{type(error).__name__}")
"""

TACH = """
import subprocess, tempfile
Path("tach.toml").exists() or Path("tach.toml").write_text('source_roots = ["."]\\nmodules = []\\n')
subprocess.run([sys.executable, "-m", "tach", "map", "-o", "map.json"], capture_output=True)
files = json.loads(Path("map.json").read_text())
def name(path):
    return path[:-3].removesuffix("/__init__").replace("/", ".")
edges = {name(path): [name(other) for other in others] for path, others in files.items()}
done(closure(lambda module: edges.get(module, ())))
"""

PYDEPS = """
import contextlib, io
from pydeps import cli, py2depgraph
from pydeps.target import Target
sys.setrecursionlimit(10000)
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    target = Target(package)
    options = cli.parse_args([package, "--no-show", "--no-config", "--max-bacon=0"])
    graph = py2depgraph.py2dep(target, **options)
edges = {name: [n for n in source.imports] for name, source in graph.sources.items()}
own = lambda m: [n for n in edges.get(m, ()) if n == package or n.startswith(package + ".")]
done(closure(own))
"""

TOOLS = {
    "ast.parse": PARSE,
    "extractor, cold": OURS,
    "extractor, warm": OURS,
    "extractor, with cuts, cold": CUTS,
    "extractor, registry and references": SYMBOLS,
    "grimp": GRIMP,
    "grimp and parent packages": GRIMP_PARENTS,
    "tach map": TACH,
    "pydeps": PYDEPS,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("package")
    parser.add_argument("--root", required=True)
    parser.add_argument("--observed", type=Path, help="a table of observations with the root")
    arguments = parser.parse_args()
    truth = None
    if arguments.observed:
        from extractor.analysis.truth import load_observations

        seen = {o.module: set(o.loaded) for o in load_observations(arguments.observed.read_text())}
        truth = seen[arguments.root]
    results = {}
    with tempfile.TemporaryDirectory() as place:
        # Some tools write where they read.
        copy = Path(place, "source")
        subprocess.run(["cp", "-r", arguments.checkout, copy], check=True)
        cache = str(Path(place, "cache"))
        run(OURS, copy, arguments, cache)
        for tool, program in TOOLS.items():
            used = cache if tool.endswith("warm") else ""
            results[tool] = min(
                (run(program, copy, arguments, used) for _ in range(2)),
                key=lambda r: r.get("seconds", 1e9),
            )
    unit = results["ast.parse"]["seconds"]
    print(f"{'tool':36} {'seconds':>8} {'of ast':>7} {'found':>6} {'missed':>7} {'invented':>9}")
    for tool, result in results.items():
        if "seconds" not in result:
            print(f"{tool:36} {result['note']}")
            continue
        loaded = set(result["loaded"] or ())
        columns = [f"{len(loaded)}" if loaded else ""]
        columns += (
            [str(len(truth - loaded)), str(len(loaded - truth))] if loaded and truth else ["", ""]
        )
        print(
            f"{tool:36} {result['seconds']:8.2f} {result['seconds'] / unit:7.2f} "
            f"{columns[0]:>6} {columns[1]:>7} {columns[2]:>9}  {result['note']}"
        )


def run(program: str, folder: Path, arguments: argparse.Namespace, cache: str) -> dict[str, object]:
    """The answer of one tool, or a note why there is none."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program, folder, arguments.package, arguments.root, cache],
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        return {"note": last[0][:60] if last else "no answer"}


if __name__ == "__main__":
    main()
