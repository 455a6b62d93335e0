"""A real file through three releases, between which it moves and changes at once."""

import re

import pytest

from extractor.carving.renaming import historic_rewrite
from extractor.history.carry import carry_history
from extractor.history.check import check_history
from extractor.history.commits import Identity
from extractor.moves import WholeMove
from extractor.pipeline import analyse
from extractor.plan.load import load_plan
from extractor.progress import Progress
from extractor.source.opening import open_source
from extractor.source.tree import run_git
from tests.history.following import append_history

NOW = "nova/api/openstack/placement/objects/resource_provider.py"
BEFORE = "nova/objects/resource_provider.py"
TARGET = "placement/objects/resource_provider.py"


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    with open_source(
        "pypi:nova==16.1.8,17.0.13,18.0.2",
        None,
        workspace=tmp_path_factory.mktemp("releases"),
        progress=Progress(),
    ) as source:
        yield source


def blamed(git_dir, revision, path):
    """How many lines of a file each commit's subject has."""
    found = {}
    text = run_git(git_dir, "blame", "-w", "--line-porcelain", revision, "--", path)
    for line in text.splitlines():
        if line.startswith(b"summary "):
            found[line[8:].decode()] = found.get(line[8:].decode(), 0) + 1
    return found


@pytest.mark.pypi
def test_a_file_that_moves_and_changes_at_once(releases, tmp_path):
    carried = carry_history(
        releases.git_dir, releases.revision, [WholeMove(NOW, TARGET)], tmp_path / "out"
    )
    (step,) = carried.lineages.followed
    assert (step.old_path, step.path, step.kind) == (BEFORE, NOW, "rename")
    # A good half of it stayed: git takes less than half for another file.
    assert 50 <= step.similarity < 70
    checked = check_history(releases.git_dir, tmp_path / "out")
    assert checked.problems == ()
    assert checked.commits == 3
    here = blamed(tmp_path / "out" / ".git", "upstream", TARGET)
    assert here == blamed(releases.git_dir, releases.revision, NOW)
    assert len(here) == 3 and min(here.values()) > 200


@pytest.mark.pypi
def test_each_release_reads_as_the_new_package(releases, tmp_path):
    layout = analyse(releases.tree, load_plan("placement")).layout
    moves = [move for move in layout.moves if move.target.startswith("placement/")]
    make_rewrite = historic_rewrite(layout)
    carry_history(
        releases.git_dir, releases.revision, moves, tmp_path / "out",
        form="rewritten", make_rewrite=make_rewrite,
    )  # fmt: skip
    checked = check_history(
        releases.git_dir, tmp_path / "out", make_rewrite=make_rewrite, blame=False
    )
    assert (checked.problems, checked.unreadable) == ((), 0)
    assert checked.python_versions > 100
    old = run_git(tmp_path / "out" / ".git", "log", "--format=%H", "--reverse", "upstream")
    first = old.decode().split()[0]
    text = run_git(tmp_path / "out" / ".git", "show", f"{first}:placement/handlers/inventory.py")
    assert re.search(rb"^from placement import \w+$", text, re.MULTILINE)
    assert b"nova.api.openstack.placement" not in text


@pytest.mark.pypi
def test_the_next_release_is_appended(releases, tmp_path):
    middle = run_git(releases.git_dir, "rev-parse", "17.0.13^{commit}").decode().strip()
    before = carry_history(releases.git_dir, middle, [WholeMove(BEFORE, TARGET)], tmp_path / "out")
    append_history(
        releases.git_dir, releases.revision, [WholeMove(NOW, TARGET)], tmp_path / "out",
        author=Identity("A", "a@b"),
    )  # fmt: skip
    fresh = carry_history(
        releases.git_dir, releases.revision, [WholeMove(NOW, TARGET)], tmp_path / "fresh"
    )
    assert before.counts["commits"] == 2
    tip = run_git(tmp_path / "out" / ".git", "rev-parse", "upstream").decode().strip()
    assert tip == fresh.tip
