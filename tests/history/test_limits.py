"""Commits that change more files than git compares with one another."""

import pytest

from extractor.history import walk
from extractor.history.carry import carry_history
from extractor.history.check import check_history
from extractor.history.providers import Following
from extractor.moves import WholeMove


def blob(path, content):
    return f"M 100644 inline {path}\ndata <<END\n{content}END\n"


def lines(name, header):
    return f"# {header}\n" + "".join(f"{name}_{i} = {i}\n" for i in range(8))


def sweep(source, count):
    """Every file goes below new/ with another header, and one of them gets another name too."""
    old = [f"m{i}" for i in range(count)]
    new = [*old[:-1], "named_anew"]
    first = "".join(blob(f"old/{name}.py", lines(name, "old")) for name in old)
    moved = "".join(f"D old/{name}.py\n" for name in old)
    moved += "".join(
        blob(f"new/{after}.py", lines(before, "new"))
        for before, after in zip(old, new, strict=True)
    )
    head = "commit refs/heads/main\ncommitter C <c@x> {} +0000\ndata <<END\n{}\nEND\n"
    source.load(head.format(1, "base") + first + "\n" + head.format(2, "sweep") + moved)


@pytest.mark.parametrize("count", [3, 12])
def test_a_sweep_of_edited_files_keeps_their_past(source, tmp_path, monkeypatch, count):
    monkeypatch.setattr(walk, "_MANY", 5)
    sweep(source, count)
    moves = [WholeMove("new/m0.py", "a.py"), WholeMove("new/named_anew.py", "b.py")]
    carried = carry_history(source.path, source.head(), moves, tmp_path / "out")
    assert carried.counts["commits"] == 2
    steps = {(step.path, step.old_path) for step in carried.lineages.followed}
    assert steps == {("new/m0.py", "old/m0.py"), ("new/named_anew.py", f"old/m{count - 1}.py")}
    assert check_history(source.path, tmp_path / "out").problems == ()
    told = [finding for finding in carried.findings if "copies among" in finding]
    assert bool(told) == (count > 5)


def test_what_no_limit_allows_is_told(source, tmp_path, monkeypatch):
    monkeypatch.setattr(walk, "_MANY", 2)
    monkeypatch.setattr(walk, "_MOST", 2)
    head = "commit refs/heads/main\ncommitter C <c@x> {} +0000\ndata <<END\n{}\nEND\n"
    first = "".join(blob(f"m{i}.py", lines(f"m{i}", "old")) for i in range(6))
    moved = "".join(f"D m{i}.py\n" for i in range(6))
    moved += "".join(blob(f"n{i}.py", lines(f"m{i}", "new")) for i in range(6))
    source.load(head.format(1, "base") + first + "\n" + head.format(2, "sweep") + moved)
    moves = [WholeMove("n0.py", "a.py")]
    how = Following("renames")
    carried = carry_history(source.path, source.head(), moves, tmp_path / "out", how=how)
    assert carried.counts["commits"] == 1
    (told,) = carried.findings
    assert told == f"{source.head()}: renames of 6 new files told by equal content or name alone"
