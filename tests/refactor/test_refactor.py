"""The series on a monolith small enough to read: its steps, its commits, and what comes of it."""

import ast
import json

import pytest

from extractor.cli import main
from extractor.errors import UsageError
from extractor.parsing import parse_ast
from extractor.plan.load import load_plan
from extractor.plan.series import load_series
from tests.repositories import committed, git, write

PLAN = """\
name = "small"
source_package = "big"
target_package = "small"

[roots]
packages = ["big.api.sub"]
tests = ["big.tests.sub", "big.tests.subbase"]
entry_points = ["small.app:main"]

[[cut]]
subject = "big.objects:register_all"
reason = "It loads every object there is."

[[replace]]
subject = "big.config"
with = "small.config"
reason = "It sets up all of the big one's services."

[layout]
whole = ["big.kinds", "big.objects.thing"]

[layout.modules]
"big.api.sub" = "small"
"big.errors" = "small.errors"
"big.kinds" = "small.kinds"
"big.objects.fields" = "small.kinds"
"big.objects.thing" = "small.objects.thing"
"big.tests.sub" = "small.tests"
"big.tests.subbase" = "small.tests.base"

[packaging]
distribution = "small-one"
requirements = "requirements.txt"
test_requirements = "test-requirements.txt"
"""
SERIES = """\
branch = "letting-go"
probes = ["big.api.sub.app", "big"]

[homes]
"small" = "big.api.sub"
"small.kinds" = "big.kinds"
"small.tests" = "big.tests.sub"

[[step]]
title = "Prepare where processes start"
reason = "Everybody pays for what one process needs."

[[step.rewrite]]
name = "move_statements"
settings = { statements = ["import heavy"], sources = ["big"], targets = ["big.cmd"] }

[[step]]
title = "Give Kind a module of its own"
reason = "Both sides name kinds of things."
share = ["big.objects.fields"]

[[step]]
title = "Give the subsystem its own errors"
reason = "It raises two of all there are."
own = ["big.errors"]

[[step]]
title = "Register nothing"
reason = "Its objects are never sent."
cut = ["big.objects:register_all"]

[[step]]
title = "Move the thing"
reason = "Nobody else uses it in production."
move = ["big.objects.thing"]

[[step]]
title = "Configure the subsystem by itself"
reason = "It reads one option of hundreds."
replace = ["big.config"]

[[step.edit]]
files = "big/server.py"
old = "app\\\\.main\\\\(\\\\)"
new = "app.main(CONFIG)"
"""
SOURCE = {
    "big/__init__.py": "import heavy\n",
    "big/cmd/__init__.py": "",
    "big/api/__init__.py": "",
    "big/config.py": "from big import errors\n\nEVERYTHING = errors\n\n\ndef parse(args): pass\n",
    "big/errors.py": (
        "# A licence.\n\n\nclass Base(Exception):\n    pass\n\n\nclass Lost(Base):\n    pass\n\n\n"
        "class Taken(Base):\n    pass\n\n\nclass Other(Base):\n    pass\n"
    ),
    "big/objects/__init__.py": "def register_all():\n    __import__('big.objects.other')\n",
    "big/objects/fields.py": (
        "import re\n\n\nclass Kind(object):\n    ONE = re.compile('1')\n\n\nclass Colour(object):\n"
        "    RED = 'red'\n"
    ),
    "big/objects/other.py": "from big.objects import fields\n\nRED = fields.Colour.RED\n",
    "big/objects/thing.py": (
        "from big import errors\nfrom big.objects import fields\n\n\ndef find(kind):\n"
        "    if kind == fields.Kind.ONE:\n        raise errors.Lost()\n"
    ),
    "big/server.py": (
        "from big import errors\nfrom big.api.sub import app\nfrom big.objects import fields\n\n"
        "CONFIG = fields.Kind.ONE\n\n\ndef serve():\n    try:\n        app.main()\n"
        "    except errors.Taken:\n        pass\n"
    ),
    "big/api/sub/__init__.py": "",
    "big/api/sub/app.py": (
        "from big import config\nfrom big import errors\nfrom big import objects\n"
        "from big.objects import thing\n\nobjects.register_all()\n\n\ndef main(args=()):\n"
        "    config.parse(args)\n    thing.find(1)\n    raise errors.Taken()\n"
    ),
    "big/tests/__init__.py": "",
    "big/tests/sub/__init__.py": "",
    "big/tests/sub/test_app.py": (
        "import unittest\n\nfrom unittest import mock\n\nfrom big.api.sub import app\n\n\n"
        "class TestApp(unittest.TestCase):\n"
        "    @mock.patch('big.objects.thing.find')\n"
        "    def test_main(self, find):\n        app.main\n"
    ),
    "big/tests/test_server.py": "from big import objects\n\n\nobjects.thing.find('1')\n",
    "notes.txt": "See big.objects.thing for more.\n",
    "requirements.txt": "requests>=1 # Apache\n",
    "test-requirements.txt": "",
}
PLAN_FILES = {
    "plan.toml": PLAN,
    "series.toml": SERIES,
    "overlay/small/config.py": "def parse(args):\n    return args\n",
    "overlay/small/never.py": "def unused():\n    pass\n",
}


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    committed(folder, SOURCE)
    write(tmp_path / "plan", PLAN_FILES)
    return folder


