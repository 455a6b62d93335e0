"""What must arrive byte for byte, and what must not take part."""

import os
import signal
import subprocess
import sys
import time

import pytest

from extractor.errors import SourceError
from extractor.history.carry import carry_history
from extractor.history.check import check_history
from extractor.history.commits import Identity
from extractor.history.publish import finish_killed
from extractor.moves import WholeMove
from extractor.source.tree import GitTree, run_git
from tests.history.following import append_history

MESSAGE = b"\n\n  gr\xfc\xdfe\n\nChange-Id: I0\xe4\n\n\n"
ODD = (
    b"commit refs/heads/main\nauthor J\xf6rg  M <j@x> 10 +1245\ncommitter \xff <> 20 -0001\n"
    b"encoding iso-8859-1\ndata %d\n%s"
    b'M 100644 inline "na\\303\\257ve\\377.py"\ndata 2\nx\n'
    b"\ncommit refs/heads/main\ncommitter C <c@x> 30 +0000\ndata 0\n"
    b'M 100644 inline "na\\303\\257ve\\377.py"\ndata 2\ny\n'
) % (len(MESSAGE), MESSAGE)
NAME = b"na\xc3\xafve\xff.py"


def header_and_message(git_dir, name):
    raw = run_git(git_dir, "cat-file", "commit", name)
    head, _, message = raw.partition(b"\n\n")
    kept = [x for x in head.split(b"\n") if not x.startswith((b"tree ", b"parent "))]
    return kept, message


def test_names_messages_dates_and_encodings_are_as_they_were(source, tmp_path):
    source.load(ODD)
    path = os.fsdecode(NAME)
    move = WholeMove(path, f"new/{path}")
    carry_history(source.path, source.head(), [move], tmp_path / "out")
    for name in ("", "^"):
        here = header_and_message(tmp_path / "out" / ".git", f"upstream{name}")
        assert here == header_and_message(source.path, f"main{name}")
    assert b"encoding iso-8859-1" in here[0]
    with GitTree(tmp_path / "out" / ".git", "upstream") as tree:
        assert tree.paths() == [f"new/{path}"]


def test_a_signature_cannot_hold_and_goes(source, tmp_path):
    source.load(
        b"commit refs/heads/main\ncommitter C <c@x> 1 +0000\ndata 2\na\nM 644 inline a\ndata 1\na"
    )
    raw = source.git("cat-file", "commit", "main")
    signature = b"gpgsig -----BEGIN\n line\n \n end\n"
    signed = raw.replace(b"\n\n", b"\n" + signature + b"\n", 1)
    name = source.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed).strip()
    carry_history(source.path, name.decode(), [WholeMove("a", "b")], tmp_path / "out")
    assert header_and_message(tmp_path / "out" / ".git", "upstream") == header_and_message(
        source.path, "main"
    )


TWO = (
    b"commit refs/heads/main\nmark :1\ncommitter C <c@x> 1 +0000\ndata 2\n1\n"
    b"M 644 inline a\ndata 1\na\ncommit refs/heads/main\nmark :2\ncommitter C <c@x> 2 +0000\n"
    b"data 2\n2\nM 644 inline a\ndata 1\nb\n"
)


@pytest.fixture
def hashes(source, tmp_path):
    """The hashes of a carried history, again and again."""
    source.load(TWO)
    count = iter(range(9))

    def carry():
        out = tmp_path / f"out{next(count)}"
        carried = carry_history(source.path, source.head(), [WholeMove("a", "b")], out)
        notes = run_git(out / ".git", "rev-parse", "refs/notes/origin").decode()
        return carried.tip, notes, dict(carried.commit_map)

    return carry


def test_the_same_hashes_whatever_surrounds_us(source, hashes, tmp_path, monkeypatch):
    first = hashes()
    config = tmp_path / "config"
    config.write_text(
        "[user]\nname = X\n[core]\nabbrev = 5\nquotePath = true\n[diff]\nrenames = copies\n"
        "[i18n]\ncommitEncoding = latin-1\n[commit]\ngpgSign = true\n[log]\nshowSignature = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "X")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert hashes() == first


def test_grafts_and_replace_refs_are_ignored(source, hashes):
    first = hashes()
    tip = source.head()
    (source.path / "info").mkdir(exist_ok=True)
    (source.path / "info" / "grafts").write_text(f"{tip}\n")
    orphan = source.git("cat-file", "commit", tip).replace(b"parent", b"encoding", 1)
    other = source.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=orphan)
    source.git("update-ref", f"refs/replace/{tip}", other.decode().strip())
    assert hashes() == first


def take_out(source, *names):
    """Make the source a clone that lacks these blobs."""
    blobs = [source.git("rev-parse", name).decode().strip() for name in names]
    packs = source.path / "objects" / "pack"
    for pack in packs.glob("*"):
        pack.chmod(0o644)
    for pack in list(packs.glob("*.pack")):
        data = pack.read_bytes()
        for file in packs.glob("*"):
            file.unlink()
        source.git("unpack-objects", "-q", stdin=data)
    for blob in blobs:
        (source.path / "objects" / blob[:2] / blob[2:]).unlink()


def test_a_blob_nothing_needs_may_be_missing(source, tmp_path):
    source.load(
        b"commit refs/heads/main\ncommitter C <c@x> 1 +0000\ndata 2\n1\nM 644 inline a\ndata 1\na\n"
        b"M 644 inline huge\ndata 4\nhuge\n"
    )
    take_out(source, "main:huge")
    carry_history(source.path, source.head(), [WholeMove("a", "b")], tmp_path / "out")
    run_git(tmp_path / "out" / ".git", "fsck", "--strict")


