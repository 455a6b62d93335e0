"""`[history] not_from`: past under a name that the plan refuses is not carried."""

import pytest

from extractor.errors import UsageError
from extractor.history.blames import compare_blame_of
from extractor.history.carry import carry_history
from extractor.history.check import check_history
from extractor.history.commits import Identity
from extractor.history.providers import Following
from extractor.history.state import read_state, write_state
from extractor.moves import SliceMove, WholeMove
from extractor.source.tree import run_git
from tests.history.following import append_history


def commit(name, changes):
    head = "commit refs/heads/main\ncommitter C <c@x> 1 +0000"
    return f"{head}\ndata <<END\n{name}\nEND\n{changes}\n"


def file(path, text):
    return f"M 100644 inline {path}\ndata <<END\n{text}\nEND\n"


CODE = "one = 1\ntwo = 2\nthree = 3\nfour = 4"
CLASS = "class Till:\n    def open(self):\n        return self.door.open_at(7)"
STREAM = "".join(
    (
        # first.py, then secret/a.py, then mid.py, then new.py; and a class out of secret/big.py.
        commit("first", file("first.py", CODE) + file("stays.py", "x")),
        commit("hide", "R first.py secret/a.py\n"),
        commit("secret", file("secret/a.py", CODE + "\nfive = 5")),
        commit("class", file("secret/big.py", f"import os\n\nHOME = os.curdir\n\n\n{CLASS}")),
        commit("out", "R secret/a.py mid.py\n"),
        commit("edit", file("mid.py", CODE + "\nfive = 6")),
        commit("rename", "R mid.py new.py\n"),
        commit(
            "split",
            file("secret/big.py", "import os\n\nHOME = os.curdir") + file("till.py", CLASS),
        ),
        commit("last", file("new.py", CODE + "\nfive = 7")),
    )
)
WHOLE = WholeMove("new.py", "lib/a.py")
TILL = SliceMove("till.py", "lib/till.py", frozenset({"Till"}))
MOVES = [WHOLE, TILL, WholeMove("stays.py", "stays.py")]
REFUSED = Following(not_from=("secret/*",))


def renamed_door(_older):
    """What the rewritten form asks of each version: here one word by another."""
    return lambda _path, content: content.replace(b"three", b"drei").replace(b"door", b"gate")


FORMS = [{}, {"form": "rewritten", "make_rewrite": renamed_door}]
each_form = pytest.mark.parametrize("form", FORMS, ids=["moved", "rewritten"])


def checked(source, target, form):
    return check_history(source.path, target, make_rewrite=form.get("make_rewrite"))


def subjects(target, path):
    log = run_git(target / ".git", "log", "--reverse", "--format=%s", "upstream", "--", path)
    return log.decode().split()


@each_form
def test_following_stops_before_a_refused_name(source, tmp_path, form):
    source.load(STREAM)
    carried = carry_history(
        source.path, source.head(), MOVES, tmp_path / "out", how=REFUSED, **form
    )
    assert subjects(tmp_path / "out", "lib/a.py") == ["out", "edit", "last"]
    assert subjects(tmp_path / "out", "lib/till.py") == ["split"]
    assert subjects(tmp_path / "out", "stays.py") == ["first"]
    assert {step.old_path for step in carried.lineages.refused} == {"secret/a.py", "secret/big.py"}

    found = checked(source, tmp_path / "out", form)
    assert found.problems == ()
    assert found.lost == () and found.strange == ()
    assert set(found.came_from["lib/a.py"]) == {"new.py", "mid.py"}


def test_without_it_all_of_the_past_comes(source, tmp_path):
    source.load(STREAM)
    harmless = Following(not_from=("elsewhere/*",))
    carried = carry_history(source.path, source.head(), MOVES, tmp_path / "out", how=harmless)
    plain = carry_history(source.path, source.head(), MOVES, tmp_path / "plain")
    assert carried.tip == plain.tip
    assert carried.lineages.refused == ()
    assert subjects(tmp_path / "out", "lib/a.py")[:2] == ["first", "secret"]
    assert subjects(tmp_path / "out", "lib/till.py") == ["class"]
    assert check_history(source.path, tmp_path / "out").problems == ()