def run(verb, source, output, *more):
    with pytest.raises(SystemExit) as ended:
        plan = str(source.parent / "plan") if (source.parent / "plan").is_dir() else "placement"
        main([verb, str(source), str(output), "--plan", plan, "--quiet", *more])
    return ended.value.code


@pytest.fixture
def done(source, tmp_path):
    """OUTPUT of a run, its manifest and its clone."""
    output = tmp_path / "output"
    assert run("refactor", source, output) == 0
    return output, json.loads((output / "manifest.json").read_text()), output / "big"


def changes(clone, number):
    """The lines that commit ``number`` of the series took out and put in, by file."""
    revisions = git(clone, "rev-list", "--reverse", "main..letting-go").split()
    shown = git(clone, "show", "--format=", "-M", "-U0", revisions[number - 1])
    found, path = {}, ""
    for line in shown.splitlines():
        if line.startswith(("--- a/", "+++ b/")):
            path = line[6:]
        elif line.startswith(("-", "+")) and not line.startswith(("---", "+++")):
            found.setdefault(path, []).append(line)
    return found


def test_every_step_is_one_commit_with_its_own_idea_only(done):
    _, manifest, clone = done
    assert [(s["title"], s["status"]) for s in manifest["series"]] == [
        ("Prepare where processes start", "done"),
        ("Give Kind a module of its own", "done"),
        ("Give the subsystem its own errors", "done"),
        ("Register nothing", "done"),
        ("Move the thing", "done"),
        ("Configure the subsystem by itself", "done"),
    ]
    assert changes(clone, 1) == {
        "big/__init__.py": ["-import heavy"],
        "big/cmd/__init__.py": ["+import heavy"],
    }
    assert changes(clone, 4) == {
        "big/api/sub/app.py": ["-from big import objects", "-objects.register_all()", "-"]
    }


def test_what_both_sides_name_is_named_by_both_from_its_new_place(done):
    _, _, clone = done
    found = changes(clone, 2)
    assert found["big/server.py"] == [
        "-from big.objects import fields",
        "+from big import kinds as fields",
    ]
    assert found["big/objects/fields.py"] == [
        "-import re",
        "-",
        "-",
        "-class Kind(object):",
        "-    ONE = re.compile('1')",
        "-",
        "-",
    ]
    assert "big/objects/other.py" not in found


def test_what_only_the_subsystem_uses_leaves_and_the_rest_is_on_both_sides(done):
    _, _, clone = done
    found = changes(clone, 3)
    assert "-class Lost(Base):" in found["big/errors.py"]
    assert "-class Taken(Base):" not in found["big/errors.py"], "the server catches it"
    assert "+class Taken(Base):" in found["big/api/sub/errors.py"]
    assert "big/server.py" not in found


def test_a_moved_module_is_found_again_however_it_is_named(done):
    _, _, clone = done
    found = changes(clone, 5)
    assert found["big/tests/test_server.py"] == [
        "-from big import objects",
        "+from big.api.sub.objects import thing",
        "-objects.thing.find('1')",
        "+thing.find('1')",
    ]
    assert (
        "+    @mock.patch('big.api.sub.objects.thing.find')" in found["big/tests/sub/test_app.py"]
    )
    assert found["notes.txt"][1] == "+See big.api.sub.objects.thing for more."


