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
