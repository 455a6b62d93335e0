"""Files are replaced whole; what is written into a folder stays there; one run at a time."""

import os
import subprocess
import sys
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.errors import SourceError, UsageError
from extractor.files import Below, replace_file
from extractor.locks import only_one
from extractor.terminal import in_a_line, printable


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


class TestReplace:
    def test_a_new_file(self, tmp_path):
        replace_file(tmp_path / "f", b"x")
        assert (tmp_path / "f").read_bytes() == b"x"
        assert names_in(tmp_path) == ["f"]

    def test_it_keeps_its_mode_and_links_keep_leading_to_it(self, tmp_path):
        (tmp_path / "f").write_bytes(b"old")
        (tmp_path / "f").chmod(0o640)
        (tmp_path / "to").symlink_to("f")
        replace_file(tmp_path / "to", b"new")
        assert (tmp_path / "to").is_symlink()
        assert (tmp_path / "f").read_bytes() == b"new"
        assert (tmp_path / "f").stat().st_mode & 0o777 == 0o640

    def test_what_was_there_stays_when_the_new_does_not_fit(self, tmp_path):
        (tmp_path / "f").write_bytes(b"old")
        code = (
            "import resource, signal, sys; from pathlib import Path\n"
            "from extractor.files import replace_file\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
            "replace_file(Path(sys.argv[1]), b'x' * 100_000)"
        )
        done = subprocess.run([sys.executable, "-c", code, tmp_path / "f"], capture_output=True)
        assert b"File too large" in done.stderr
        assert (tmp_path / "f").read_bytes() == b"old"
        assert names_in(tmp_path) == ["f"]

    def test_drafts_of_killed_runs_go_away_those_of_others_stay(self, tmp_path):
        import fcntl

        dead = tmp_path / ".f.extractor-unfinished-1-x"
        alive = tmp_path / ".f.extractor-unfinished-2-x"
        dead.write_bytes(b"half")
        with alive.open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            replace_file(tmp_path / "f", b"x")
        assert names_in(tmp_path) == [alive.name, "f"]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
    def test_a_file_that_is_not_to_be_written_is_not_replaced(self, tmp_path):
        (tmp_path / "f").write_bytes(b"old")
        (tmp_path / "f").chmod(0o400)
        with pytest.raises(PermissionError):
            replace_file(tmp_path / "f", b"new")


class TestBelow:
    def test_files_links_and_modes(self, tmp_path):
        with Below(tmp_path / "out") as out:
            out.write("a/b/c", b"1")
            out.write("a/b/d", b"2", executable=True)
            out.link("a/e", "b/c")
        assert (tmp_path / "out/a/e").read_bytes() == b"1"
        assert os.access(tmp_path / "out/a/b/d", os.X_OK)

    @pytest.mark.parametrize(
        "path", ["", "/x", "../x", "a/../x", "a//x", "./x", "a/", "a\0b", ".."]
    )
    def test_names_that_lead_elsewhere(self, tmp_path, path):
        with Below(tmp_path / "out") as out, pytest.raises(SourceError):
            out.write(path, b"x")
        assert names_in(tmp_path) == ["out"]

    def test_nothing_is_written_through_a_link(self, tmp_path):
        (tmp_path / "mine").mkdir()
        with Below(tmp_path / "out") as out:
            out.link("a", "../mine")
            with pytest.raises(SourceError, match="a file or a link"):
                out.write("a/x", b"x")
            out.link("f", "../mine/f")
            out.write("f", b"x")
        assert names_in(tmp_path / "mine") == []
        assert not (tmp_path / "out/f").is_symlink()

    # A busy machine makes folders slowly; that is not what is tried here.
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
    @given(st.lists(st.text(alphabet="ab./\0\n", max_size=6), max_size=6))
    def test_any_names_at_all(self, tmp_path_factory, names):
        top = tmp_path_factory.mktemp("below")
        with Below(top / "out") as out:
            for name in names:
                try:
                    out.write(name, b"x")
                except (SourceError, IsADirectoryError):
                    continue
        assert names_in(top) == ["out"]


class TestLocks:
    def test_readers_share_and_a_writer_is_alone(self, tmp_path):
        one, two = only_one(tmp_path, shared=True), only_one(tmp_path, shared=True, seconds=0)
        with one, two, pytest.raises(UsageError, match="another run"):
            only_one(tmp_path, seconds=0).__enter__()
        with only_one(tmp_path), pytest.raises(UsageError, match="another run"):
            only_one(tmp_path, shared=True, seconds=0).__enter__()
        assert names_in(tmp_path) == []

    def test_the_second_waits_and_says_so(self, tmp_path):
        told = []
        held = only_one(tmp_path)
        held.__enter__()
        timer = threading.Timer(0.3, lambda: held.__exit__(None, None, None))
        timer.start()
        with only_one(tmp_path, note=told.append):
            assert len(told) == 1 and "waiting" in told[0]

    def test_a_killed_run_holds_nothing(self, tmp_path):
        code = (
            "import os, sys; from pathlib import Path; from extractor.locks import only_one\n"
            "with only_one(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
        )
        subprocess.run([sys.executable, "-c", code, tmp_path])
        with only_one(tmp_path, seconds=0):
            pass


class TestTerminal:
    def test_plain_text_is_as_it_was(self):
        text = "plain text, \u00e4 \u4e2d \U0001f600\n\tand more"
        assert printable(text) == text

    @pytest.mark.parametrize(
        ("raw", "shown"),
        [
            ("\x1b[2J", "\\x1b[2J"),
            ("a\rb", "a\\rb"),
            ("\x9b1m", "\\x9b1m"),
            ("\u202egpj", "\\u202egpj"),
            ("caf\udce9", "caf\\udce9"),
            ("\x07", "\\x07"),
        ],
    )
    def test_commands_are_written_out(self, raw, shown):
        assert printable(raw) == shown

    def test_a_name_stays_on_its_line(self):
        assert in_a_line("new\nline") == "new\\nline"

    @given(st.text())
    def test_nothing_of_any_text_reaches_the_terminal(self, text):
        shown = printable(text)
        assert not set(shown) & (set(map(chr, range(32))) - {"\n", "\t"} | {"\x7f", "\x9b"})
        shown.encode("utf-8")
