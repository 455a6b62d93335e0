"""The command line as a whole: its exit codes, its one sentences, its help."""

import pkgutil
import signal
import subprocess
import sys

import pytest

import extractor.cli
from extractor.cli import main
from extractor.cli._summaries import SECTIONS
from extractor.errors import DidNotHold, NothingToDo, SourceError, UsageError

VERB = """\
import click
from extractor import errors
from extractor.cli import _options as options


@click.command()
@options.source_argument
@options.output_argument
@options.rev_option
@options.plan_option
@options.reporting_options
def command(source, output, rev, plan, reporting):
    "Do the thing."
    reporting.progress.note("noted")
    if source.startswith("raise "):
        raise eval(source.removeprefix("raise "), vars(errors))
    if source == "sleep":
        import time
        try:
            print("sleeping", flush=True)
            time.sleep(60)
        finally:
            print("cleaned up", flush=True)
    if source == "flood":
        for _ in range(100_000):
            click.echo("x" * 100)
    reporting.result(
        {"source": source, "output": str(output), "rev": rev, "plan": plan},
        f"did {source} to {output} at {rev}",
    )
    return int(source) if source.isdigit() else None
"""


@pytest.fixture
def verbs(tmp_path, monkeypatch):
    (tmp_path / "verbs").mkdir()
    for name in ("sample_verb", "another"):
        (tmp_path / "verbs" / f"{name}.py").write_text(VERB)
    monkeypatch.setattr(
        extractor.cli, "__path__", [*extractor.cli.__path__, str(tmp_path / "verbs")]
    )
    yield tmp_path / "verbs"
    for name in ("sample_verb", "another"):
        sys.modules.pop(f"extractor.cli.{name}", None)


@pytest.fixture
def run(verbs, capfd, monkeypatch):
    # main() takes over the signal of the test runner's own process.
    monkeypatch.setattr(signal, "signal", lambda *arguments: None)

    def run_it(*arguments):
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        return int(caught.value.code), printed.out, printed.err

    return run_it


class TestExitCodes:
    def test_done(self, run):
        code, out, err = run("sample-verb", "here", "there", "--rev", "v1", "--plan", "x")
        assert (code, out, err) == (0, "did here to there at v1\n", "noted\n")

    def test_verbs_own_code(self, run):
        assert run("sample-verb", "1", "there")[0] == 1

    @pytest.mark.parametrize(
        ("error", "code"),
        [(DidNotHold, 1), (UsageError, 2), (SourceError, 3), (NothingToDo, 4)],
    )
    def test_errors_are_one_sentence(self, run, error, code):
        found, out, err = run("sample-verb", f"raise {error.__name__}('so it is')", "there")
        assert (found, out, err) == (code, "", "noted\nextractor: so it is\n")

    def test_bug_of_ours_shows_where(self, run):
        code, _, err = run("sample-verb", "raise ValueError('oops')", "there")
        assert code == 70
        assert "Traceback" in err
        assert err.endswith("extractor: a bug in extractor: ValueError: oops\n")

    def test_full_disk_is_not_a_bug(self, run):
        code, _, err = run("sample-verb", "raise OSError(28, 'No space left', 'out/x')", "there")
        assert (code, err) == (2, "noted\nextractor: out/x: No space left\n")

    @pytest.mark.parametrize(
        "error",
        [
            "OSError(24, 'Too many open files')",
            "MemoryError()",
            "ImportError('Failed to initialize: [Errno 24] Too many open files')",
            "RuntimeError('cannot: can\\'t start new thread')",
            "OSError(27, 'File too large', 'x')",
            "NotADirectoryError(20, 'Not a directory', 'x/y')",
        ],
    )
    def test_what_the_machine_refuses_is_no_bug(self, run, error):
        code, _, err = run("sample-verb", f"raise {error}", "there")
        assert code == 2
        assert "Traceback" not in err and "bug of ours" not in err

    def test_what_a_stranger_wrote_is_shown_not_obeyed(self, run):
        code, out, _ = run("sample-verb", "\x1b[2Jhere", "there")
        assert (code, out) == (0, "did \\x1b[2Jhere to there at None\n")
        code, _, err = run("sample-verb", "raise SourceError('\x9b1m\u202e')", "there")
        assert code == 3 and "\x9b" not in err and "\u202e" not in err

    def test_interrupted(self, run):
        code, _, err = run("sample-verb", "raise KeyboardInterrupt", "there")
        assert (code, err) == (130, "noted\n\nextractor: interrupted\n")


