"""Following the source: what can be appended, and what asks for another past."""

import pytest

from extractor.errors import UsageError
from extractor.history.blame import blame_lines
from extractor.history.carry import carry_history
from extractor.history.check import check_history, summary
from extractor.history.commits import Identity
from extractor.history.state import read_state, write_state
from extractor.moves import SliceMove, WholeMove
from extractor.source.tree import run_git
from tests.history.following import append_history

LINES = "".join(f"{name} = '{name * 9}'\n" for name in "abcdefgh")
STREAM = f"""\
commit refs/heads/main
committer A <a@x> 1 +0000
data <<END
first
END
M 100644 inline one.py
data <<END
{LINES}END
M 100644 inline two.py
data <<END
x = 1
END
M 100644 inline big.py
data <<END
class Left(object):
    one = 1


class Right(object):
    two = 2
END
"""
EDIT = """\
commit refs/heads/main
committer A <a@x> 2 +0000
data <<END
edit
END
from refs/heads/main^0
M 100644 inline two.py
data <<END
x = 2
END
"""
RENAME = """\
commit refs/heads/main
committer B <b@x> 3 +0000
data <<END
rename
END
from refs/heads/main^0
R one.py three.py
"""
AUTHOR = Identity("A", "a@b")
ONE, TWO = WholeMove("one.py", "n/one.py"), WholeMove("two.py", "n/two.py")
THREE = WholeMove("three.py", "n/three.py")


@pytest.fixture
def follow(source, tmp_path):
    """Carry with some moves, then follow a later revision with others."""
    target = tmp_path / "out"

    def run(before, streams, moves):
        source.load(STREAM)
        carry_history(source.path, source.head(), before, target)
        for stream in streams:
            source.load(stream)
        return append_history(source.path, source.head(), moves, target, author=AUTHOR)

    return run


def subjects(git_dir, *arguments):
    return run_git(git_dir, "log", "--format=%s", *arguments, "upstream").decode().splitlines()


def test_the_same_layout_gives_the_hashes_of_a_fresh_run(follow, source, tmp_path):
    done = follow([ONE, TWO], [EDIT], [ONE, TWO])
    fresh = carry_history(source.path, source.head(), [ONE, TWO], tmp_path / "fresh")
    assert (done.tip, done.is_anew, len(done.commits)) == (fresh.tip, False, 1)


def test_a_rename_among_what_is_there_is_appended_where_it_was_made(follow, source, tmp_path):
    done = follow([ONE, TWO], [EDIT, RENAME], [THREE, TWO])
    assert not done.is_anew
    git_dir = tmp_path / "out" / ".git"
    assert subjects(git_dir) == ["rename", "edit", "first"]
    shown = run_git(git_dir, "show", "-M", "--name-status", "--format=", "upstream").decode()
    assert shown.split() == ["R100", "n/one.py", "n/three.py"]
    checked = check_history(source.path, tmp_path / "out")
    assert checked.problems == ()
    assert checked.former == ("n/one.py",)
    assert "of earlier layouts, in old trees: n/one.py" in summary(checked)


def test_a_file_that_is_new_in_the_source_is_appended(follow, source, tmp_path):
    new = EDIT.replace("two.py", "new.py")
    done = follow([ONE], [new], [ONE, WholeMove("new.py", "n/new.py")])
    assert not done.is_anew
    assert check_history(source.path, tmp_path / "out").problems == ()


@pytest.mark.parametrize(
    "before, moves",
    [
        pytest.param([ONE], [ONE, TWO], id="a file more"),
        pytest.param([ONE], [WholeMove("one.py", "n/other.py")], id="another place"),
        pytest.param(
            [ONE, SliceMove("big.py", "n/big.py", frozenset({"Left"}))],
            [ONE, SliceMove("big.py", "n/big.py", frozenset({"Left", "Right"}))],
            id="a symbol more",
        ),
    ],
)
def test_a_past_that_is_lacking_is_carried_anew_and_joined(follow, source, tmp_path, before, moves):
    done = follow(before, [EDIT], moves)
    fresh = carry_history(source.path, source.head(), moves, tmp_path / "fresh")
    git_dir = tmp_path / "out" / ".git"
    parents = run_git(git_dir, "rev-parse", "upstream^1", "upstream^2").decode().split()
    assert done.is_anew
    assert parents == [fresh.tip, done.before]
    for move in moves:
        # Nothing that git is asked about a file leads to the old line.
        assert blame_lines(git_dir, "upstream", move.target) == blame_lines(
            tmp_path / "fresh" / ".git", "upstream", move.target
        )
    checked = check_history(source.path, tmp_path / "out")
    assert checked.problems == ()
    assert (checked.former, checked.superseded) == ((), 1)
    for commit in {*parents, *run_git(git_dir, "rev-list", "upstream^@").decode().split()}:
        run_git(git_dir, "notes", "--ref=origin", "show", commit)
    # And so it goes on.
    source.load(EDIT.replace("x = 2", "x = 3").replace("edit", "more"))
    again = append_history(source.path, source.head(), moves, tmp_path / "out", author=AUTHOR)
    assert not again.is_anew
    assert check_history(source.path, tmp_path / "out").problems == ()
    run_git(git_dir, "fsck", "--strict")


