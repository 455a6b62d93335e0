"""`extractor history`, from the command line."""

import json

import pytest

from tests.repositories import committed, git, write
from tests.shop import FILES, PLAN, call


@pytest.fixture
def place(tmp_path):
    """A shop whose module of errors had another name before."""
    write(tmp_path, {"plan/plan.toml": PLAN})
    files = dict(FILES)
    files["shop/faults.py"] = files.pop("shop/errors.py")
    committed(tmp_path / "shop", files)
    git(tmp_path / "shop", "mv", "shop/faults.py", "shop/errors.py")
    git(tmp_path / "shop", "commit", "-qm", "Call them errors")
    return tmp_path


def test_a_preview_tells_names_and_writes_nothing(place, capsys):
    command = ["history", "preview", place / "shop", "--plan", place / "plan", "--quiet"]
    before = sorted(place.rglob("*"))
    assert call(*command) == 0
    text = capsys.readouterr().out
    assert "renamed to shop/errors.py by" in text
    assert "shop/faults.py: 1 commit for till/errors.py" in text
    assert sorted(place.rglob("*")) == before

    assert call(*command, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(o["path"], o["at_revision"]) for o in told["outside"]] == [("shop/faults.py", False)]
    files = {file["path"]: file for file in told["files"]}
    assert [n["path"] for n in files["till/errors.py"]["names"]] == [
        "shop/errors.py",
        "shop/faults.py",
    ]
    assert files["till/errors.py"]["followed"][0]["kind"] == "rename"


def test_a_refused_name_stays_behind_and_the_manifest_says_so(place, capsys):
    rules = '\n[history]\nnot_from = ["shop/fau*", "nowhere/*"]\n'
    write(place, {"plan/plan.toml": PLAN + rules})
    plan = ["--plan", place / "plan", "--quiet"]
    assert call("history", "preview", place / "shop", *plan) == 0
    text = capsys.readouterr().out
    assert "history.not_from refuses shop/faults.py, renamed to shop/errors.py by" in text
    assert "nothing comes from a path outside the plan" in text

    assert call("run", place / "shop", place / "out", *plan) == 0
    manifest = json.loads((place / "out/manifest.json").read_text())
    told = {row.get("path"): row["reason"] for row in manifest["skipped"]}
    assert told["shop/faults.py"] in text
    assert "history.not_from: 'nowhere/*' matched nothing" in told.values()
    log = git(place / "out/till", "log", "--format=%s", "upstream", "--", "till/errors.py")
    assert log == "Call them errors\n"
    capsys.readouterr()
    assert call("history", "check", place / "out/till", *plan) == 0, capsys.readouterr().out

    write(place, {"plan/plan.toml": PLAN + rules.replace("shop/fau*", "shop/err*")})
    assert call("history", "preview", place / "shop", *plan) == 2
    assert "'shop/err*' refuses the past of shop/errors.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--rev", "nowhere"], 3, "has no revision 'nowhere'"),
        (["--rev", "--all"], 2, "--all"),
        (["--plan", "no-such-plan"], 2, "no-such-plan"),
    ],
)
def test_a_preview_of_what_is_not_there_is_refused(place, capsys, arguments, code, said):
    plan = [] if "--plan" in arguments else ["--plan", place / "plan"]
    assert call("history", "preview", place / "shop", "--quiet", *plan, *arguments) == code
    assert said in capsys.readouterr().err