class TestWrongUsage:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["sample-verb"], "Missing argument 'SOURCE'"),
            (["sample-verb", "here"], "Missing argument 'OUTPUT'"),
            (["sample-verb", "here", "there", "more"], "unexpected extra argument"),
            (["sample-verb", "here", "there", "--nosuch"], "No such option"),
            (["sample-verb", "here", "there", "--rev", "--upload-pack=x"], "looks like an option"),
            (["sample-verb", "here", "there", "--rev", ""], "cannot be the name"),
            (["--nosuch"], "No such option"),
            (["sampel-verb"], "there is no verb 'sampel-verb': did you mean sample-verb?"),
            (["zzz"], "there is no verb 'zzz': there are"),
            (["_options"], "there is no verb '_options'"),
        ],
    )
    def test_exits_with_2_and_says_what(self, run, arguments, sentence):
        code, out, err = run(*arguments)
        assert code == 2
        assert out == ""
        assert sentence in err
        assert "Traceback" not in err

    def test_nothing_at_all_shows_the_help(self, run):
        code, out, err = run()
        assert code == 2
        assert "Usage: extractor" in out + err

    def test_several_plans_and_none_named(self, run, monkeypatch, tmp_path):
        from extractor.plan import load

        for name in ("one", "two"):
            (tmp_path / "plans" / name).mkdir(parents=True)
            (tmp_path / "plans" / name / "plan.toml").write_text("")
        monkeypatch.setattr(load, "PLANS", tmp_path / "plans")
        code, _, err = run("sample-verb", "here", "there")
        assert (code, err) == (2, "extractor: name a plan with --plan: one of one, two\n")


class TestOutput:
    def test_json(self, run):
        code, out, _ = run("sample-verb", "here", "there", "--json", "--plan", "x")
        assert code == 0
        assert out.startswith('{\n  "output": "there",\n  "plan": "x",')

    def test_verbose(self, run):
        err = run("sample-verb", "here", "there", "--verbose")[2]
        assert err.startswith("noted\n")
        assert " s of processor time itself, at most " in err

    def test_quiet_and_verbose(self, run):
        code, _, err = run("sample-verb", "here", "there", "--verbose", "--quiet")
        assert (code, "contradict" in err) == (2, True)

    def test_quiet(self, run):
        assert run("sample-verb", "here", "there", "--quiet")[2] == ""

    def test_help_of_all(self, run):
        code, out, _ = run("--help")
        assert code == 0
        assert "sample-verb  Do the thing." in out
        assert "70 a bug in extractor" in out
        assert "_options" not in out

    def test_every_verb_has_a_section(self):
        named = [name for verbs in SECTIONS.values() for name in verbs]
        assert len(named) == len(set(named))
        found = {info.name for info in pkgutil.iter_modules(extractor.cli.__path__)}
        assert set(named) == {n.replace("_", "-") for n in found if not n.startswith("_")}

    def test_help_of_all_imports_no_verb(self):
        code = "import sys; from extractor.cli import main; main(['--help'])"
        command = [sys.executable, "-X", "importtime", "-c", code]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0
        for heavy in ("extractor.plan", "libcst", "pydantic", "extractor.cli.run"):
            assert heavy not in done.stderr

    def test_help_of_one(self, run):
        code, out, _ = run("sample-verb", "--help")
        assert code == 0
        assert "SOURCE OUTPUT" in out
        for option in ("--rev REV", "--plan PLAN", "--json", "--quiet"):
            assert option in out

    @pytest.mark.parametrize(
        ("asked", "same_as"),
        [
            (["help"], ["--help"]),
            (["help", "run"], ["run", "--help"]),
            (["help", "contracts", "check"], ["contracts", "check", "--help"]),
            (["help", "rewrite", "drop_calls"], ["rewrite", "drop_calls", "--help"]),
        ],
    )
    def test_the_verb_help(self, run, asked, same_as):
        code, out, _ = run(*asked)
        assert code == 0
        assert out == run(*same_as)[1]

    @pytest.mark.parametrize("asked", [["help", "runn"], ["help", "run", "x"]])
    def test_help_of_what_is_not_there(self, run, asked):
        code, out, err = run(*asked)
        assert (code, out) == (2, "")
        assert "Error: " in err

    def test_version(self, run):
        assert run("--version")[1].startswith("extractor, version ")


class TestAsAProcess:
    @pytest.fixture
    def command(self, verbs):
        script = (
            "import sys, extractor.cli as cli\n"
            f"cli.__path__.append({str(verbs)!r})\n"
            "cli.main(sys.argv[1:])\n"
        )
        return [sys.executable, "-c", script]

    def test_terminated_cleans_up(self, command):
        with subprocess.Popen(
            [*command, "sample-verb", "sleep", "there"], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "sleeping\n"
            process.terminate()
            assert process.stdout.read() == "cleaned up\n"
        assert process.returncode == 143

    def test_reader_that_leaves(self, command):
        with subprocess.Popen(
            [*command, "sample-verb", "flood", "there"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == "noted\n"
        assert process.returncode == 141

    def test_module_is_the_command(self):
        done = subprocess.run(
            [sys.executable, "-m", "extractor", "--version"], capture_output=True, text=True
        )
        assert done.returncode == 0
        assert "extractor, version" in done.stdout

    def test_verbs_pay_only_for_themselves(self):
        done = subprocess.run(
            [
                *[sys.executable, "-X", "importtime", "-c"],
                "import sys; from extractor.cli import main; main(['--version'])",
            ],
            capture_output=True,
            text=True,
        )
        for heavy in ("libcst", "git", "pydantic", "unearth", "grimp"):
            assert f" {heavy}\n" not in done.stderr


LOADING = """
import os, signal, sys, types
import extractor.__main__ as program
command_line = types.ModuleType("extractor.cli")
command_line.__getattr__ = lambda name: os.kill(os.getpid(), signal.SIGINT)
sys.modules["extractor.cli"] = command_line
program.start()
"""


def test_ctrl_c_while_the_program_is_loaded():
    done = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "extractor: interrupted\n")
