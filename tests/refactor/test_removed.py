"""The subsystem leaves a monolith small enough to read; what is left behind is named."""

import json

import pytest

from extractor.errors import UsageError
from extractor.plan.load import load_plan
from extractor.plan.series import load_series
from extractor.refactor.removal import Mention, mentions_of_gone
from tests.refactor.test_refactor import PLAN_FILES, SOURCE, changes, run
from tests.repositories import committed, git, write

PLAN = PLAN_FILES["plan.toml"].replace(
    '[roots]\npackages = ["big.api.sub"]\n',
    '[roots]\npackages = ["big.api.sub"]\nexclude = ["big.tests.sub.test_client"]\n',
)
FILES_RULE = """
[[layout.files]]
from = "doc/sub*.rst"
to = "doc/"

"""
REMOVED = """
[[step]]
phase = "removed"
title = "Keep kinds of requests"
reason = "The rest sorts its requests by a class of the subsystem's."
retain = { "big.api.sub.lib:Request" = "big.requests:Request" }

[[step]]
phase = "removed"
title = "Keep the client's test"
reason = "It tests what stays."
relocate = { "big.tests.sub.test_client" = "big.tests.test_client" }

[[step]]
phase = "removed"
title = "Test with the package"
reason = "That is what runs."
outside = ["big/tests/*"]

[[step]]
phase = "removed"
title = "Start the package"
reason = "Somebody may have written the old name down."
add = ["big/sub_shim.py"]

[[step.edit]]
files = "big/server.py"
old = "from big\\\\.api\\\\.sub import app\\\\n"
new = "from big import sub_shim as app\\n"

[[step.edit]]
files = "setup.cfg"
old = "big\\\\.api\\\\.sub\\\\.app:main"
new = "big.sub_shim:main"

[[step]]
phase = "removed"
title = "Let it leave"
reason = "Nothing uses it any more."
follow = ["doc/*"]
leave = ["big/api/sub/*", "big/tests/sub/*"]

[[step.rewrite]]
name = "drop_documents"
settings = { documents = ["doc/sub.rst"] }

[[step.edit]]
files = "notes.txt"
old = "big\\\\.api\\\\.sub"
new = "small"
"""
MORE = {
    "big/api/sub/lib.py": "class Request(object):\n    pass\n",
    "big/api/sub/words.txt": "one\n",
    "big/scheduler.py": "from big.api.sub import lib\n\nREQUEST = lib.Request()\n",
    "big/tests/sub/test_client.py": "from big.api.sub import app\n\napp.main()\n",
    "doc/index.rst": "Big\n===\n\n.. toctree::\n\n   other\n   sub\n",
    "doc/other.rst": "Other\n=====\n",
    "doc/sub.rst": "Sub\n===\n",
    "setup.cfg": "[entry_points]\nconsole_scripts =\n    big-sub = big.api.sub.app:main\n",
}
SHIM = "def main(*args):\n    from small import app\n    return app.main(*args)\n"


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    committed(folder, {**SOURCE, **MORE})
    plan = {
        **PLAN_FILES,
        "plan.toml": PLAN.replace("[packaging]", FILES_RULE + "[packaging]"),
        "series.toml": PLAN_FILES["series.toml"] + REMOVED,
        "inside/big/sub_shim.py": SHIM,
    }
    write(tmp_path / "plan", plan)
    return folder


def refactored(source, output, *more):
    plan = str(output.parent / "plan")
    code = run("refactor", source, output, "--plan", plan, "--until", "removed", *more)
    path = output / "manifest.json"
    return code, json.loads(path.read_text()) if path.is_file() else None


@pytest.fixture
def done(source, tmp_path):
    """Exit code, manifest and clone of a run to the end."""
    output = tmp_path / "output"
    code, manifest = refactored(source, output)
    return code, manifest, output / "big"


def paths(clone):
    return set(git(clone, "ls-tree", "-r", "--name-only", "HEAD").split())


def test_nothing_of_the_subsystem_stays_and_nothing_names_it(done):
    code, manifest, clone = done
    assert code == 0
    assert not [path for path in paths(clone) if "sub/" in path or path == "doc/sub.rst"]
    (check,) = manifest["checks"]
    assert (check["name"], check["outcome"]) == ("gone_names", "held")
    assert git(clone, "grep", "-h", "sub").splitlines() == [
        "from big import sub_shim as app",
        "    big-sub = big.sub_shim:main",
    ]
    assert "doc/other.rst" in paths(clone), "the result does not have it"


