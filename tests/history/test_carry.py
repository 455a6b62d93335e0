import pytest

from extractor.errors import UsageError
from extractor.history.carry import carry_history
from extractor.history.providers import Following
from extractor.moves import SliceMove, WholeMove
from extractor.source.tree import run_git

STREAM = """\
# A file is written, renamed together with an edit, and another one comes and goes.
commit refs/heads/main
mark :1
author Ann <ann@x> 100 +0130
committer Bob <bob@x> 20000 -0300
data <<END
first line
END
M 100644 inline old/a.py
data <<END
one = 1
two = 2
three = 3
four
END
M 100644 inline stays.py
data <<END
x
END

commit refs/heads/main
mark :2
committer C <c@x> 300 +0000
data <<END
only the other
END
M 100644 inline stays.py
data <<END
y
END

commit refs/heads/main
mark :3
committer C <c@x> 400 +0000
data <<END
move
END
R old/a.py mid/a.py
M 100644 inline mid/a.py
data <<END
one = 1
two = 2
three = 3
FOUR
END
"""


def log(target, form="%an <%ae> %ai|%cn %ci|%s"):
    return run_git(target / ".git", "log", "--reverse", f"--format={form}", "upstream").decode()


def test_a_rename_with_an_edit_is_followed_and_nothing_else_comes(source, tmp_path):
    source.load(STREAM)
    carried = carry_history(
        source.path, source.head(), [WholeMove("mid/a.py", "new/a.py")], tmp_path / "out"
    )
    assert log(tmp_path / "out").splitlines() == [
        "Ann <ann@x> 1970-01-01 01:31:40 +0130|Bob 1970-01-01 02:33:20 -0300|first line",
        "C <c@x> 1970-01-01 00:06:40 +0000|C 1970-01-01 00:06:40 +0000|move",
    ]
    names = run_git(tmp_path / "out" / ".git", "log", "--name-status", "--format=", "upstream")
    assert names.decode().split("\n") == ["M\tnew/a.py", "A\tnew/a.py", ""]
    first, second, third = source.git("rev-list", "--reverse", "main").decode().split()
    assert carried.reasons == {second: "touches nothing that is carried"}
    assert carried.commit_map[second] == ""
    assert carried.commit_map[third] == carried.tip
    note = run_git(tmp_path / "out" / ".git", "notes", "--ref=origin", "show", "upstream^")
    assert note.decode().strip() == first
    run_git(tmp_path / "out" / ".git", "fsck", "--strict")


def test_a_slice_keeps_only_the_commits_that_change_it(source, tmp_path):
    source.load(
        """\
commit refs/heads/main
committer C <c@x> 1 +0000
data <<END
base
END
M 100644 inline big.py
data <<END
class A: a = 1
B = 1
END

commit refs/heads/main
committer C <c@x> 2 +0000
data <<END
only B
END
M 100644 inline big.py
data <<END
class A: a = 1
B = 2
END

commit refs/heads/main
committer C <c@x> 3 +0000
data <<END
only A
END
M 100644 inline big.py
data <<END
class A: a = 2
B = 2
END
"""
    )
    move = SliceMove("big.py", "new.py", frozenset("A"))
    carried = carry_history(source.path, source.head(), [move], tmp_path / "out")
    assert log(tmp_path / "out", "%s") == "base\nonly A\n"
    assert run_git(tmp_path / "out" / ".git", "show", "upstream:new.py") == b"class A: a = 2\n"
    assert set(carried.reasons.values()) == {"changes only what stays behind"}


@pytest.mark.parametrize(
    "moves",
    [
        pytest.param([WholeMove("no/such", "a")], id="a file that is not there"),
        pytest.param([SliceMove("stays.py", "a", frozenset("z"))], id="a symbol not there"),
        pytest.param([WholeMove("stays.py", "../a")], id="a target outside"),
        pytest.param([WholeMove("stays.py", "a"), WholeMove("mid/a.py", "a/b")], id="file, folder"),
        pytest.param([WholeMove("stays.py", "a"), WholeMove("mid/a.py", "a")], id="two whole"),
    ],
)
def test_moves_that_cannot_be(source, tmp_path, moves):
    source.load(STREAM)
    with pytest.raises(UsageError):
        carry_history(source.path, source.head(), moves, tmp_path / "out")
    assert list(tmp_path.iterdir()) == [source.path]


def test_a_folder_with_something_in_it_is_not_touched(source, tmp_path):
    source.load(STREAM)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        carry_history(source.path, source.head(), [WholeMove("stays.py", "a")], tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    "depth, subjects",
    [("paths", ["move"]), ("renames", ["first line", "move"]), ("symbols", ["first line", "move"])],
)
def test_how_far_the_past_is_followed(source, tmp_path, depth, subjects):
    source.load(STREAM)
    move = WholeMove("mid/a.py", "new/a.py")
    carry_history(source.path, source.head(), [move], tmp_path / "out", how=Following(depth))
    assert log(tmp_path / "out", "%s").splitlines() == subjects
