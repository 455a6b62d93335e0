import pytest

from extractor.errors import UsageError
from extractor.history.carry import carry_history
from extractor.history.preview import preview_history, summary
from extractor.history.providers import Following
from extractor.moves import SliceMove, WholeMove
from extractor.source.tree import run_git


def commit(name, author, changes):
    return (
        "commit refs/heads/main\n"
        f"author {author} <{author}@x> 1 +0000\ncommitter C <c@x> 1 +0000\n"
        f"data <<END\n{name}\nEND\n{changes}\n"
    )


def file(path, text):
    return f"M 100644 inline {path}\ndata <<END\n{text}\nEND\n"


CODE = "one = 1\ntwo = 2\nthree = 3\nfour = 4"
CLASS = "class Till:\n    def open(self):\n        return self.door.open_at(7)"
STREAM = "".join(
    (
        # A file is renamed, and another one takes its old name; a class moves to a new module.
        commit("first", "ann", file("old/a.py", CODE) + file("stays.py", "x")),
        commit("edit", "bob", file("old/a.py", CODE + "\nfive = 5")),
        commit("move", "ann", "R old/a.py new/a.py\n"),
        commit("another", "eve", file("old/a.py", "import this\n\n\nprint(this.d)")),
        commit("class", "bob", file("big.py", f"import os\n\nHOME = os.curdir\n\n\n{CLASS}")),
        commit(
            "split",
            "ann",
            file("big.py", "import os\n\nHOME = os.curdir") + file("till.py", CLASS),
        ),
        commit("again", "bob", file("new/a.py", CODE + "\nfive = 6")),
    )
)
WHOLE = WholeMove("new/a.py", "lib/a.py")


def commits_of(source, *subjects):
    lines = source.git("log", "--format=%s %H", "main").decode().splitlines()
    found = dict(line.split() for line in lines)
    return [found[subject] for subject in subjects]


def test_the_names_of_a_file_with_what_renamed_it_and_who_changed_it(source):
    source.load(STREAM)
    told = preview_history(source.path, source.head(), [WHOLE])

    (file,) = told.files
    assert [(n.path, n.in_plan, n.commits) for n in file.names] == [
        ("new/a.py", True, 1),
        ("old/a.py", False, 2),
    ]
    assert (file.commits, file.authors) == (3, 2)
    (step,) = file.followed
    assert (step.path, step.old_path, step.kind) == ("new/a.py", "old/a.py", "rename")
    assert [step.commit] == commits_of(source, "move")
    (outside,) = told.outside
    assert (outside.path, outside.at_revision, outside.files) == ("old/a.py", True, ("lib/a.py",))
    text = summary(told)
    name, step_of_it = "old/a.py: 2 commits, outside the plan", "renamed to new/a.py by"
    assert f"{name}\n    {step_of_it} {step.commit[:12]}, 100 % alike" in text
    assert "old/a.py, which is still in the source: 2 commits for lib/a.py" in text


def test_where_a_symbol_came_from_is_outside_the_plan(source):
    source.load(STREAM)
    moves = [SliceMove("till.py", "till.py", frozenset({"Till"})), WholeMove("stays.py", "x.py")]
    told = preview_history(source.path, source.head(), moves)

    till, other = told.files
    assert [(n.path, n.in_plan, n.symbols) for n in till.names] == [
        ("till.py", True, ("Till",)),
        ("big.py", False, ("Till",)),
    ]
    assert [(o.path, o.commits) for o in told.outside] == [("big.py", 1)]
    assert [n.path for n in other.names] == ["stays.py"]
    assert (other.followed, other.commits, other.authors) == ((), 1, 1)
    assert "1 file never had another name" in summary(told)


def test_a_file_without_another_name_brings_nothing_along(source):
    source.load(STREAM)
    told = preview_history(source.path, source.head(), [WholeMove("stays.py", "stays.py")])
    assert told.outside == ()
    assert "nothing comes from a path outside the plan" in summary(told)


def test_what_is_told_is_what_a_run_carries(source, tmp_path):
    source.load(STREAM)
    moves = [WHOLE, WholeMove("till.py", "lib/till.py"), WholeMove("old/a.py", "this.py")]
    told = preview_history(source.path, source.head(), moves)

    carried = carry_history(source.path, source.head(), moves, tmp_path / "out")
    git_dir = tmp_path / "out" / ".git"
    for file in told.files:
        log = run_git(git_dir, "log", "--format=%ae", "upstream", "--", file.path).decode().split()
        assert (file.commits, file.authors) == (len(log), len(set(log))), file.path
    assert told.commits == carried.counts["commits"]
    steps = {step for file in told.files for step in file.followed}
    assert steps == set(carried.lineages.followed)
    this = next(file for file in told.files if file.path == "this.py")
    assert [(n.path, n.commits) for n in this.names] == [("old/a.py", 1)], "the one that is there"
    assert told.outside and "old/a.py" not in {o.path for o in told.outside}


def test_a_move_of_what_is_not_there_is_refused(source):
    source.load(STREAM)
    with pytest.raises(UsageError, match="nowhere"):
        preview_history(source.path, source.head(), [WHOLE, WholeMove("nowhere.py", "y.py")])


def test_a_refused_name_is_told_and_nothing_comes_from_it(source):
    source.load(STREAM)
    moves = [WHOLE, SliceMove("till.py", "till.py", frozenset({"Till"}))]
    told = preview_history(source.path, source.head(), moves, Following(not_from=("old/*", "b*")))
    assert told.outside == ()
    assert [(step.old_path, step.kind) for step in told.refused] == [
        ("old/a.py", "rename"),
        ("big.py", "symbol"),
    ]
    assert "history.not_from refuses old/a.py, renamed to new/a.py by" in summary(told)