@each_form
def test_blame_of_lines_from_a_refused_past_is_not_compared(source, tmp_path, form):
    source.load(STREAM)
    carry_history(source.path, source.head(), MOVES, tmp_path / "out", how=REFUSED, **form)
    make_rewrite = form.get("make_rewrite")
    files = compare_blame_of(source.path, tmp_path / "out", make_rewrite=make_rewrite, suffix=".py")
    assert {file.path: (file.different, file.unpaired) for file in files} == {
        # Four lines are older than what was carried; of the class git's blame knows no past.
        "lib/a.py": (0, 4), "lib/till.py": (0, 0), "stays.py": (0, 0),
    }  # fmt: skip
    assert files == checked(source, tmp_path / "out", form).files


@each_form
def test_the_check_finds_a_past_that_was_refused_and_came(source, tmp_path, form):
    source.load(STREAM)
    carry_history(source.path, source.head(), MOVES, tmp_path / "out", **form)
    git_dir = tmp_path / "out" / ".git"
    state = read_state(git_dir)
    write_state(git_dir, type(state)(**{**vars(state), "not_from": REFUSED.not_from}))
    strange = checked(source, tmp_path / "out", form).strange
    assert any(where.endswith("lib/a.py") for where in strange)
    assert any(where.endswith("lib/till.py") for where in strange)


def test_a_namesake_or_a_file_before_takes_no_refused_ones_place(source, tmp_path):
    stream = "".join(
        (
            commit("base", file("new/util.py", CODE + "\nother = 1") + file("x/util.py", CODE)),
            commit("away", "D new/util.py\n"),
            commit("ours", file("secret/util.py", CODE + "\nfive = 5")),
            commit("move", "R secret/util.py new/util.py\n"),
            commit("edit", file("new/util.py", CODE + "\nfive = 6")),
        )
    )
    source.load(stream)
    move = WholeMove("new/util.py", "util.py")
    carry_history(source.path, source.head(), [move], tmp_path / "out", how=REFUSED)
    assert subjects(tmp_path / "out", "util.py") == ["move", "edit"]
    assert check_history(source.path, tmp_path / "out").problems == ()


def test_a_file_of_the_plan_cannot_be_refused(source, tmp_path):
    source.load(STREAM)
    how = Following(not_from=("n*",))
    with pytest.raises(UsageError, match=r"not_from: 'n\*' refuses the past of new.py"):
        carry_history(source.path, source.head(), MOVES, tmp_path / "out", how=how)
    assert not (tmp_path / "out").exists()


@each_form
def test_a_sync_refuses_the_same_and_no_other_names(source, tmp_path, form):
    source.load(STREAM)
    carry_history(source.path, source.head(), MOVES, tmp_path / "out", how=REFUSED, **form)
    later = commit("bring", "from refs/heads/main^0\nR secret/big.py more.py\n") + commit(
        "on", file("new.py", CODE + "\nfive = 8")
    )
    source.load(later)
    moves = [*MOVES, WholeMove("more.py", "lib/more.py")]
    asked = {"author": Identity("A", "a@b"), "make_rewrite": form.get("make_rewrite")}
    with pytest.raises(UsageError, match="not the one that the result was made with"):
        append_history(source.path, source.head(), moves, tmp_path / "out", **asked)
    append_history(source.path, source.head(), moves, tmp_path / "out", **asked, how=REFUSED)
    assert subjects(tmp_path / "out", "lib/more.py") == ["bring"]
    assert subjects(tmp_path / "out", "lib/a.py") == ["out", "edit", "last", "on"]
    assert checked(source, tmp_path / "out", form).problems == ()
    assert read_state(tmp_path / "out" / ".git").not_from == ("secret/*",)
