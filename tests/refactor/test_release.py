"""The series on a real release: what it buys, that it applies, and what is extracted afterwards."""

import ast
import re

import pytest
from extractor_contracts.configuration import load
from extractor_contracts.run import run

from extractor.contracting.world import world_of
from extractor.errors import NothingToDo
from extractor.parsing import parse_ast
from extractor.pipeline import analyse, rewrite
from extractor.plan.load import load_plan, plan_folder
from extractor.plan.series import load_series
from extractor.progress import Progress
from extractor.refactor.run import refactor
from extractor.source.opening import open_source
from extractor.source.tree import GitTree
from tests.repositories import git

ROOT = "nova.api.openstack.placement.wsgi"
MIGRATIONS = "nova/db/sqlalchemy/api_migrations/migrate_repo/versions"
# Files that read otherwise when they are extracted after the series.
DIFFERENT = {
    # Makes its tables from the models: the migrations are the old package's until the end.
    "placement/tests/database.py",
    # Docstrings only: a line was wrapped while the name in it was longer.
    "placement/objects/resource_provider.py",
    # An alias where the longer name did not fit the line.
    "placement/tests/functional/db/test_resource_provider.py",
    "placement/tests/unit/objects/test_resource_provider.py",
    # A line of prose that the longer name broke, and what was not true any more after the move.
    "doc/source/contributor/placement.rst",
}

pytestmark = [pytest.mark.pypi, pytest.mark.slow]


@pytest.fixture(scope="module")
def plan():
    return load_plan("placement")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("workspace")
    with open_source(
        "pypi:nova==17.0.13", None, workspace=workspace, progress=Progress()
    ) as source:
        yield source


@pytest.fixture(scope="module")
def done(source, plan, tmp_path_factory):
    """OUTPUT of the whole series, and its manifest."""
    output = tmp_path_factory.mktemp("series") / "output"
    return output, refactor(source, plan, load_series(plan), output, until="removed")


def decoupled(manifest):
    """The commits of the first phase."""
    return [r for r in manifest.series if r.phase == "decoupled" and r.revision]


def test_each_step_is_done_and_the_application_loads_little(done):
    _, manifest = done
    # Later releases have more to let go of.
    assert [record.title for record in manifest.series if record.status != "done"] == [
        "Fake providers in the libvirt driver's tests",
        "Leave Placement's own database to its package",
    ]
    assert (manifest.failed, manifest.left_for_a_person) == ([], [])
    first, last = (decoupled(manifest)[n].effects[0] for n in (0, -1))
    assert (first.module, first.before) == (ROOT, 277)
    assert last.after <= 60


def test_at_the_end_it_has_left_and_nothing_names_it(done, plan, tmp_path):
    output, manifest = done
    assert [(check.name, check.outcome) for check in manifest.checks] == [("gone_names", "held")]
    assert manifest.series[-1].users == (0, 0)
    paths = set(git(output / "nova", "ls-tree", "-r", "--name-only", "HEAD").split())
    rules = plan.data.layout.files
    went = {path for path in paths if any(rule.target(path) for rule in rules)} - plan.inside.keys()
    assert went == {"LICENSE"}
    # The client, the tables that stay, the application's old name, the fixture of tests.
    assert {path for path in paths if "placement" in path and "notes/" not in path} == {
        "nova/api/placement_api.py",
        "nova/conf/placement.py",
        f"{MIGRATIONS}/029_placement_aggregates.py",
        f"{MIGRATIONS}/043_placement_consumers.py",
        f"{MIGRATIONS}/044_placement_add_projects_users.py",
        "nova/tests/functional/placement_service.py",
        "nova/tests/functional/test_placement_service.py",
        "nova/tests/unit/api/test_placement_api.py",
    }
    for path in paths:
        if path.endswith(".py") and path.startswith("nova/"):
            parse_ast((output / "nova" / path).read_bytes(), path)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    with (
        open_source(str(output / "nova"), None, workspace=workspace, progress=Progress()) as after,
        pytest.raises(NothingToDo, match="has left"),
    ):
        refactor(after, plan, load_series(plan), tmp_path / "again", until="removed")


def test_tests_go_where_the_series_leads(done):
    output, manifest = done
    with GitTree(output / "nova/.git", decoupled(manifest)[-1].revision) as tree:
        tests = {
            p: tree.read(p).decode()
            for p in tree.paths()
            if p.startswith("nova/tests/") and p.endswith(".py")
        }
    # Whoever runs the application in its process makes the database that it asks for.
    running = {path for path, text in tests.items() if "deploy.loadapp(" in text}
    base = "nova/tests/functional/api/openstack/placement/fixtures.py"
    assert len(running) == 4
    assert {path for path in running if "database.Database()" not in tests[path]} == {base}
    # An object's driver is the module now, and what lies below the package is not below it.
    assert [path for path, text in tests.items() if re.search(r"self[.\w]*\.db\.sqlal", text)] == []


def test_a_later_release_lets_go_as_well(plan, tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    with open_source("pypi:nova==18.0.2", None, workspace=workspace, progress=Progress()) as later:
        manifest = refactor(later, plan, load_series(plan), tmp_path / "out", until="removed")
    assert [(check.name, check.outcome) for check in manifest.checks] == [("gone_names", "held")]
    assert manifest.left_for_a_person == []
    # Python 2 only, and upstream has not changed it either.
    assert {failure.path for failure in manifest.failed} == {"tools/xenserver/vm_vdi_cleaner.py"}
    # A test that runs the service twice finds the second time what it had written.
    path = "nova/tests/functional/regressions/test_bug_1679750.py"
    text = (tmp_path / "out/nova" / path).read_text()
    assert text.count("with placement_service.PlacementFixture(surroundings) as placement:") == 2
    assert "PlacementFixture() as placement" not in text


def test_the_patches_apply_to_a_clean_checkout(done, source, tmp_path):
    output, manifest = done
    git(tmp_path, "clone", "-q", str(source.git_dir), "fresh")
    git(tmp_path / "fresh", "checkout", "-q", source.revision)
    git(tmp_path / "fresh", "am", "-q", *(str(output / r.patch) for r in manifest.series))
    trees = {git(f, "rev-parse", "HEAD^{tree}") for f in (tmp_path / "fresh", output / "nova")}
    assert len(trees) == 1


def test_the_contracts_hold_without_a_baseline(done):
    output, manifest = done
    configuration = load(plan_folder("placement") / "contracts" / "nova.toml")
    with GitTree(output / "nova/.git", decoupled(manifest)[-1].revision) as tree:
        world = world_of(tree, configuration.packages)
    verdicts = run(configuration, world, {})
    assert [verdict.name for verdict in verdicts if not verdict.kept] == []


def test_afterwards_there_is_nothing_to_do_and_the_extraction_is_the_same(
    done, source, plan, tmp_path
):
    output, manifest = done
    direct = rewrite(source.tree, analyse(source.tree, plan)).files
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    tip = decoupled(manifest)[-1].revision
    with open_source(str(output / "nova"), tip, workspace=workspace, progress=Progress()) as after:
        with pytest.raises(NothingToDo, match="has all 18 steps already"):
            refactor(after, plan, load_series(plan), tmp_path / "again")
        by_way = rewrite(after.tree, analyse(after.tree, plan)).files
    assert direct.keys() == by_way.keys()
    assert {path for path in direct if meaning(path, direct) != meaning(path, by_way)} == DIFFERENT


def meaning(path, files):
    """What must be equal of a file: the syntax tree of code, the bytes of all else."""
    content = files[path]
    return ast.dump(parse_ast(content, path)[0]) if path.endswith(".py") else content
