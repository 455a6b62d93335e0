import pytest

from extractor.errors import UsageError
from extractor.history.blame import lines_of, pair_lines
from extractor.history.carry import carry_history
from extractor.history.check import check_history, summary
from extractor.history.commits import Identity, commit_tree
from extractor.moves import SliceMove, WholeMove
from extractor.source.tree import run_git

STREAM = b"""\
commit refs/heads/main
committer C <c@x> 1 +0000
data <<END
base
END
M 100644 inline old.py
data <<END
a = 1
b = 2
c = 3
d = 4
END
M 100644 inline big.py
data <<END
# header

class A(object):
    one = 1
    two = 2
    three = 3


B = 1
END

commit refs/heads/main
committer C <c@x> 2 +0000
data <<END
rename
END
R old.py new.py

commit refs/heads/main
committer C <c@x> 3 +0000
data <<END
edit
END
M 100644 inline new.py
data <<END
a = 1
b = 2
c = 3
d = 5
END
M 100644 inline big.py
data <<END
# header

class A(object):
    one = 1
    two = 22
    three = 3


B = 1
END
"""
MOVES = [WholeMove("new.py", "n/new.py"), SliceMove("big.py", "n/big.py", frozenset("A"))]


@pytest.fixture
def result(source, tmp_path):
    source.load(STREAM)
    carry_history(source.path, source.head(), MOVES, tmp_path / "out")
    return tmp_path / "out"


def test_a_good_history_has_no_problems(source, result):
    checked = check_history(source.path, result)
    assert checked.problems == ()
    assert {f.path: (f.same, f.older, f.different, f.unpaired) for f in checked.files} == {
        "n/big.py": (5, 0, 0, 0),
        "n/new.py": (4, 0, 0, 0),
    }
    assert checked.record()["same_commit_blame"] == {
        "production": 1.0, "tests": 1.0, "other": 1.0
    }  # fmt: skip
    assert "lost ancestors 0" in summary(checked)


def test_a_history_that_begins_at_the_rename_is_found_out(source, result):
    git_dir = result / ".git"
    tip = run_git(git_dir, "rev-parse", "upstream").decode().strip()
    tree = run_git(git_dir, "rev-parse", "upstream^{tree}").decode().strip()
    raw = run_git(git_dir, "cat-file", "commit", tip)
    lines = [x for x in raw.split(b"\n") if not x.startswith(b"parent ")]
    assert tree.encode() in lines[0]
    cut = run_git(git_dir, "hash-object", "-t", "commit", "-w", "--stdin", stdin=b"\n".join(lines))
    name = cut.decode().strip()
    run_git(git_dir, "update-ref", "refs/heads/upstream", name)
    map_file = git_dir / "extractor" / "commit-map"
    rows = []
    for row in map_file.read_text().splitlines():
        old, new, *_rest = row.split()
        if new == tip:
            rows.append(f"{old} {name} {name}")
        else:
            rows.append(f"{old} - - touches nothing that is carried")
    map_file.write_text("\n".join(rows) + "\n")
    checked = check_history(source.path, result)
    assert len(checked.lost) == 2
    assert checked.shares()["production"] < 0.5
    assert any("n/new.py" in problem for problem in checked.problems)


def test_a_foreign_file_and_an_empty_commit_are_found_out(source, result):
    author = Identity("A", "a@b")
    tip = run_git(result / ".git", "rev-parse", "upstream").decode().strip()
    more = commit_tree(
        result, tip, {"other": b"x"}, "more", author=author, date=9, branch="upstream"
    )
    raw = run_git(result / ".git", "cat-file", "commit", more)
    tree = raw.split(b"\n")[0]
    empty = (
        tree
        + b"\nparent "
        + more.encode()
        + b"\n"
        + raw.partition(b"\nauthor")[1]
        + (raw.partition(b"\nauthor")[2]).lstrip(b"\n")
    )
    empty = empty.replace(b"\n\nauthor", b"\nauthor")
    name = run_git(result / ".git", "hash-object", "-t", "commit", "-w", "--stdin", stdin=empty)
    run_git(result / ".git", "update-ref", "refs/heads/upstream", name.decode().strip())
    checked = check_history(source.path, result)
    assert checked.foreign == ("other",)
    assert checked.noise == (name.decode().strip(),)
    assert "other" in checked.tip_differs


