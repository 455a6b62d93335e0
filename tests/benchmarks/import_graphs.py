"""Import graphs of one package side by side: time against ``ast.parse``, missed and invented.

    python -m tests.benchmarks.import_graphs CHECKOUT PACKAGE --root MODULE
        [--observed TABLE] [--registry PACKAGE] [--moving MODULE] [--rounds N]

Tools that are not installed are left out. Each runs in a process of its own, so that one
does not warm another's caches; times are processor seconds of that process and its
children, start of the interpreter included, and what counts is the ratio to ``ast.parse`` of
the same files in the same run. Cold is with an empty cache, which is filled; warm is the same
again. With a table of real imports (``analyze truth --keep-observed``), what each tool says
that importing each module of the table loads is compared with it, module by module.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

PRELUDE = """
import json, os, resource, sys, time, warnings
from pathlib import Path
warnings.simplefilter("ignore")
folder, package, root, cache, registry, moving, question = sys.argv[1:8]
question = json.loads(Path(question).read_text())
os.chdir(folder)
sys.path.insert(0, folder)
def spent():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)
def closure(start, edges):
    seen, pending = {start}, [start]
    while pending:
        for other in edges(pending.pop()):
            if other not in seen:
                seen.add(other)
                pending.append(other)
    return sorted(seen)
def done(edges=None, note="", loads=None):
    said = {"seconds": spent(), "note": note}
    if edges:
        loads = loads or (lambda module: closure(module, edges))
        said["loads"] = {module: sorted(loads(module)) for module in question["modules"]}
        said["read"] = sum(bool(set(edges(module))) for module in question["refused"])
    print(json.dumps(said))
def graph_of():
    import gc
    gc.set_threshold(50_000, 20, 20)  # As the command line does.
    from extractor.analysis.cache import Cache
    from extractor.analysis.project import Project
    from extractor.source.tree import FolderTree
    tree = FolderTree(Path(folder))
    project = Project([package], Cache(Path(cache)))
    return tree, project, project.graph(tree)
def below(graph, *names):
    return {m for m in graph.modules if any(n and f"{m}.".startswith(f"{n}.") for n in names)}
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
done(note=f"refuses {refused} files" if refused else "")
"""

OURS = """
from extractor.analysis.cascade import loaded
_, _, graph = graph_of()
loaded(graph, root)
from extractor.analysis.graph import Kind
def edges(module):
    return [e.imported for e in graph.imports_of(module) if e.kind is not Kind.PARENT]
done(edges, loads=lambda module: loaded(graph, module))
"""

CUTS = """
from extractor.analysis.cascade import package_costs
from extractor.analysis.cuts import single_cuts, smallest_cut_set
_, _, graph = graph_of()
keep = below(graph, root.rpartition(".")[0])
package_costs(graph, root), single_cuts(graph, root, keep)
found = smallest_cut_set(graph, root, 60, keep)
done(note=f"{found.before} to {found.after} with {len(found.cuts)} cuts")
"""

SYMBOLS = """
from extractor.analysis.cascade import package_costs
from extractor.analysis.cuts import single_cuts, smallest_cut_set
from extractor.analysis.subsystem import examine
tree, project, graph = graph_of()
keep = below(graph, root.rpartition(".")[0])
package_costs(graph, root), single_cuts(graph, root, keep)
smallest_cut_set(graph, root, 60, keep)
uses, _ = project.uses(tree, graph)
with project.resolver(tree, graph) as resolver:
    found = examine(resolver, keep | below(graph, moving), uses)
done(note=f"{len(found.needs())} symbols needed, {len(found.shared.both)} used by both")
"""

REGISTRY = """
tree, project, graph = graph_of()
classes = project.coupling(tree, graph, registry).classes if registry else ()
found = project.references(tree, graph, [root.rpartition(".")[0]])
done(note=f"{len(classes)} classes, {len(found)} references")
"""

GRIMP = """
import grimp
try:
    graph = grimp.build_graph(package, cache_dir=None)
    done(graph.find_modules_directly_imported_by)
except Exception as error:
    done(note=f"refuses the package: {type(error).__name__}")
"""

GRIMP_PARENTS = """
import grimp
try:
    graph = grimp.build_graph(package, cache_dir=None)
    def edges(module):
        above = module.rpartition(".")[0]
        return {*graph.find_modules_directly_imported_by(module), *([above] if above else [])}
    done(edges)
except Exception as error:
    done(note=f"refuses the package: {type(error).__name__}")
