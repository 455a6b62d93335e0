import pytest

from extractor.errors import UsageError
from extractor.history.carry import carry_history
from extractor.history.commits import Identity, checkout, commit_tree
from extractor.history.merge import join_branch, record_extracted
from extractor.history.publish import publish
from extractor.moves import WholeMove
from extractor.source.tree import run_git

STREAM = b"""\
commit refs/heads/main
committer C <c@x> 1 +0000
data <<END
base
END
M 100644 inline a.py
data <<END
1
2
3
END
"""
AUTHOR = Identity("A", "a@b")


@pytest.fixture
def extracted(source, tmp_path):
    """A result with one rewrite on top, and a function that makes the next extraction."""
    source.load(STREAM)
    target = tmp_path / "out"
    upstream = carry_history(source.path, source.head(), [WholeMove("a.py", "a.py")], target).tip

    def extraction(content):
        return commit_tree(target, upstream, {"a.py": content}, "rewrite", author=AUTHOR, date=5)

    first = extraction(b"1\n2\n3 rewritten\n")
    checkout(target, "main", first)
    record_extracted(target, first)
    return target, extraction


def local_commit(target, files):
    tip = run_git(target / ".git", "rev-parse", "main").decode().strip()
    commit = commit_tree(target, tip, files, "mine", author=Identity("Me", "m@e"), date=6)
    checkout(target, "main", commit)
    return commit


def show(target, name):
    return run_git(target / ".git", "show", name)


def join(target, extraction):
    done = join_branch(target, "main", extraction, "Follow the source", author=AUTHOR, date=7)
    publish(target, done.refs)
    return done


def test_without_local_commits_the_tree_is_the_new_extractions(extracted):
    target, extraction = extracted
    before = run_git(target / ".git", "rev-parse", "main").decode().strip()
    new = extraction(b"1\n2\n3 rewritten\n4\n")
    done = join(target, new)
    assert (done.local_commits, done.conflicts) == (0, ())
    assert (target / "a.py").read_bytes() == b"1\n2\n3 rewritten\n4\n"
    run_git(target / ".git", "merge-base", "--is-ancestor", before, "main")
    assert run_git(target / ".git", "rev-parse", "main^{tree}") == run_git(
        target / ".git", "rev-parse", f"{new}^{{tree}}"
    )


def test_local_commits_are_kept_and_merged_again_and_again(extracted):
    target, extraction = extracted
    mine = local_commit(target, {"a.py": b"1 mine\n2\n3 rewritten\n", "new": b"mine"})
    done = join(target, extraction(b"1\n2\n3 rewritten\n4\n"))
    assert (done.local_commits, done.conflicts) == (1, ())
    assert (target / "a.py").read_bytes() == b"1 mine\n2\n3 rewritten\n4\n"
    join(target, extraction(b"1\n2\n3 rewritten\n4\n5\n"))
    assert show(target, "main:a.py") == b"1 mine\n2\n3 rewritten\n4\n5\n"
    assert show(target, "main:new") == b"mine"
    run_git(target / ".git", "merge-base", "--is-ancestor", mine, "main")


def test_a_conflict_is_named_and_nothing_is_lost(extracted):
    target, extraction = extracted
    mine = local_commit(target, {"a.py": b"1\n2\n3 mine\n"})
    done = join(target, extraction(b"1\n2\n3 theirs\n"))
    assert done.conflicts == ("a.py",)
    assert done.commit == mine
    assert (target / "a.py").read_bytes() == b"1\n2\n3 mine\n"
    assert show(target, "extracted:a.py") == b"1\n2\n3 theirs\n"
    with pytest.raises(UsageError, match="branch extracted"):
        join(target, extraction(b"1\n2\n3 more\n"))


def test_uncommitted_work_is_not_touched(extracted):
    target, extraction = extracted
    (target / "a.py").write_bytes(b"in the middle of it\n")
    with pytest.raises(UsageError, match="uncommitted changes"):
        join(target, extraction(b"1\n"))
    assert (target / "a.py").read_bytes() == b"in the middle of it\n"
