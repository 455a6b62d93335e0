"""What a sync changes in a person's repository: all of it, or nothing and a sentence."""

import json
import subprocess

import pytest

from extractor.errors import UsageError
from extractor.history.carry import carry_history
from extractor.history.commits import Identity, checkout, commit_tree
from extractor.history.merge import join_branch, record_extracted, require_joinable
from extractor.history.publish import finish_killed, publish
from extractor.history.quiet import OUR_LOCK, one_at_a_time
from extractor.moves import WholeMove
from tests.repositories import git

STREAM = b"""\
commit refs/heads/main
committer C <c@x> 1 +0000
data <<END
base
END
M 100644 inline a.py
data <<END
1
END
M 100644 inline gone/b.py
data <<END
2
END
"""
AUTHOR = Identity("A", "a@b")
# What the next extraction brings: a changed file, one that goes, new ones, a file for a folder.
NEW = {"a.py": b"1\n3\n", "gone/b.py": None, "notes.py": b"n\n", "lab/x.py": b"x\n", "gone": b"g\n"}


@pytest.fixture
def target(source, tmp_path):
    source.load(STREAM)
    target = tmp_path / "out"
    moves = [WholeMove("a.py", "a.py"), WholeMove("gone/b.py", "gone/b.py")]
    upstream = carry_history(source.path, source.head(), moves, target).tip
    first = commit_tree(target, upstream, {"c.py": b"c\n"}, "rewrite", author=AUTHOR, date=5)
    checkout(target, "main", first)
    record_extracted(target, first)
    git(target, "config", "user.name", "P")
    git(target, "config", "user.email", "p@x")
    return target


def bring(target, files=NEW, *, upstream=None):
    """Join an extraction of ``files``, as a sync does; ``upstream`` moves to it too."""
    tip = git(target, "rev-parse", "refs/extractor/extracted").strip()
    new = commit_tree(target, tip, files, "more", author=AUTHOR, date=7)
    done = join_branch(target, "main", new, "Follow", author=AUTHOR, date=7)
    publish(target, {**done.refs, "refs/heads/upstream": new})
    return done