"""

TACH = """
import subprocess, tempfile
Path("tach.toml").exists() or Path("tach.toml").write_text('source_roots = ["."]\\nmodules = []\\n')
subprocess.run([sys.executable, "-m", "tach", "map", "-o", "map.json"], capture_output=True)
files = json.loads(Path("map.json").read_text())
def name(path):
    return path[:-3].removesuffix("/__init__").replace("/", ".")
edges = {name(path): [name(other) for other in others] for path, others in files.items()}
done(lambda module: edges.get(module, ()))
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
done(own)
"""

# The name, the program, and whether the cache is filled before.
TOOLS = {
    "ast.parse": (PARSE, False),
    "extractor, cold": (OURS, False),
    "extractor, warm": (OURS, True),
    "with costs and cuts, cold": (CUTS, False),
    "with costs and cuts, warm": (CUTS, True),
    "symbols, costs and cuts, cold": (SYMBOLS, False),
    "symbols, costs and cuts, warm": (SYMBOLS, True),
    "registry and references, cold": (REGISTRY, False),
    "registry and references, warm": (REGISTRY, True),
    "grimp": (GRIMP, False),
    "grimp and parent packages": (GRIMP_PARENTS, False),
    "tach map": (TACH, False),
    "pydeps": (PYDEPS, False),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("package")
    parser.add_argument("--root", required=True)
    parser.add_argument("--observed", type=Path, help="a table of observations")
    parser.add_argument("--registry", default="", help="a package whose classes register")
    parser.add_argument("--moving", default="", help="a module that goes with the root's package")
    parser.add_argument("--rounds", type=int, default=2, help="the best of so many counts")
    arguments = parser.parse_args()
    truth: dict[str, set[str]] = {}
    if arguments.observed:
        from extractor.analysis.truth import load_observations

        seen = load_observations(arguments.observed.read_text())
        truth = {o.module: set(o.loaded) for o in seen}
    results = {}
    with tempfile.TemporaryDirectory() as place:
        # Some tools write where they read.
        copy = Path(place, "source")
        subprocess.run(["cp", "-r", arguments.checkout, copy], check=True)
        question = Path(place, "question.json")
        refused = list(refused_modules(copy, arguments.package))
        asked = sorted({arguments.root, *truth})
        question.write_text(json.dumps({"modules": asked, "refused": refused}))
        cache = Path(place, "cache")
        for tool, (program, warm) in TOOLS.items():
            rounds = []
            for _ in range(arguments.rounds):
                if not warm:
                    shutil.rmtree(cache, ignore_errors=True)
                rounds.append(run(program, copy, arguments, cache, question))
            results[tool] = min(rounds, key=lambda r: r.get("seconds", 1e9))
    unit = results["ast.parse"]["seconds"]
    pairs = sum(map(len, truth.values()))
    print(f"{len(truth)} modules observed, {pairs} loads; {len(refused)} files ast.parse refuses")
    heads = ("of ast", "found", "missed", "invented", "missed", "invented", "read")
    print(f"{'':39}{'importing the root':^27}{'all observed':^18}{'refused':>9}")
    print(f"{'tool':30}" + "".join(f" {head:>8}" for head in heads))
    for tool, result in results.items():
        if "seconds" not in result:
            print(f"{tool:30} {result['note']}")
            continue
        columns = [f"{result['seconds'] / unit:.2f}"]
        loads = {module: set(found) for module, found in result.get("loads", {}).items()}
        if loads:
            compared = [{arguments.root: truth[arguments.root]}, truth] if truth else []
            columns.append(str(len(loads[arguments.root])))
            for some in compared:
                columns.append(str(sum(len(real - loads[m]) for m, real in some.items())))
                columns.append(str(sum(len(loads[m] - real) for m, real in some.items())))
            columns.append(f"{result['read']}/{len(refused)}")
        print(f"{tool:30}" + "".join(f" {column:>8}" for column in columns), result["note"])


def refused_modules(folder: Path, package: str) -> Iterator[str]:
    """The modules whose files today's grammar does not accept."""
    for path in sorted(Path(folder, *package.split(".")).rglob("*.py")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ast.parse(path.read_bytes())
            except SyntaxError:
                parts = path.relative_to(folder).with_suffix("").parts
                yield ".".join(parts).removesuffix(".__init__")


def run(
    program: str, folder: Path, arguments: argparse.Namespace, cache: Path, question: Path
) -> dict[str, object]:
    """The answer of one tool, or a note why there is none."""
    words = [arguments.package, arguments.root, cache, arguments.registry, arguments.moving]
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program, folder, *words, question],
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
