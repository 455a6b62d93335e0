"""The whole job: on a monolith small enough to read, and on a release of nova."""

import json

import pytest

from extractor.cli import main
from tests.repositories import committed, git, write

PLAN = """\
name = "small"
source_package = "big"
target_package = "small"

[roots]
packages = ["big.sub"]
tests = ["big.tests.sub"]
entry_points = ["small.app:main"]

[[cut]]
subject = "big.objects:register_all"
reason = "It loads every object there is."

[[replace]]
subject = "big.config"
with = "small.config"
reason = "It sets up all of the big one's services."

[layout.modules]
"big.sub" = "small"
"big.errors" = "small.errors"
"big.tests.sub" = "small.tests"

[drop]
all = true
public = true

[[layout.strings]]
files = "small/app.py"
old = "big"
new = "small"

[packaging]
distribution = "small-one"
requirements = "requirements.txt"
test_requirements = "test-requirements.txt"

[packaging.scripts]
small-app = "small.app:main"

[verify]
tests = ["small/tests"]
"""

SOURCE = {
    "big/__init__.py": "import asyncore_like\n",
    "big/config.py": "import heavy\ndef parse(args): pass\n",
    "big/errors.py": (
        "# A licence.\n\n\nclass Base(Exception):\n    pass\n\n\nclass Lost(Base):\n    pass\n\n\n"
        "class Other(Base):\n    pass\n"
    ),
    "big/objects.py": "def register_all():\n    pass\n",
    "big/sub/__init__.py": "",
    "big/sub/app.py": (
        "import requests\n\nfrom big import config\nfrom big import errors\n"
        "from big import objects\n"
        "\nNAME = 'big'\n\nobjects.register_all()\n\n\ndef main(async=None):\n"
        "    config.parse([NAME])\n    raise errors.Lost(requests.get(async))\n\n\n"
        "def never():\n    pass\n"
    ),
    "big/tests/__init__.py": "",
    "big/tests/sub/__init__.py": "",
    "big/tests/sub/test_app.py": (
        "import unittest\n\nfrom unittest import mock\n\nfrom big.sub import app\n\n\n"
        "class TestApp(unittest.TestCase):\n"
        "    @mock.patch('big.sub.app.NAME', 'x')\n"
        "    def test_main(self):\n        app.main\n"
    ),
    "requirements.txt": "requests>=1 # Apache\nunused>=2\n",
    "test-requirements.txt": "",
}
TEMPLATES = {
    "overlay/small/config.py": "def parse(args):\n    return args\n",
    "packaging/setup.cfg": (
        "[metadata]\nname = ${distribution}\n\n[entry_points]\nconsole_scripts =\n"
        "    small-app = small.app:main\n\n${entry_points}\n"
    ),
}


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    committed(folder, SOURCE)
    write(tmp_path / "plan", {"plan.toml": PLAN, **TEMPLATES})
    return folder


def extract(source, output, *more):
    with pytest.raises(SystemExit) as ended:
        plan = str(source.parent / "plan")
        main(["run", str(source), str(output), "--plan", plan, "--quiet", *more])
    return ended.value.code


def test_a_small_monolith_from_end_to_end(source, tmp_path, capsys):
    output = tmp_path / "output"
    assert extract(source, output) == 0, capsys.readouterr()
    result = output / "small"
    assert git(result, "status", "--porcelain") == ""
    assert (result / "small/app.py").read_text() == (
        "import requests\n\nfrom small import config\nfrom small import errors\n\nNAME = 'small'\n"
        "\n\ndef main(async=None):\n"
        "    config.parse([NAME])\n    raise errors.Lost(requests.get(async))\n"
    )
    assert (result / "small/errors.py").read_text() == (
        "# A licence.\n\n\nclass Base(Exception):\n    pass\n\n\nclass Lost(Base):\n    pass\n"
    )
    assert "small.app.NAME" in (result / "small/tests/test_app.py").read_text()
    assert (result / "requirements.txt").read_text() == "requests>=1 # Apache\n"
    manifest = json.loads((output / "manifest.json").read_text())
    assert {d["subject"]: d["outcome"] for d in manifest["decisions"]} == {
        "big.objects:register_all": "applied",
        "big.config": "applied",
    }
    assert manifest["dropped"] == [
        {"symbol": "small.app:never", "reason": "no entry point and no test leads to it"}
    ]
    assert manifest["proposed"] == manifest["kept"] == []
    assert manifest["left_for_a_person"] == manifest["failed"] == []
    assert "All of it" in git(result, "log", "--format=%s", "upstream")


def without_drops(plan):
    return plan.replace("[drop]\nall = true\npublic = true\n", "")