def everything(target):
    """All that a person can see: refs, HEAD, index, and every file."""
    head = (target / ".git/HEAD").read_text()
    files = {
        path.relative_to(target): path.read_bytes()
        for path in sorted(target.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }
    return head, git(target, "for-each-ref"), git(target, "ls-files", "-s"), files


def test_refs_index_and_tree_move_together(target):
    bring(target)
    assert git(target, "status", "--porcelain") == ""
    assert (target / "gone").read_bytes() == b"g\n"
    assert git(target, "diff", "HEAD", "upstream") == ""
    assert git(target, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert sorted(path.name for path in (target / ".git/extractor").iterdir()) == [
        "commit-map", "history.json"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ({"notes.py": "mine"}, "notes.py"),
        ({"lab": "mine"}, "lab"),
        ({"lab/x.py": "mine", "lab/y": "y"}, "lab/x.py"),
        ({"gone/mine.txt": "mine"}, "gone/mine.txt"),
        ({"notes.py": "ignored", ".git/info/exclude": "notes.py\n"}, "notes.py"),
    ],
)
def test_what_git_does_not_track_is_not_overwritten(target, made, named):
    for path, text in made.items():
        (target / path).parent.mkdir(exist_ok=True, parents=True)
        (target / path).write_text(text)
    before = everything(target)
    with pytest.raises(UsageError, match=f"overwrite.*{named}"):
        bring(target)
    assert everything(target) == before
    (target / named).unlink()
    bring(target)
    assert git(target, "status", "--porcelain", "--", *NEW) == ""


def test_files_beside_what_comes_are_left_alone(target):
    (target / "lab").mkdir()
    (target / "lab/mine.txt").write_text("mine")
    bring(target)
    assert (target / "lab/mine.txt").read_text() == "mine"
    assert (target / "lab/x.py").read_bytes() == b"x\n"


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_changes_that_git_was_told_to_overlook_are_not_overwritten(target, flag):
    git(target, "update-index", flag, "a.py")
    bring(target, {"notes.py": b"n\n"})
    (target / "a.py").write_text("mine\n")
    before = everything(target)
    with pytest.raises(UsageError, match=r"overlook.*a\.py"):
        bring(target, {"a.py": b"other\n"})
    assert everything(target) == before


@pytest.mark.parametrize("where", ["feature", "--detach"])
def test_a_person_stays_where_they_are(target, where):
    git(target, "switch", "-q", *(["-c", where] if where == "feature" else [where]))
    head = git(target, "rev-parse", "HEAD")
    (target / "a.py").write_text("half done\n")
    before = (target / ".git/HEAD").read_text()
    done = bring(target)
    assert (target / ".git/HEAD").read_text() == before
    assert git(target, "rev-parse", "HEAD") == head
    assert (target / "a.py").read_text() == "half done\n"
    assert git(target, "rev-parse", "main").strip() == done.commit


def test_a_person_who_looks_at_upstream_goes_along_with_it(target):
    git(target, "switch", "-q", "upstream")
    (target / "c.py").write_text("c\n")
    with pytest.raises(UsageError, match=r"overwrite.*c\.py"):
        bring(target)
    (target / "c.py").unlink()
    bring(target)
    assert git(target, "status", "--porcelain") == ""
    assert git(target, "symbolic-ref", "HEAD").strip() == "refs/heads/upstream"
    assert (target / "notes.py").exists()


def begin_merge(target):
    git(target, "switch", "-qc", "other")
    git(target, "commit", "-q", "--allow-empty", "-m", "other")
    git(target, "switch", "-q", "main")
    git(target, "merge", "-q", "--no-ff", "--no-commit", "other")


def begin_rebase(target):
    with pytest.raises(subprocess.CalledProcessError):
        git(target, "rebase", "-x", "false", "HEAD~1")


CURED = {
    "merge --abort": (begin_merge, "merge is begun"),
    "rebase --abort": (begin_rebase, "rebase is begun"),
    "stash": (lambda t: (t / "a.py").write_text("mine"), "uncommitted changes in a.py"),
    "branch main": (
        lambda t: [git(t, "switch", "-q", "upstream"), git(t, "branch", "-qD", "main")],
        "main is gone",
    ),
}


@pytest.mark.parametrize("cure", CURED)
def test_what_is_refused_comes_with_what_cures_it(target, cure):
    make, said = CURED[cure]
    make(target)
    before = everything(target)
    with pytest.raises(UsageError, match=said) as refused:
        require_joinable(target, "main")
    assert everything(target) == before
    command = str(refused.value).partition("git -C ")[2].partition(", and run")[0]
    _target, *words = command.split(" ")
    assert " ".join(words).startswith(cure)
    git(target, *words)
    require_joinable(target, "main")


@pytest.mark.parametrize("branch", ["main", "upstream"])
def test_a_branch_of_a_linked_work_tree_is_not_moved_under_it(target, tmp_path, branch):
    git(target, "switch", "-q", "-c", "feature")
    git(target, "worktree", "add", "-q", tmp_path / "linked", branch)
    with pytest.raises(UsageError, match=f"{branch} is checked out in the linked.*linked"):
        require_joinable(target, "main")
    git(tmp_path / "linked", "switch", "-q", "--detach")
    require_joinable(target, "main")


@pytest.mark.parametrize("lock", ["index", "HEAD", "refs/heads/main", "refs/heads/upstream"])
def test_a_lock_of_git_is_named_and_left(target, lock):
    path = target / f".git/{lock}.lock"
    path.write_bytes(b"")
    with pytest.raises(UsageError, match=f"{lock}.lock is there.*rm "):
        require_joinable(target, "main")
    finish_killed(target)
    assert path.exists()


def test_one_sync_at_a_time(target):
    with one_at_a_time(target / ".git"):
        second = one_at_a_time(target / ".git")
        with pytest.raises(UsageError, match="another sync is at work"):
            second.__enter__()
    with one_at_a_time(target / ".git"):
        pass


@pytest.mark.parametrize("options", [["--cone"], ["--no-cone"], ["--cone", "--sparse-index"]])
def test_what_a_sparse_checkout_leaves_out_stays_out(target, options):
    bring(target, {"lab/x.py": b"x\n", "kept/k.py": b"k\n"})
    git(target, "sparse-checkout", "init", *options)
    git(
        target,
        "sparse-checkout",
        "set",
        *(["/*.py", "kept"] if "--no-cone" in options else ["kept"]),
    )
    assert not (target / "lab").exists()
    bring(target, {"lab/x.py": b"y\n", "lab/new.py": b"n\n", "kept/new.py": b"n\n", "a.py": b"2\n"})
    assert not (target / "lab").exists()
    assert (target / "kept" / "new.py").read_bytes() == b"n\n"
    assert git(target, "status", "--porcelain") == ""
    git(target, "sparse-checkout", "disable")
    assert (target / "lab" / "new.py").read_bytes() == b"n\n"
    assert git(target, "status", "--porcelain") == ""


def test_a_file_that_is_born_modified_is_no_change_of_a_persons(target):
    files = {".gitattributes": b"*.txt text eol=lf\n", "dos.txt": b"a\r\nb\r\n"}
    bring(target, files)
    (target / "dos.txt").touch()
    (target / ".git/index").touch()
    git(target, "rm", "-q", "--cached", "dos.txt")
    git(target, "reset", "-q")
    assert "dos.txt" in git(target, "status", "--porcelain")
    bring(target, {"dos.txt": b"a\r\nc\r\n"})
    assert (target / "dos.txt").read_bytes() == b"a\r\nc\r\n"
    (target / "dos.txt").write_bytes(b"mine\n")
    with pytest.raises(UsageError, match=r"dos\.txt"):
        bring(target, {"c.py": b"d\n"})


class Killed(BaseException):
    pass


STAGES = ["stage", "prepare_state", "_write_down", "put_in_place", "run_git", "settle_state"]


@pytest.mark.parametrize("branch", ["main", "upstream", "feature"])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_a_kill_is_made_good(target, monkeypatch, stage, branch, is_done):
    if branch != "main":
        git(target, "switch", "-q", *(["-c"] if branch == "feature" else []), branch)
    with monkeypatch.context() as patched:
        from extractor.history import publish as module

        real = getattr(module, stage)

        def dies(*arguments, **options):
            if is_done:
                real(*arguments, **options)
            raise Killed

        patched.setattr(module, stage, dies)
        try:
            bring(target)
        except Killed:
            pass
        else:
            assert branch == "feature" and stage in ("stage", "put_in_place")
    (target / ".git/index.lock").write_bytes(OUR_LOCK)
    finish_killed(target)
    bring(target)
    assert git(target, "status", "--porcelain") == ""
    assert git(target, "diff", "main", "upstream") == ""
    assert git(target, "show", "main:notes.py") == "n\n"


def test_a_kill_in_the_middle_of_the_files_is_made_good_but_not_over_a_person(target, monkeypatch):
    from extractor.history import worktree

    real = worktree._take_out
    with monkeypatch.context() as patched:
        patched.setattr(worktree, "_take_out", lambda *a: [real(*a), (_ for _ in ()).throw(Killed)])
        with pytest.raises(Killed):
            bring(target)
    assert json.loads((target / ".git/extractor/move.json").read_text())["head"]
    (target / "a.py").write_text("mine\n")
    with pytest.raises(UsageError, match=r"a\.py was changed"):
        finish_killed(target)
    assert (target / "a.py").read_text() == "mine\n"
    (target / "a.py").rename(target / "kept")
    finish_killed(target)
    assert (target / "a.py").read_bytes() == NEW["a.py"]
    assert git(target, "status", "--porcelain").split() == ["??", "kept"]
