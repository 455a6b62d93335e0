"""OUTPUT is complete or absent, whatever happens on the way."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.errors import UsageError
from extractor.output import check_output, complete_or_absent


def names(folder):
    return sorted(path.name for path in folder.iterdir())


class TestRefusals:
    @pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
    def test_existing(self, tmp_path, kind):
        output = tmp_path / "out"
        if kind == "folder":
            output.mkdir()
        elif kind == "file":
            output.write_text("")
        else:
            output.symlink_to(tmp_path / "nowhere")
        with pytest.raises(UsageError, match="exists already"), complete_or_absent(output):
            pytest.fail("must not get here")

    def test_no_parent(self, tmp_path):
        with pytest.raises(UsageError, match="there is no folder"):
            check_output(tmp_path / "no" / "out")

    def test_parent_is_a_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(UsageError, match="there is no folder"):
            check_output(tmp_path / "file" / "out")

    def test_inside_the_source(self, tmp_path):
        source = tmp_path / "source"
        (source / "sub").mkdir(parents=True)
        (tmp_path / "link").symlink_to(source)
        for output in (source / "out", source / "sub" / "out", tmp_path / "link" / "out"):
            with pytest.raises(UsageError, match="never written to"):
                check_output(output, source)
        check_output(tmp_path / "source-out", source)

    def test_made_by_somebody_else_meanwhile(self, tmp_path):
        output = tmp_path / "out"
        with (
            pytest.raises(UsageError, match="exists already"),
            complete_or_absent(output) as building,
        ):
            (building / "file").write_text("ours")
            output.mkdir()
            (output / "file").write_text("theirs")
        assert (output / "file").read_text() == "theirs"
        assert names(tmp_path) == ["out"]

    def test_another_run_is_alive(self, tmp_path):
        with complete_or_absent(tmp_path / "out") as building:
            (building / "file").write_text("x")
            with (
                pytest.raises(UsageError, match="right now"),
                complete_or_absent(tmp_path / "out"),
            ):
                pytest.fail("must not get here")
            with complete_or_absent(tmp_path / "other") as other:
                (other / "file").write_text("y")
        assert (tmp_path / "out" / "file").read_text() == "x"
        assert (tmp_path / "other" / "file").read_text() == "y"


class TestCompleteOrAbsent:
    def test_complete(self, tmp_path):
        with complete_or_absent(tmp_path / "out") as building:
            (building / "file").write_text("x")
            assert not (tmp_path / "out").exists()
            assert building.stat().st_dev == tmp_path.stat().st_dev
        assert names(tmp_path) == ["out"]
        assert names(tmp_path / "out") == ["file"]

    def test_as_open_as_a_new_folder(self, tmp_path):
        (tmp_path / "plain").mkdir()
        with complete_or_absent(tmp_path / "out"):
            pass
        assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode

    def test_relative(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with complete_or_absent(Path("out")) as building:
            (building / "file").write_text("x")
        assert (tmp_path / "out" / "file").exists()

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_absent_when_the_work_fails(self, tmp_path, error):
        with pytest.raises(error), complete_or_absent(tmp_path / "out") as building:
            (building / "file").write_text("x")
            (building / "file").chmod(0o444)
            raise error
        assert names(tmp_path) == []

    def test_absent_when_killed_and_cleaned_by_the_next_run(self, tmp_path):
        script = (
            "import sys, time; from pathlib import Path\n"
            "from extractor.output import complete_or_absent\n"
            "with complete_or_absent(Path(sys.argv[1])) as building:\n"
            "    (building / 'file').write_text('half')\n"
            "    print('building', flush=True)\n"
            "    time.sleep(60)\n"
        )
        output = tmp_path / "out"
        with subprocess.Popen(
            [sys.executable, "-c", script, output], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout.readline() == b"building\n"
            with (
                pytest.raises(UsageError, match="another run"),
                complete_or_absent(output),
            ):
                pytest.fail("must not get here")
            process.send_signal(signal.SIGKILL)
        assert not output.exists()
        leftovers = names(tmp_path)
        assert len(leftovers) == 1
        assert leftovers[0].startswith(".out.extractor-unfinished-")
        with complete_or_absent(output) as building:
            (building / "file").write_text("whole")
        assert names(tmp_path) == ["out"]
        assert (output / "file").read_text() == "whole"

    def test_only_leftovers_of_the_same_output_are_removed(self, tmp_path):
        prefix = ".out.extractor-unfinished-"
        (tmp_path / "precious").mkdir()
        (tmp_path / "precious" / "lock").write_text("")
        (tmp_path / f"{prefix}empty").mkdir()
        (tmp_path / f"{prefix}without-lock").mkdir()
        (tmp_path / f"{prefix}without-lock" / "file").write_text("")
        (tmp_path / f"{prefix}file").write_text("")
        (tmp_path / f"{prefix}link").symlink_to(tmp_path / "precious")
        (tmp_path / ".other.extractor-unfinished-x").mkdir()
        with complete_or_absent(tmp_path / "out"):
            pass
        assert names(tmp_path) == [
            ".other.extractor-unfinished-x",
            f"{prefix}file",
            f"{prefix}link",
            f"{prefix}without-lock",
            "out",
            "precious",
        ]
        assert names(tmp_path / "precious") == ["lock"]

    def test_two_runs_at_once_give_one_result(self, tmp_path):
        script = (
            "import sys, time; from pathlib import Path\n"
            "from extractor.errors import UsageError\n"
            "from extractor.output import complete_or_absent\n"
            "try:\n"
            "    with complete_or_absent(Path(sys.argv[1])) as building:\n"
            "        (building / 'file').write_text(sys.argv[2])\n"
            "        time.sleep(0.2)\n"
            "        (building / 'second').write_text(sys.argv[2])\n"
            "except UsageError:\n"
            "    sys.exit(2)\n"
        )
        output = tmp_path / "out"
        processes = [
            subprocess.Popen([sys.executable, "-c", script, output, str(number)])
            for number in range(3)
        ]
        codes = sorted(process.wait() for process in processes)
        assert codes == [0, 2, 2]
        assert (output / "file").read_text() == (output / "second").read_text()
        assert names(tmp_path) == ["out"]