def test_lines_written_on_top_are_counted_apart(source, result):
    tip = run_git(result / ".git", "rev-parse", "upstream").decode().strip()
    files = {"n/new.py": b"a = 1\nb = 2\nx = 0\nc = 30\nd = 5\n"}
    commit_tree(result, tip, files, "rewrite", author=Identity("A", "a@b"), date=9, branch="main")
    new = check_history(source.path, result, branch="main").files[1]
    assert (new.path, new.same, new.different, new.unpaired) == ("n/new.py", 3, 0, 2)


def test_a_repository_of_somebody_elses_is_refused(source, tmp_path):
    source.load(STREAM)
    (tmp_path / "theirs" / ".git").mkdir(parents=True)
    with pytest.raises(UsageError, match="not made by extractor"):
        check_history(source.path, tmp_path / "theirs")


def test_lines_of_a_slice_are_paired_by_statement():
    big = b"# head\n\nimport os\nX = 1\n# why\nY = os\nX = 1\n"
    result = b"# head\n\nimport os\n# why\nY = os\n"
    pairs = pair_lines(result, [("big.py", big)], is_whole=False)
    assert pairs == [("big.py", 1), None, ("big.py", 3), ("big.py", 5), ("big.py", 6)]


def test_a_lone_carriage_return_ends_no_line():
    old = b"a = 1\nBAR = '\r'\n\x0c\nb = 2\n"
    new = b"import x\n" + old
    assert pair_lines(new, [("m.py", old)], True)[1:] == [("m.py", n) for n in (1, 2, 3, 4)]
    assert lines_of(old) == [b"a = 1", b"BAR = '\r'", b"\x0c", b"b = 2"]
    assert lines_of(b"no end\rhere") == [b"no end\rhere"]


def put_in_the_past(source, result, path, content):
    """The result with other content at ``path`` in its first commit, noted as if it were right."""
    git_dir = result / ".git"
    names = run_git(git_dir, "rev-list", "--topo-order", "--reverse", "upstream").decode().split()
    became = {}
    for name in names:
        raw = run_git(git_dir, "cat-file", "commit", name)
        for old, new in became.items():
            raw = raw.replace(old.encode(), new.encode())
        if name == names[0]:
            blob = run_git(git_dir, "hash-object", "-w", "--stdin", stdin=content).decode().strip()
            listing = run_git(git_dir, "ls-tree", "-r", name).decode().splitlines()
            tree = "".join(
                f"{row.split()[0]} blob {blob}\t{path.rpartition('/')[2]}\n"
                if row.endswith(f"\t{path}")
                else f"{row.partition(chr(9))[0]}\t{row.rpartition('/')[2]}\n"
                for row in listing
            )
            inner = run_git(git_dir, "mktree", stdin=tree.encode()).decode().strip()
            outer = run_git(git_dir, "mktree", stdin=f"040000 tree {inner}\tn\n".encode())
            raw = b"tree " + outer.strip() + raw[raw.index(b"\n") :]
        made = run_git(git_dir, "hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
        became[name] = made.decode().strip()
    run_git(git_dir, "update-ref", "refs/heads/upstream", became[names[-1]])
    map_file = git_dir / "extractor" / "commit-map"
    text = map_file.read_text()
    for old, new in became.items():
        text = text.replace(old, new)
    map_file.write_text(text)
    return became[names[0]]


def test_contents_that_the_file_never_had_are_foreign(source, result):
    first = put_in_the_past(source, result, "n/new.py", b"secret = 1\na = 1\n")
    checked = check_history(source.path, result)
    assert checked.strange == (f"{first[:12]}:n/new.py",)
    told = f"{first[:12]}:n/new.py is not in any version that its file had then"
    assert told in checked.problems


def test_contents_are_told_by_the_names_they_came_from(source, result):
    checked = check_history(source.path, result)
    assert checked.strange == ()
    assert checked.came_from["n/new.py"] == {"old.py": 1, "new.py": 1}
