"""What other projects' CI takes from here: hooks, the action, the snippets of docs/ci.md."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONTRACTS = """\
[tool.importlinter]
root_packages = ["shop"]
contract_types = ["quiet_init: extractor_contracts.quiet_init.QuietInit"]

[[tool.importlinter.contracts]]
id = "quiet"
name = "quiet"
type = "quiet_init"
packages = ["shop"]
"""


@pytest.fixture
def shop(tmp_path):
    """A project, and a PATH on which extractor is this one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "extractor").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m extractor "$@"\n')
    (programs / "extractor").chmod(0o755)
    project = tmp_path / "project"
    (project / "shop").mkdir(parents=True)
    (project / "shop" / "__init__.py").write_text("")
    (project / "shop" / "till.py").write_text("import os\n\nprint(os)\n")
    (project / "contracts.toml").write_text(CONTRACTS)
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "contracts", "reports"))
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": paths}

    def run(*command, **variables):
        done = subprocess.run(
            command, cwd=project, env=environment | variables, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr

    run.project = project
    return run


def hook(name):
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (found,) = (one for one in hooks if one["id"] == name)
    return shlex.split(found["entry"])


def broken(shop):
    (shop.project / "shop" / "__init__.py").write_text("from shop import till\n")


def test_the_hook_for_contracts(shop):
    assert shop(*hook("extractor-contracts"))[0] == 0
    broken(shop)
    code, said = shop(*hook("extractor-contracts"), "--config", "contracts.toml")
    assert code == 1 and "imports shop.till" in said


def test_the_hook_for_a_rewrite(shop):
    command = [*hook("extractor-rewrite"), "remove_unused_imports", "shop/till.py"]
    assert shop(*command)[0] == 0
    (shop.project / "shop" / "till.py").write_text("import os\nimport sys\n\nprint(os)\n")
    code, said = shop(*command)
    assert code == 1 and "-import sys" in said


@pytest.mark.parametrize("sarif", ["", "found.sarif"])
def test_the_action(shop, sarif):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    script = action["runs"]["steps"][-1]["run"]
    variables = {"CONFIG": "contracts.toml", "SOURCE": ".", "SARIF": sarif}
    assert set(action["inputs"]) == {name.lower() for name in variables}
    assert shop("bash", "-e", "-c", script, **variables)[0] == 0
    broken(shop)
    assert shop("bash", "-e", "-c", script, **variables)[0] == 1
    assert (shop.project / "found.sarif").exists() == bool(sarif)


def test_the_snippets_are_yaml():
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.S)
    loaded = [yaml.safe_load(block) for block in blocks]
    assert len(loaded) >= 4
    (gitlab,) = (one for one in loaded if isinstance(one, dict) and "contracts" in one)
    assert gitlab["contracts"]["script"][-1].startswith("extractor contracts check")