def test_the_rest_gets_a_copy_and_the_subsystem_keeps_its_own(done):
    _, _, clone = done
    found = changes(clone, 7)
    assert found["big/requests.py"] == ["+class Request(object):", "+    pass"]
    assert found["big/scheduler.py"] == [
        "-from big.api.sub import lib",
        "+from big import requests as lib",
    ]
    assert "big/api/sub/lib.py" not in found


def test_tests_of_the_rest_move_out_and_use_the_package(done):
    _, _, clone = done
    assert (clone / "big/tests/test_client.py").read_text() == (
        "from small import app\n\napp.main()\n"
    )
    # A module of its own, that the subsystem's tests do not need, stays the source's.
    assert (clone / "big/kinds.py").is_file()


def test_what_was_measured_is_in_messages_and_manifest(done):
    _, manifest, clone = done
    series = manifest["series"][6:]
    assert {record["phase"] for record in series} == {"removed"}
    assert [record["users"] for record in series] == [[4, 3], [3, 3], [3, 1], [1, 0], [0, 0]]
    files, lines = series[-1]["left"]
    message = git(clone, "log", "-1", "--format=%B")
    assert "* 0 modules import the subsystem from outside\n" in message
    assert f"* {files} files leave, {lines} lines of Python in them\n" in message
    shown = git(clone, "show", "--numstat", "--format=", "HEAD").splitlines()
    gone = [line.split("\t") for line in shown if line.startswith("0\t")]
    gone = [entry for entry in gone if entry[2] not in paths(clone)]
    assert files == len(gone)
    assert lines == sum(int(entry[1]) for entry in gone if entry[2].endswith(".py"))
    assert "modules_loaded" not in manifest["counts"]


def test_decoupled_first_and_then_removed_gives_the_same_tree(done, source, tmp_path):
    _, _, clone = done
    plan = ("--plan", str(tmp_path / "plan"))
    assert run("refactor", source, tmp_path / "half", *plan) == 0
    code, rest = refactored(tmp_path / "half/big", tmp_path / "rest")
    assert code == 0
    assert [record["status"] for record in rest["series"][:6]] == ["already done upstream"] * 6
    trees = {git(f, "rev-parse", "HEAD^{tree}") for f in (clone, tmp_path / "rest/big")}
    assert len(trees) == 1


def test_when_it_has_left_there_is_nothing_to_do(done, tmp_path, capsys):
    _, _, clone = done
    code, _ = refactored(clone, tmp_path / "again")
    assert code == 4
    assert "small has left" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_another_source_without_the_subsystem_is_no_success(source, tmp_path):
    git(source, "rm", "-rqf", "big/api/sub")
    git(source, "commit", "-qm", "Gone")
    code, _ = refactored(source, tmp_path / "output")
    assert code == 2


def test_a_reference_left_is_told_by_file_and_line(source, tmp_path):
    write(source, {"notes/more.txt": "Nothing.\nRun big.api.sub.app by hand.\n"})
    write(source, {"doc/other.rst": "Other\n=====\n\nThe words are in big/api/sub/words.txt.\n"})
    git(source, "add", "-A")
    git(source, "commit", "-qm", "More")
    code, manifest = refactored(source, tmp_path / "output")
    assert code == 1
    (check,) = manifest["checks"]
    assert check["outcome"] == "did not hold"
    assert check["evidence"][1:] == [
        "doc/other.rst:4: The words are in big/api/sub/words.txt.",
        "notes/more.txt:2: Run big.api.sub.app by hand.",
    ]


def test_what_the_result_does_not_have_is_told_when_it_leaves(source, tmp_path):
    path = tmp_path / "plan/series.toml"
    path.write_text(path.read_text().replace('"big/tests/sub/*"', '"big/tests/sub/*", "test-req*"'))
    _, manifest = refactored(source, tmp_path / "output")
    assert manifest["left_for_a_person"] == [
        {
            "subject": "test-requirements.txt",
            "task": "Let it leave: leaves, but the result does not have it",
        }
    ]


DROPPING = """
[[step.rewrite]]
name = "drop_config_entries"
settings = { modules = ["big.api.sub"] }
"""
DEALT_WITH = """
[[step.edit]]
files = "big.ini"
old = "\\\\[filter:sub\\\\]\\n"
new = ""
"""


@pytest.mark.parametrize(("more", "left"), [("", ["big.ini:2"]), (DEALT_WITH, [])])
def test_what_a_rewrite_reports_is_told_until_an_edit_deals_with_it(source, tmp_path, more, left):
    write(source, {"big.ini": "[filter:sub]\nfactory = big.api.sub.app:main\n"})
    git(source, "add", "-A")
    git(source, "commit", "-qm", "A filter")
    path = tmp_path / "plan/series.toml"
    path.write_text(path.read_text() + DROPPING + more)
    _, manifest = refactored(source, tmp_path / "output")
    assert [task["subject"] for task in manifest["left_for_a_person"]] == left


