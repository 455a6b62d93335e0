"""Rules of the house that no linter knows."""

import ast
import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from extractor.rewrites import registered

ROOT = Path(__file__).parent.parent
# The words and hosts below are put together from parts, since this file is searched too.
WORDS = ("no" + "va", "place" + "ment")
# At the start of a word or of an underscored part of one ...
PROJECT = re.compile(f"(?<![a-zA-Z])(?:{'|'.join(WORDS)})", re.IGNORECASE)
# ... or as a later part of a camel-cased one.
CAMEL_CASED = re.compile(f"(?<=[a-z])(?:{'|'.join(word.title() for word in WORDS)})(?![a-z])")
REGISTRY = re.compile(
    r"py" + r"pi\.(?:org|python)|python" + r"hosted\.org|npm" + r"js\.(?:org|com)|crates\.i" + "o"
)
MACHINE_PATH = re.compile(r"(?<![\w./$}~-])/(?:work|root|home/\w|tmp/\w|opt/\w|Users/\w)")


def committed_files():
    """What git tracks, or everything outside of hidden and build folders where git is not."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True,
            capture_output=True,
        ).stdout.decode()
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        paths = [
            path
            for path in ROOT.rglob("*")
            if not any(
                part.startswith(".") or part in {"__pycache__", "build", "dist"}
                for part in path.relative_to(ROOT).parts[:-1]
            )
        ]
    return sorted(path for path in paths if path.is_file())


def hits(pattern, path):
    text = path.read_bytes().decode("utf-8", "replace")
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def engine_files():
    engine, sample = ROOT / "extractor", ROOT / "reports" / "sample"
    return [
        path
        for path in committed_files()
        if path.is_relative_to(engine)
        or path.is_relative_to(ROOT / "contracts")
        or path.is_relative_to(ROOT / "reports")
        if not path.is_relative_to(engine / "plans") and not path.is_relative_to(sample)
    ]


def test_the_engine_knows_no_project_by_name():
    files = engine_files()
    assert len(files) > 10
    found = [hit for path in files for hit in hits(PROJECT, path) + hits(CAMEL_CASED, path)]
    found += [f"{path}: its name" for path in files if PROJECT.search(path.name)]
    assert found == []


def test_no_registry_host_and_no_path_of_a_machine():
    files = committed_files()
    assert ROOT / "pyproject.toml" in files
    found = [hit for path in files for hit in hits(REGISTRY, path) + hits(MACHINE_PATH, path)]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "no" + "va",
        "NO" + "VA_API",
        "x = no" + "va_api",
        "class No" + "vaObject",
        "isPlace" + "ment",
    ],
)
def test_the_words_are_found(line):
    assert PROJECT.search(line) or CAMEL_CASED.search(line)


@pytest.mark.parametrize("line", ["re" + "placement", "RE" + "PLACEMENT", "inno" + "vation"])
def test_words_that_only_contain_them_are_not(line):
    assert not PROJECT.search(line)
    assert not CAMEL_CASED.search(line)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cd /wo" + "rk/main", True),
        ('"/ho' + 'me/me/x"', True),
        ("/t" + "mp/scratch", True),
        ("$HOME/work/x", False),
        ("https://example.org/work/x", False),
        ("the /tmp folder", False),
    ],
)
def test_machine_paths_are_told_from_others(line, found):
    assert bool(MACHINE_PATH.search(line)) == found


def test_commands_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"^\s+\./([\w./-]+)", readme, re.MULTILINE))
    assert named >= {"run-demo", "run-tests"}
    for name in named:
        assert (ROOT / name).stat().st_mode & 0o100, f"{name} is not executable"


@pytest.mark.parametrize("script", sorted((ROOT / "tests" / "benchmarks").glob("[!_]*.py")))
def test_a_benchmark_can_still_be_loaded(script):
    # They run by hand: what one imports may be gone for weeks before somebody sees it.
    spec = importlib.util.spec_from_file_location(f"tests.benchmarks.{script.stem}", script)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


# What a convention knows stands in its file only: these words are literals nowhere else. The
# command line reads a user's own settings for this tool, and tells people where they are.
OF_CONVENTIONS = re.compile(
    r"\.tests\b|setup\.cfg|pyproject\.toml|\w*requirements\.(?:txt|in)|Opt\b|\bpbr\b|stestr"
    r"|releasenotes|conftest"
)
EXCEPTIONS = {
    "contracts/extractor_contracts/configuration.py": "import-linter looks for its settings there",
    "extractor/plan/draft.py": "the place of tests in a package that is written anew",
    "extractor/plan/drafting/roots.py": "roots.tests is a key of a plan",
    "extractor/verification/checks/style.py": "flake8 looks for its settings there",
}


def literals(path):
    """The strings of a file that are no documentation."""
    tree = ast.parse(path.read_bytes())
    told = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def test_only_conventions_know_what_is_a_convention():
    engine = ROOT / "extractor"
    found = {
        f"{path.relative_to(ROOT).as_posix()}:{line}: {text[:60]!r}"
        for path in engine_files()
        if path.suffix == ".py"
        and not path.is_relative_to(engine / "project")
        and not path.is_relative_to(engine / "cli")
        for line, text in literals(path)
        if OF_CONVENTIONS.search(text)
    }
    assert {hit for hit in found if hit.partition(":")[0] not in EXCEPTIONS} == set()
    assert {hit.partition(":")[0] for hit in found} == EXCEPTIONS.keys()


def test_rewrites_are_run_by_their_driver_alone():
    """Outside of ``rewrites`` nobody calls ``run`` or ``rewrite`` of one."""
    names = {one.name for one in registered()}
    elsewhere = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in engine_files()
        if path.suffix == ".py" and ROOT / "extractor" / "rewrites" not in path.parents
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute)
        and node.attr in {"run", "rewrite"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {*names, "rewrite"}
    ]
    assert elsewhere == []


def test_there_is_one_list_of_the_standard_library():
    listing = re.compile(r"stdlib_module_names|\bhttplib\b|\bcPickle\b")
    owner = ROOT / "extractor" / "project" / "standard_library.py"
    found = {
        path.relative_to(ROOT).as_posix()
        for path in engine_files()
        if path.suffix == ".py" and path != owner
        for _line, text in [*literals(path), *names(path)]
        if listing.search(text)
    }
    assert found == set()


def names(path):
    """The names that a file uses, with their lines."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