def test_less_in_the_plan_is_one_last_commit(follow, source, tmp_path):
    both = SliceMove("big.py", "n/big.py", frozenset({"Left", "Right"}))
    one = SliceMove("big.py", "n/big.py", frozenset({"Left"}))
    done = follow([ONE, TWO, both], [EDIT], [TWO, one])
    git_dir = tmp_path / "out" / ".git"
    assert not done.is_anew
    assert subjects(git_dir) == ["Follow the plan", "edit", "first"]
    assert run_git(git_dir, "show", "upstream:n/big.py") == b"class Left(object):\n    one = 1\n"
    checked = check_history(source.path, tmp_path / "out")
    assert (checked.problems, checked.former) == ((), ("n/one.py",))
    # The commits below the last one keep their origins.
    assert all(file.unpaired == 0 for file in checked.files)


def test_a_branch_that_is_gone_is_made_again_as_it_says(follow, source, tmp_path):
    done = follow([ONE, TWO], [EDIT], [ONE, TWO])
    git_dir = tmp_path / "out" / ".git"
    run_git(git_dir, "update-ref", "-d", "refs/heads/upstream")
    with pytest.raises(UsageError, match=f"upstream is gone.*branch upstream {done.tip}"):
        append_history(source.path, source.head(), [ONE, TWO], tmp_path / "out", author=AUTHOR)
    run_git(git_dir, "branch", "upstream", done.tip)
    again = append_history(source.path, source.head(), [ONE, TWO], tmp_path / "out", author=AUTHOR)
    assert (again.tip, again.commits) == (done.tip, ())


def test_a_branch_that_people_changed_is_left_alone(follow, source, tmp_path):
    done = follow([ONE, TWO], [EDIT], [ONE, TWO])
    git_dir = tmp_path / "out" / ".git"
    tree = run_git(git_dir, "rev-parse", "upstream^{tree}").decode().strip()
    text = f"tree {tree}\nparent {done.tip}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx\n"
    name = run_git(
        git_dir, "hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode()
    ).decode()
    run_git(git_dir, "update-ref", "refs/heads/upstream", name.strip())
    source.load(RENAME)
    with pytest.raises(UsageError, match="was changed"):
        append_history(source.path, source.head(), [THREE, TWO], tmp_path / "out", author=AUTHOR)


def test_a_state_half_written_is_the_old_one_or_the_new_one(follow, tmp_path):
    follow([ONE, TWO], [EDIT], [ONE, TWO])
    git_dir = tmp_path / "out" / ".git"
    folder = git_dir / "extractor"
    new = read_state(git_dir)
    old_rest = (folder / "history.json").read_text().replace(new.tip, "0" * 40)
    (folder / "history.json").rename(folder / "history.json.new")
    (folder / "history.json").write_text(old_rest)
    assert read_state(git_dir) == new
    (folder / "commit-map.new").write_text("")
    assert read_state(git_dir).tip == "0" * 40
    write_state(git_dir, new)
    assert read_state(git_dir) == new
    assert sorted(path.name for path in folder.iterdir()) == ["commit-map", "history.json"]


def renamed(time, old, new):
    return (
        f"commit refs/heads/main\ncommitter A <a@x> {time} +0000\ndata 4\nmove\n"
        f"from refs/heads/main^0\nR {old} {new}\n"
    )


SWAP = [
    renamed(4, "one.py", "tmp.py"), renamed(5, "two.py", "one.py"), renamed(6, "tmp.py", "two.py"),
]  # fmt: skip


@pytest.mark.parametrize(
    "streams, is_anew", [(SWAP, True), ([EDIT, *SWAP[:1]], False)], ids=["swap", "rename"]
)
def test_a_name_goes_to_another_carried_file(source, follow, tmp_path, streams, is_anew):
    first = WholeMove("one.py" if is_anew else "tmp.py", "n/one.py")
    appended = follow([ONE, TWO], streams, [first, TWO])
    assert appended.is_anew == is_anew
    checked = check_history(source.path, tmp_path / "out")
    assert checked.problems == ()
    assert {file.share for file in checked.files} == {1.0}