def test_nothing_is_dropped_that_the_plan_does_not_drop(source, tmp_path):
    plan = tmp_path / "plan/plan.toml"
    unused = "import os\n\n\ndef _unused():\n    pass\n"
    write(source, {"big/sub/more.py": unused})
    git(source, "add", "-A")
    git(source, "commit", "-qm", "More")
    plan.write_text(without_drops(PLAN))
    assert extract(source, tmp_path / "one") == 0
    small = tmp_path / "one/small/small"
    assert "def never" in (small / "app.py").read_text()
    assert (small / "more.py").read_text() == unused
    manifest = json.loads((tmp_path / "one/manifest.json").read_text())
    assert manifest["dropped"] == []
    assert manifest["proposed"] == [
        {
            "symbol": "small.more:_unused",
            "path": "small/more.py",
            "line": 4,
            "lines": 2,
            "reason": "private, and nothing that is reached uses it",
        }
    ]
    plan.write_text(without_drops(PLAN) + '[drop]\nnames = ["small.more:*"]\n')
    assert extract(source, tmp_path / "two") == 0
    assert "_unused" not in (tmp_path / "two/small/small/more.py").read_text()
    plan.write_text(without_drops(PLAN) + '[drop]\nall = true\nkeep = ["*:_unused"]\n')
    assert extract(source, tmp_path / "three") == 0
    assert "def _unused" in (tmp_path / "three/small/small/more.py").read_text()


def test_what_only_the_rest_of_the_source_uses_comes_along(source, tmp_path):
    write(source, {"tools/run.py": "from big.sub import app\n\napp.never()\n"})
    git(source, "add", "-A")
    git(source, "commit", "-qm", "A tool")
    assert extract(source, tmp_path / "out") == 0
    assert "def never" in (tmp_path / "out/small/small/app.py").read_text()
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["kept"] == [{"symbol": "small.app:never", "used_at": "tools/run.py:3"}]
    assert {"name": "dead_code", "outcome": "held"}.items() <= manifest["checks"][2].items()


def test_a_name_that_the_source_binds_nowhere_either_is_told_and_held_against_nobody(
    source, tmp_path
):
    app = source / "big/sub/app.py"
    app.write_text(app.read_text() + "\n# an old line end\rnowhere\n", newline="")
    git(source, "commit", "-qam", "Name nothing")
    assert extract(source, tmp_path / "output") == 0
    manifest = json.loads((tmp_path / "output/manifest.json").read_text())
    assert manifest["unbound"] == [{"path": "small/app.py", "name": "nowhere"}]
    told = [one["task"] for one in manifest["left_for_a_person"]]
    assert told == ["nowhere is not bound anywhere, nor in the source"]


def test_twice_the_same_commit_and_the_source_untouched(source, tmp_path):
    before = git(source, "status", "--porcelain"), git(source, "rev-parse", "HEAD")
    assert extract(source, tmp_path / "one") == extract(source, tmp_path / "two") == 0
    heads = {git(tmp_path / name / "small", "rev-parse", "HEAD") for name in ("one", "two")}
    assert len(heads) == 1
    assert (git(source, "status", "--porcelain"), git(source, "rev-parse", "HEAD")) == before


def test_rewritten_history_reads_as_the_new_package(source, tmp_path):
    assert extract(source, tmp_path / "output", "--history", "rewritten") == 0
    old = git(tmp_path / "output/small", "show", "upstream:small/app.py")
    assert "from small import errors" in old
    assert "def main(async=None)" in old


def test_an_output_that_exists_is_refused(source, tmp_path, capsys):
    (tmp_path / "output").mkdir()
    assert extract(source, tmp_path / "output") == 2
    assert "exists already" in capsys.readouterr().err


def test_a_plan_that_leaves_nothing_is_refused(source, tmp_path, capsys):
    plan = tmp_path / "plan/plan.toml"
    lines = [line for line in PLAN.splitlines() if "tests" not in line and "small.app" not in line]
    plan.write_text("\n".join(lines))
    write(source, {"big/sub/__init__.py": "# A licence.\n"})
    git(source, "rm", "-rq", "big/tests/sub")
    git(source, "commit", "-qam", "License it")
    assert extract(source, tmp_path / "out") == 2
    assert '"small" for all of it' in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_something_reached_without_a_place_is_left_for_a_person(source, tmp_path):
    plan = tmp_path / "plan/plan.toml"
    plan.write_text(PLAN.replace('"big.errors" = "small.errors"\n', ""))
    assert extract(source, tmp_path / "output") == 1
    manifest = json.loads((tmp_path / "output/manifest.json").read_text())
    assert "big.errors:Lost" in {t["subject"] for t in manifest["left_for_a_person"]}


@pytest.mark.pypi
@pytest.mark.slow
def test_placement_out_of_a_release_of_nova(released):
    manifest = json.loads((released / "manifest.json").read_text())
    assert {check["outcome"] for check in manifest["checks"]} == {"held"}
    assert manifest["counts"]["production_lines"] <= 9000
    assert sum(d["outcome"] == "applied" for d in manifest["decisions"]) <= 15
    assert sum(o["code_lines"] for o in manifest["overlay"]) <= 650
    (carried,) = (c for c in manifest["checks"] if c["name"] == "tests_carried")
    assert any(line.startswith("711 tests") for line in carried["evidence"])