def test_a_rename_with_an_edit_is_seen_beside_blobs_that_are_missing(source, tmp_path):
    lines = "".join(f"a_{number} = {number}\n" for number in range(9))
    source.load(
        "commit refs/heads/main\ncommitter C <c@x> 1 +0000\ndata 2\n1\n"
        f"M 644 inline old.py\ndata <<END\n{lines}END\n"
        "M 644 inline huge.py\ndata 5\nx = 1\n"
        "commit refs/heads/main\ncommitter C <c@x> 2 +0000\ndata 2\n2\n"
        f"R old.py new.py\nM 644 inline new.py\ndata <<END\n{lines}more = 1\nEND\n"
        "M 644 inline huge.py\ndata 5\nx = 2\n"
    )
    whole = carry_history(source.path, source.head(), [WholeMove("new.py", "n")], tmp_path / "all")
    take_out(source, "main:huge.py", "main^:huge.py")
    carried = carry_history(source.path, source.head(), [WholeMove("new.py", "n")], tmp_path / "o")
    assert carried.tip == whole.tip
    assert carried.counts["commits"] == 2
    assert any("what is lacking" in finding for finding in carried.findings)


def test_a_blob_that_is_needed_and_missing_is_named(source, tmp_path):
    source.load(TWO)
    take_out(source, "main^:a")
    with pytest.raises(SourceError):
        carry_history(source.path, source.head(), [WholeMove("a", "b")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


KILLED = """\
import os, pathlib, signal, sys
from extractor.history import append, carry, publish
from extractor.history.commits import Identity
from extractor.moves import WholeMove


def kill(*_arguments, **_options):
    os.kill(os.getpid(), signal.SIGKILL)


source, revision, out, where = sys.argv[1:]
where, _, at = where.partition(":")
names = vars(append if out.endswith("followed") else carry)
if where not in names or where == "run_git" and at == "--stdin":
    names = vars(publish)
real = names[where]
# A stage of "say" or a command of "run_git" can be told apart by its first words.
names[where] = lambda *a, **k: kill() if at in a or not at else real(*a, **k)
if where == "run_git" and not at:
    raise SystemExit("say which command")
moves = [WholeMove("a", "b")]
if out.endswith("followed"):
    who = Identity("A", "a@b")
    done = append.append_history(
        pathlib.Path(source), revision, moves, pathlib.Path(out), author=who
    )
    publish.publish(pathlib.Path(out), done.refs, done.state)
else:
    carry.carry_history(pathlib.Path(source), revision, moves, pathlib.Path(out))
"""


def killed(source, revision, out, where):
    """Carry or follow in a process that dies where it comes to ``where``."""
    command = [sys.executable, "-c", KILLED, source.path, revision, out, where]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done


def times(folder):
    return sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    "where",
    [
        "read_history", "make_repository", "write_commits", "origin_notes", "pack_objects",
        "run_git:refs/heads/upstream", "run_git:refs/notes/origin", "write_state",
        "CarriedHistory",
    ],
)  # fmt: skip
def test_a_kill_at_any_stage_leaves_nothing_where_the_result_would_be(source, tmp_path, where):
    source.load(TWO)
    before = times(source.path)
    out = tmp_path / "result" / "out"
    killed(source, source.head(), out, where)
    assert not out.exists()
    assert times(source.path) == before
    carry_history(source.path, source.head(), [WholeMove("a", "b")], out)
    run_git(out / ".git", "fsck", "--strict")


@pytest.mark.parametrize(
    "where",
    [
        "read_history", "write_commits", "add_pack", "pack_objects", "require_exact",
        "Appended", "prepare_state", "_write_down", "run_git:--stdin", "settle_state",
    ],
)  # fmt: skip
def test_a_kill_while_following_is_made_good_the_next_time(source, tmp_path, where):
    source.load(TWO)
    moves, out = [WholeMove("a", "b")], tmp_path / "followed"
    first = source.git("rev-parse", "main^").decode().strip()
    carried = carry_history(source.path, first, moves, out)
    before = times(source.path)
    killed(source, source.head(), out, where)
    git_dir = out / ".git"
    run_git(git_dir, "fsck", "--strict")
    run_git(git_dir, "merge-base", "--is-ancestor", carried.tip, "upstream")
    assert times(source.path) == before
    finish_killed(out)
    append_history(source.path, source.head(), moves, out, author=Identity("A", "a@b"))
    fresh = carry_history(source.path, source.head(), moves, tmp_path / "fresh")
    assert run_git(git_dir, "rev-parse", "upstream").decode().strip() == fresh.tip
    assert check_history(source.path, out).problems == ()
    assert sorted(p.name for p in (git_dir / "extractor").iterdir()) == [
        "commit-map", "history.json"
    ]  # fmt: skip


@pytest.mark.parametrize("delay", [0.05, 0.3])
def test_a_kill_at_some_moment_leaves_no_half_repository(source, tmp_path, delay):
    source.load(TWO)
    before = times(source.path)
    script = (
        "import sys, pathlib\n"
        "from extractor.history.carry import carry_history\n"
        "from extractor.moves import WholeMove\n"
        "print('ready', flush=True)\n"
        "carry_history(pathlib.Path(sys.argv[1]), sys.argv[2], [WholeMove('a', 'b')],"
        " pathlib.Path(sys.argv[3]))\n"
    )
    out = tmp_path / "result" / "out"
    child = subprocess.Popen(
        [sys.executable, "-c", script, source.path, source.head(), out], stdout=subprocess.PIPE
    )
    child.stdout.readline()
    time.sleep(delay)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    if out.exists():
        run_git(out / ".git", "fsck", "--strict")
        run_git(out / ".git", "rev-parse", "--verify", "upstream")
    assert times(source.path) == before
    carry_history(source.path, source.head(), [WholeMove("a", "b")], tmp_path / "again")
