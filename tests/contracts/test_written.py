"""The contracts that a run writes: the plan's own, or drawn up from its cut."""

import configparser
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from extractor_contracts import baseline
from extractor_contracts.configuration import load

from extractor.cli import cli
from extractor.contracting.written import write_contracts
from extractor.plan.load import load_plan
from extractor.source.tree import MemoryTree
from tests.shop import FILES, PLAN

OWN = """[tool.importlinter]
root_packages = ["till"]

[[tool.importlinter.contracts]]
id = "quiet"
name = "Packages import nothing by themselves"
type = "quiet_init"
packages = ["till"]
"""
TREES = {
    "shop": MemoryTree({path: text.encode() for path, text in FILES.items()}),
    "till": MemoryTree({"till/__init__.py": b"import json\n", "till/door.py": b"x = 1\n"}),
}


@pytest.fixture
def plan(tmp_path):
    folder = tmp_path / "plan"
    folder.mkdir()
    (folder / "plan.toml").write_text(PLAN)
    return folder


def written(plan, folder):
    found = write_contracts(folder, load_plan(str(plan)), TREES)
    return [path.relative_to(folder).as_posix() for path in found]


def test_a_plan_without_contracts_gets_some_about_its_own_cut(plan, tmp_path):
    out = tmp_path / "out"
    assert written(plan, out) == [
        "shop/contracts/shop.baseline.toml",
        "shop/contracts/shop.toml",
        "shop/github-workflow.yml",
        "shop/gitlab-ci.yml",
        "shop/tox.ini",
        "till/contracts/till.toml",
        "till/github-workflow.yml",
        "till/gitlab-ci.yml",
        "till/tox.ini",
    ]
    configuration = load(out / "shop/contracts/shop.toml")
    assert configuration.packages == ("shop",)
    known = baseline.load(out / "shop/contracts/shop.baseline.toml")
    # What breaks them today: the till asks the stock, which the plan cuts.
    assert list(known["till-to-shop"]) == ["shop.till.door -> shop.stock"]
    assert list(known["till-cascade"]) == ["loads shop.heavy", "loads shop.stock"]
    assert "shop-to-till" not in known
    apart = load(out / "till/contracts/till.toml")
    assert [c.contract_options["forbidden_modules"] for c in apart.contracts] == [["shop"]]


def test_a_plan_with_contracts_gets_these_and_no_others(plan, tmp_path):
    (plan / "contracts" / "snippets").mkdir(parents=True)
    (plan / "contracts" / "till.toml").write_text(OWN)
    (plan / "contracts" / "snippets" / "ci.yaml").write_text("job: NAME-contracts\n")
    out = tmp_path / "out"
    assert written(plan, out) == [
        "till/ci.yaml",
        "till/contracts/till.baseline.toml",
        "till/contracts/till.toml",
        "till/github-workflow.yml",
        "till/gitlab-ci.yml",
        "till/tox.ini",
    ]
    assert (out / "till/ci.yaml").read_text() == "job: till-contracts\n"
    known = baseline.load(out / "till/contracts/till.baseline.toml")
    assert known == {"quiet": {"till -> json": "There before the contract was."}}


def test_the_plan_that_comes_with_the_engine(tmp_path):
    plan = load_plan("placement")
    files = write_contracts(tmp_path, plan, {})
    for name in plan.contracts:
        (job, project) = yaml.safe_load((tmp_path / name / "zuul.yaml").read_text())
        assert (tmp_path / name / job["job"]["run"]).is_file()
        assert project["project"]["check"]["jobs"] == [job["job"]["name"]] == [f"{name}-contracts"]
        (play,) = yaml.safe_load((tmp_path / name / job["job"]["run"]).read_text())
        assert play["tasks"][1]["name"] == "Check the contracts"
    assert not any("NAME" in path.read_text() for path in files)


def test_no_snippet_installs_what_somebody_else_may_have_put_on_an_index(tmp_path):
    write_contracts(tmp_path, load_plan("placement"), {})
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(tmp_path / "placement" / "tox.ini")
    assert tox["testenv:contracts"]["deps"] == "{env:EXTRACTOR}"
    (job, _project) = yaml.safe_load((tmp_path / "placement" / "zuul.yaml").read_text())
    assert job["job"]["vars"]["extractor"] == ""
    jobs = [
        yaml.safe_load((tmp_path / "placement" / "github-workflow.yml").read_text())["jobs"],
        yaml.safe_load((tmp_path / "placement" / "gitlab-ci.yml").read_text()),
    ]
    steps = [step.get("run", "") for step in jobs[0]["contracts"]["steps"]]
    for commands in (steps, jobs[1]["contracts"]["script"]):
        installing = [command for command in commands if "install" in command]
        assert installing == ['python -m pip install "${EXTRACTOR:?say what to install}"']
        assert any("contracts/placement.toml" in command for command in commands)


def test_the_hook_for_pre_commit_is_a_command_of_ours():
    hooks = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    (hook,) = [hook for hook in hooks if hook["id"] == "extractor-contracts"]
    program, *words = hook["entry"].split()
    assert program == "extractor"
    assert "additional_dependencies" not in hook
    assert CliRunner().invoke(cli, [*words, "--help"]).exit_code == 0


def test_the_tox_environment_that_is_written_runs(plan, tmp_path):
    """Its command, as tox would call it in a project with a broken import."""
    written(plan, tmp_path)
    here = tmp_path / "till"
    (here / "till").mkdir()
    (here / "till" / "__init__.py").write_text("import shop\n")
    environment = configparser.ConfigParser(interpolation=None)
    environment.read(here / "tox.ini")
    (command,) = environment["testenv:contracts"]["commands"].strip().splitlines()
    words = command.replace("{posargs}", "--format zuul --output comments.json").split()

    done = subprocess.run([sys.executable, "-m", *words], cwd=here, capture_output=True, text=True)

    assert done.returncode == 1, done.stderr
    comments = json.loads((here / "comments.json").read_text())["zuul"]["file_comments"]
    assert any("imports shop" in c["message"] for c in comments["till/__init__.py"])
