"""The rewritten form: what old versions are made to say, and how that is shown."""

import pytest

from extractor.errors import UsageError
from extractor.history import rewriting
from extractor.history.blame import pair_rewritten
from extractor.history.carry import carry_history
from extractor.history.check import check_history
from extractor.history.commits import Identity
from extractor.history.rewriting import rewrite_versions
from extractor.moves import WholeMove
from extractor.source.tree import run_git
from tests.history.following import append_history

STREAM = """\
commit refs/heads/main
committer A <a@x> 1 +0000
data <<END
under the first name
END
M 100644 inline old/a.py
data <<END
one = 1
two = 2
three = 3
END
M 100644 inline old/user.py
data <<END
import os
from old import a
print(a.one, os)
END
M 100644 inline old/py2.py
data <<END
import old.a
print old.a
END

commit refs/heads/main
committer B <b@x> 2 +0000
data <<END
only a renaming
END
R old/a.py mid/a.py
M 100644 inline old/user.py
data <<END
import os
from mid import a
print(a.one, os)
END
"""
MOVES = [
    WholeMove("mid/a.py", "new/a.py"),
    WholeMove("old/py2.py", "new/py2.py"),
    WholeMove("old/user.py", "new/user.py"),
]


def renaming(older):
    """A rewrite by search and replace that, like the real one, leaves Python 2 alone."""
    names = {b"from mid import": b"from new import"}
    if "old/a.py" in older:
        names[b"from old import"] = b"from new import"

    def rewrite(path, content):
        for old, new in names.items():
            content = content.replace(old, new)
        return content

    return rewrite


def forgetful(older):
    return renaming({})


def carry(source, target, make_rewrite):
    return carry_history(
        source.path, source.head(), MOVES, target, form="rewritten", make_rewrite=make_rewrite
    )


@pytest.mark.parametrize("fewest", [1, 64], ids=["in processes", "alone"])
def test_old_versions_name_the_new_module(source, tmp_path, monkeypatch, fewest):
    monkeypatch.setattr(rewriting, "_FEWEST", fewest)
    source.load(STREAM)
    carry(source, tmp_path / "out", renaming)
    git_dir = tmp_path / "out" / ".git"
    text = b"import os\nfrom new import a\nprint(a.one, os)\n"
    assert run_git(git_dir, "show", "upstream:new/user.py") == text
    # What only renamed changes nothing any more.
    assert run_git(git_dir, "log", "--format=%s", "upstream") == b"under the first name\n"
    assert run_git(git_dir, "show", "upstream:new/py2.py") == b"import old.a\nprint old.a\n"
    checked = check_history(source.path, tmp_path / "out", make_rewrite=renaming)
    assert checked.problems == ()
    assert (checked.python_versions, checked.unreadable) == (3, 1)
    user = next(file for file in checked.files if file.path == "new/user.py")
    # The line that only a renaming changed is its first author's.
    assert (user.same, user.older, user.different, user.unpaired) == (2, 1, 0, 0)


def test_what_is_forgotten_is_found_out(source, tmp_path):
    source.load(STREAM)
    carry(source, tmp_path / "out", forgetful)
    checked = check_history(source.path, tmp_path / "out", make_rewrite=forgetful)
    assert [found.partition(":")[2] for found in checked.old_names] == [
        "new/user.py:2 names old.a",
        "new/user.py:3 names old.a.one",
    ]
    assert checked.problems


def test_a_rewrite_that_breaks_a_version_is_found_out(source, tmp_path):
    def breaking(older):
        return lambda path, content: content.replace(b"two = 2", b"two =")

    source.load(STREAM)
    carry(source, tmp_path / "out", breaking)
    checked = check_history(source.path, tmp_path / "out", make_rewrite=breaking)
    assert any("new/a.py can no longer be read" in problem for problem in checked.problems)


def test_the_form_and_the_rewrite_go_together(source, tmp_path):
    source.load(STREAM)
    with pytest.raises(UsageError, match="make_rewrite"):
        carry_history(source.path, source.head(), MOVES, tmp_path / "out", form="rewritten")
    carry(source, tmp_path / "out", renaming)
    with pytest.raises(UsageError, match="the plan"):
        check_history(source.path, tmp_path / "out")


def test_appending_rewrites_what_is_new(source, tmp_path):
    source.load(STREAM)
    carry(source, tmp_path / "out", renaming)
    source.load(
        "commit refs/heads/main\ncommitter C <c@x> 3 +0000\ndata 4\nmore\nfrom refs/heads/main^0\n"
        "M 100644 inline old/user.py\ndata <<END\nfrom mid import a\nEND\n"
    )
    append_history(
        source.path, source.head(), MOVES, tmp_path / "out", author=Identity("A", "a@b"),
        make_rewrite=renaming,
    )  # fmt: skip
    text = run_git(tmp_path / "out" / ".git", "show", "upstream:new/user.py")
    assert text == b"from new import a\n"


def test_an_error_in_a_process_is_ours_to_see(source, monkeypatch):
    monkeypatch.setattr(rewriting, "_FEWEST", 1)
    source.load(STREAM)
    blob = source.git("rev-parse", "main:old/user.py").decode().strip()

    def fail(path, content):
        raise ValueError(path)

    with pytest.raises(ValueError, match="b"):
        list(rewrite_versions(source.path, [("b", blob), ("b", blob)], fail))
    missing = [("b", "1" * 40), ("c", blob)]
    same = list(rewrite_versions(source.path, missing, lambda path, content: content))
    assert same == [(("c", blob), None)]


def test_lines_sorted_anew_are_paired_with_what_they_were():
    plain = b"import os\n\nfrom old import zebra\nfrom other import b\n\nzebra.run()\n"
    result = b"import os\n\nfrom other import b\n\nfrom new import zebra\n\nzebra.run()\nmore = 1\n"
    pairs = [("p", number) for number in range(1, 7)]
    paired = pair_rewritten(result, plain, pairs)
    assert [paired[i] and paired[i][1] for i in (0, 2, 4, 6, 7)] == [1, 4, 3, 6, None]