def test_what_a_person_wrote_comes_where_it_is_needed_and_nothing_else(done):
    _, _, clone = done
    assert (clone / "big/api/sub/config.py").read_text() == PLAN_FILES["overlay/small/config.py"]
    assert not (clone / "big/api/sub/never.py").exists()
    assert "app.main(CONFIG)" in (clone / "big/server.py").read_text()


def test_messages_say_what_was_measured(done):
    output, manifest, clone = done
    effects = [s["effects"][0] for s in manifest["series"]]
    assert [(e["before"], e["after"]) for e in effects] == [
        (10, 10),
        (10, 11),
        (11, 12),
        (12, 10),
        (10, 10),
        (10, 9),
    ]
    assert manifest["series"][0]["effects"][1] == {
        "module": "big",
        "before": 1,
        "after": 1,
        "no_more": ["heavy"],
    }
    assert manifest["counts"]["modules_loaded"] == 9
    message = git(clone, "log", "-1", "--format=%B", "letting-go")
    assert "It reads one option of hundreds.\n" in message
    assert "* importing big.api.sub.app loads 10 -> 9 modules\n" in message
    record = manifest["series"][-1]
    assert message.rstrip().endswith(f"Change-Id: {record['change_id']}")
    assert record["revision"] == git(clone, "rev-parse", "HEAD").strip()
    assert (output / record["patch"]).is_file()


def test_the_clone_stands_alone_and_is_clean(done, source, tmp_path):
    _, _, clone = done
    source.rename(tmp_path / "away")
    assert git(clone, "status", "--porcelain") == ""
    git(clone, "fsck", "--full")
    assert git(clone, "symbolic-ref", "--short", "HEAD").strip() == "letting-go"


def test_patches_apply_to_a_clean_checkout(done, source, tmp_path):
    output, _, clone = done
    git(tmp_path, "clone", "-q", str(source), "fresh")
    patches = sorted(str(path) for path in (output / "patches").iterdir())
    git(tmp_path / "fresh", "am", "-q", *patches)
    trees = {
        git(folder, "rev-parse", "HEAD^{tree}").strip() for folder in (tmp_path / "fresh", clone)
    }
    assert len(trees) == 1


def test_twice_gives_the_same_commits_and_patches(done, source, tmp_path):
    output, manifest, _ = done
    assert run("refactor", source, tmp_path / "again") == 0
    again = json.loads((tmp_path / "again/manifest.json").read_text())
    assert again["series"] == manifest["series"]
    for path in sorted((output / "patches").iterdir()):
        assert path.read_bytes() == (tmp_path / "again/patches" / path.name).read_bytes()


def test_on_its_own_result_there_is_nothing_to_do(done, tmp_path, capsys):
    _, _, clone = done
    assert run("refactor", clone, tmp_path / "again", "--plan", str(tmp_path / "plan")) == 4
    assert "has all 6 steps already" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_what_was_done_upstream_is_said_and_the_rest_done(source, tmp_path):
    git(source, "mv", "big/objects/fields.py", "big/kinds.py")
    (source / "big/objects/fields.py").write_text("class Colour(object):\n    RED = 'red'\n")
    for path in ("big/objects/thing.py", "big/server.py"):
        text = (source / path).read_text()
        text = text.replace("from big.objects import fields", "from big import kinds as fields")
        (source / path).write_text(text)
    git(source, "add", "-A")
    git(source, "commit", "-qm", "Did that")
    assert run("refactor", source, tmp_path / "output") == 0
    manifest = json.loads((tmp_path / "output/manifest.json").read_text())
    statuses = [s["status"] for s in manifest["series"]]
    assert statuses == ["done", "already done upstream", "done", "done", "done", "done"]
    assert manifest["results"][0]["commits"] == 5


def test_what_only_prepares_for_a_step_done_upstream_is_not_done(source, tmp_path):
    path = source.parent / "plan/series.toml"
    early = '[[step.first]]\nfiles = "notes.txt"\nold = "for more"\nnew = "for all"\n'
    cut = 'cut = ["big.objects:register_all"]\n'
    path.write_text(path.read_text().replace(cut, f"{cut}\n{early}"))
    for name in ("big/api/sub/app.py", "big/objects/__init__.py"):
        text = (source / name).read_text().replace("objects.register_all()\n\n\n", "")
        (source / name).write_text(text.replace("from big import objects\n", ""))
    git(source, "commit", "-qam", "Did that")
    assert run("refactor", source, tmp_path / "output") == 0
    manifest = json.loads((tmp_path / "output/manifest.json").read_text())
    assert manifest["series"][3]["status"] == "already done upstream"
    assert "for more" in (tmp_path / "output/big/notes.txt").read_text()


