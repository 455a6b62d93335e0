"""Links and submodules where a plan takes from are named, and nothing else is."""

import json

import pytest

from tests.repositories import committed, git, write
from tests.shop import FILES, PLAN, call

RULE = '\n[[layout.files]]\nfrom = "vendor/*"\nto = "vendor/"\n'


@pytest.fixture
def tasks(tmp_path):
    def told() -> dict[str, str]:
        write(tmp_path, {"plan/plan.toml": PLAN + RULE})
        git(tmp_path / "shop", "commit", "-qm", "more")
        call("run", tmp_path / "shop", tmp_path / "out", "--plan", tmp_path / "plan", "--quiet")
        manifest = json.loads((tmp_path / "out/manifest.json").read_text())
        return {task["subject"]: task["task"] for task in manifest["left_for_a_person"]}

    committed(tmp_path / "shop", FILES)
    return told


def test_a_submodule_inside_is_named_and_one_outside_is_not(tasks, tmp_path):
    for path in ("vendor/inside", "shop/till/lib", "other/outside"):
        git(tmp_path / "shop", "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{path}")
    told = tasks()
    assert "submodule at 111111111111" in told["vendor/inside"]
    assert "submodule at 111111111111" in told["shop/till/lib"]
    assert "other/outside" not in told


def test_a_module_that_is_a_link_to_nothing_is_named_and_one_outside_is_not(tasks, tmp_path):
    for path in ("shop/till/alias.py", "shop/alias.py"):
        (tmp_path / "shop" / path).symlink_to("nothing.py")
    git(tmp_path / "shop", "add", "-A")
    told = tasks()
    assert "is a link to nothing.py" in told["shop/till/alias.py"]
    assert "shop/alias.py" not in told
