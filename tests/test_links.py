"""Links among what a plan takes: modules and files they name are found in the result too."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repositories import committed, git, write
from tests.shop import FILES, PLAN, call

RULE = '\n[[layout.files]]\nfrom = "shop/till/data/*"\nto = "till/data/"\n'


@pytest.fixture
def shop(tmp_path):
    committed(tmp_path / "shop", FILES)

    def link(path, target):
        (tmp_path / "shop" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / path).symlink_to(target)

    def run(form="moved"):
        write(tmp_path, {"plan/plan.toml": PLAN + RULE})
        git(tmp_path / "shop", "add", "-A")
        git(tmp_path / "shop", "commit", "-qm", "Link")
        plan = ("--plan", tmp_path / "plan")
        assert (
            call("run", tmp_path / "shop", tmp_path / "out", *plan, "--history", form, "--quiet")
            == 0
        )
        assert call("history", "check", tmp_path / "out/till", *plan, "--quiet") == 0
        assert call("report", tmp_path / "out", *plan, "--quiet") == 0
        return tmp_path / "out" / "till"

    run.link = link
    run.write = lambda files: write(tmp_path / "shop", files)
    return run


def tasks(target):
    manifest = json.loads((target.parent / "manifest.json").read_text())
    return {task["subject"]: task["task"] for task in manifest["left_for_a_person"]}


@pytest.mark.parametrize("form", ["moved", "rewritten"])
def test_a_module_that_is_a_link_is_one_in_the_result(shop, form):
    shop.link("shop/till/alias.py", "real.py")
    shop.link("shop/till/err.py", "../errors.py")
    door = FILES["shop/till/door.py"].replace(
        "from shop import errors\n", "from shop.till import err as errors\nfrom . import alias\n"
    )
    door = door.replace("    raise", "    alias.helper()\n    raise")
    shop.write(
        {
            "shop/till/door.py": door,
            "shop/till/real.py": "def helper():\n    return 1\n\n\ndef unused():\n    return 2\n",
        }
    )
    target = shop(form)
    assert (target / "till/alias.py").readlink() == Path("real.py")
    assert (target / "till/err.py").readlink() == Path("errors.py")
    assert tasks(target) == {}
    plan = ("--plan", target.parents[1] / "plan")
    assert call("report", target.parent, *plan, "--quiet") == 0
    code = "import till.door, till.alias, till.err; till.alias.helper(); till.err.Broken"
    subprocess.run([sys.executable, "-c", code], cwd=target, check=True)


def test_a_link_outside_the_plan_hands_on_what_it_leads_to(shop):
    shop.link("shop/mistakes.py", "errors.py")
    shop.write({"shop/till/door.py": FILES["shop/till/door.py"].replace("errors", "mistakes")})
    target = shop()
    assert not (target / "till/mistakes.py").exists()
    assert "class Broken" in (target / "till/errors.py").read_text()
    assert "errors" in (target / "till/door.py").read_text()
    assert "shop" not in (target / "till/door.py").read_text()


def test_links_to_data_and_folders_are_led_to_where_these_are(shop):
    shop.write({"shop/till/data/one.txt": "1\n"})
    shop.link("shop/till/data/two.txt", "one.txt")
    shop.link("shop/till/data/up", "../../till/data")
    shop.link("shop/till/data/code.txt", "../../errors.py")
    target = shop()
    found = {path.name: str(path.readlink()) for path in (target / "till/data").iterdir()
             if path.is_symlink()}  # fmt: skip
    assert found == {"two.txt": "one.txt", "up": "../../till/data", "code.txt": "../errors.py"}
    assert tasks(target) == {}


def test_links_that_lead_nowhere_in_the_result_are_named(shop):
    ends = {"gone": "nowhere", "out": "/etc/hostname", "left": "../../heavy.py", "up": "../../.."}
    for name, end in ends.items():
        shop.link(f"shop/till/data/{name}", end)
    target = shop()
    told = tasks(target)
    assert {path.removeprefix("till/data/") for path in told} == set(ends)
    for name, end in ends.items():
        assert f"is a link to {end}" in told[f"till/data/{name}"]
        assert str((target / "till/data" / name).readlink()) == end


def test_links_in_a_circle_and_to_another_package_are_named(shop):
    shop.link("shop/till/one.py", "two.py")
    shop.link("shop/till/two.py", "one.py")
    shop.link("shop/till/other.py", "../../tools/other.py")
    shop.write({"tools/__init__.py": "", "tools/other.py": "x = 1\n"})
    told = tasks(shop())
    assert sorted(told) == [f"shop/till/{name}.py" for name in ("one", "other", "two")]