def trees_of(folder):
    return {
        path.relative_to(folder).as_posix(): (
            ast.dump(parse_ast(path.read_bytes())[0]) if path.suffix == ".py" else path.read_bytes()
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def test_extracting_afterwards_gives_what_extracting_at_once_gives(done, source, tmp_path):
    _, _, clone = done
    plan = str(tmp_path / "plan")
    assert run("extract", source, tmp_path / "direct") == 0
    assert run("extract", clone, tmp_path / "by-way", "--plan", plan) == 0
    assert trees_of(tmp_path / "direct/small") == trees_of(tmp_path / "by-way/small")


def test_an_edit_that_finds_nothing_is_for_a_person(source, tmp_path):
    text = (source / "big/server.py").read_text().replace("app.main()", "app.main ()")
    (source / "big/server.py").write_text(text)
    git(source, "commit", "-qam", "Other spelling")
    assert run("refactor", source, tmp_path / "output") == 0
    manifest = json.loads((tmp_path / "output/manifest.json").read_text())
    assert [task["subject"] for task in manifest["left_for_a_person"]] == ["big/server.py"]


@pytest.mark.parametrize(("more", "left"), [("", ["big/servers.py"]), ('unless = "x"\n', [])])
def test_an_edit_of_a_file_that_is_not_there_is_for_a_person_unless_that_is_said(
    source, tmp_path, more, left
):
    path = source.parent / "plan/series.toml"
    edit = '[[step.edit]]\nfiles = "big/servers.py"\nold = "app"\nnew = "service"\n'
    path.write_text(path.read_text() + edit + more)
    assert run("refactor", source, tmp_path / "output") == 0
    manifest = json.loads((tmp_path / "output/manifest.json").read_text())
    assert [task["subject"] for task in manifest["left_for_a_person"]] == left


@pytest.mark.parametrize(
    ("text", "left", "changed"),
    [
        pytest.param("app.main ()  # settled", [], False, id="it reads otherwise"),
        pytest.param("app.main()  # settled", [], False, id="it would match"),
        pytest.param("app.main()", [], True, id="it is not there"),
    ],
)
def test_an_edit_is_needless_where_its_file_has_what_it_looks_for(
    source, tmp_path, text, left, changed
):
    path = source.parent / "plan/series.toml"
    path.write_text(path.read_text() + 'unless = "# settled"\n')
    (source / "big/server.py").write_text(SOURCE["big/server.py"].replace("app.main()", text))
    git(source, "add", "-A")
    git(source, "commit", "-q", "--allow-empty", "-m", "Another state")
    assert run("refactor", source, tmp_path / "output") == 0
    manifest = json.loads((tmp_path / "output/manifest.json").read_text())
    assert manifest["left_for_a_person"] == left
    server = (tmp_path / "output/big/big/server.py").read_text()
    assert ("app.main(CONFIG)" in server) == changed


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            '"small.kinds" = "big.kinds"',
            '"small.kinds" = "big.errors"',
            "small.kinds lives in big.errors, but the plan's layout takes that to small.errors",
            id="a home the layout does not take back",
        ),
        pytest.param(
            'replace = ["big.config"]',
            'replace = ["big.confg"]',
            "the plan has no replace of big.confg",
            id="a decision the plan has not taken",
        ),
        pytest.param(
            'share = ["big.objects.fields"]',
            'shares = ["big.objects.fields"]',
            "step.1.shares: unknown key",
            id="an unknown key",
        ),
    ],
)
def test_a_wrong_series_is_told_with_its_place(source, old, new, said):
    path = source.parent / "plan/series.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UsageError, match=said):
        load_series(load_plan(str(path.parent)))


def test_a_plan_without_a_series_is_told(source):
    (source.parent / "plan/series.toml").unlink()
    with pytest.raises(UsageError, match=r"has no series\.toml"):
        load_series(load_plan(str(source.parent / "plan")))


def test_a_phase_that_the_series_has_no_step_for_is_told(source, tmp_path, capsys):
    plan = ("--plan", str(tmp_path / "plan"), "--until", "removed")
    assert run("refactor", source, tmp_path / "out", *plan) == 2
    assert "has no step for 'removed'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