def test_a_file_that_is_there_already_is_not_overwritten(source, tmp_path):
    write(source, {"big/sub_shim.py": "def main(*args):\n    raise SystemExit\n"})
    git(source, "add", "-A")
    git(source, "commit", "-qm", "Another shim")
    _, manifest = refactored(source, tmp_path / "output")
    assert [task["subject"] for task in manifest["left_for_a_person"]] == ["big/sub_shim.py"]
    assert "SystemExit" in (tmp_path / "output/big/big/sub_shim.py").read_text()


def test_patches_apply_to_a_clean_checkout(done, source, tmp_path):
    _, manifest, clone = done
    git(tmp_path, "clone", "-q", str(source), "fresh")
    patches = [str(tmp_path / "output" / record["patch"]) for record in manifest["series"]]
    git(tmp_path / "fresh", "am", "-q", *patches)
    trees = {git(f, "rev-parse", "HEAD^{tree}") for f in (tmp_path / "fresh", clone)}
    assert len(trees) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            'add = ["big/sub_shim.py"]',
            'add = ["big/shim.py"]',
            "the plan has no file inside/big/shim.py",
            id="a file the plan does not have",
        ),
        pytest.param(
            'phase = "removed"\ntitle = "Let it leave"',
            'title = "Let it leave"',
            "steps of phase 'removed' come after all others",
            id="the first phase after the second",
        ),
    ],
)
def test_a_wrong_series_is_told(source, tmp_path, old, new, said):
    path = tmp_path / "plan/series.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UsageError, match=said):
        load_series(load_plan(str(tmp_path / "plan")))


GONE = {
    "big/sub/__init__.py": b"",
    "big/sub/app.py": b"",
    "doc/sub/guide.rst": b".. _sub-notes:\n\nGuide\n=====\n",
    "tools/check_sub.py": b"",
}
KNOWN = {"big", "big.sub", "big.sub.app", "big.subway", "big.user"}


def found(files):
    files = {"big/stays.py": "", "doc/stays.rst": "", "tools/stays.py": "", **files}
    return mentions_of_gone(
        {path: text.encode() for path, text in files.items()},
        modules={"big.sub", "big.sub.app"},
        known=KNOWN,
        gone=GONE,
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("big/user.py", "from big import subway\n\nsub = 1\n"),
        ("big/user.py", "import sub.app\n"),
        ("notes.txt", "See big.subway and big/subway/app.py.\n"),
        ("tools/run.sh", "tools/check_subway.py\ntools/check_sub.pyc\n"),
        ("doc/index.rst", ":ref:`sub-notes-of-old`\n\n.. toctree::\n\n   subway/guide\n"),
    ],
)
def test_what_only_looks_like_it_is_no_mention(path, text):
    assert found({path: text}) == []


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        pytest.param("big/user.py", "import os\nimport big.sub.app\n", 2, id="import"),
        pytest.param("big/user.py", "\nfrom big import sub\n", 2, id="import from the parent"),
        pytest.param("big/user.py", "from . import sub\n", 1, id="relative import"),
        pytest.param("big/user.py", "\n\nx = patch('big.sub.app.f')\n", 3, id="string"),
        pytest.param("big/user.py", "import big\n\nbig.sub.app.f()\n", 3, id="attributes"),
        pytest.param("setup.cfg", "[a]\nb = big.sub.app:f\n", 2, id="entry point"),
        pytest.param("api-paste.ini", "[a]\nf = big.sub:factory\n", 2, id="paste"),
        pytest.param("doc/a.rst", ".. automodule:: big.sub.app\n", 1, id="directive"),
        pytest.param("tox.ini", "[a]\nc = python tools/check_sub.py\n", 2, id="file"),
        pytest.param("x.sh", "ls big/sub\n", 1, id="folder"),
        pytest.param("x.ini", "[a]\nb = run big\\.sub\\.(a|b)\n", 2, id="regular expression"),
        pytest.param("doc/a.rst", "\n:ref:`notes <sub-notes>`\n", 2, id="label"),
        pytest.param("doc/a.rst", ".. toctree::\n\n   sub/guide\n", 3, id="table of contents"),
        pytest.param("doc/a.rst", "See :doc:`/sub/guide`.\n", 1, id="link"),
    ],
)
def test_every_way_to_name_what_is_gone_is_found(path, text, line):
    mentions = found({path: text})
    # What goes with it, an import or a table's head, may be told as well.
    assert {m.path for m in mentions} == {path}
    assert line in {m.line for m in mentions}
    assert all(isinstance(mention, Mention) for mention in mentions)
