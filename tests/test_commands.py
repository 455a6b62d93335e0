"""The README's commands on machines that lack something; what they call is a stand-in here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

RECORDER = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
"""

FAKE_EXTRACTOR = """\
#!/bin/sh
echo "extractor $*" >> "$CALLS"
mkdir -p "$3/lifted/.git"
exit ${CODE:-0}
"""


@pytest.fixture
def project(tmp_path):
    """A copy of the commands, with an environment whose programs only write down their calls."""
    root = tmp_path / "a project"
    (root / ".ci").mkdir(parents=True)
    for name in ("run-tests", "run-demo", ".ci/run", ".ci/environment.sh", "pyproject.toml"):
        shutil.copy2(ROOT / name, root / name)
    # The real one asks the machine's package manager for servers and a browser.
    program(root / ".ci/install-extras", "#!/bin/sh\n")
    return root


@pytest.fixture
def machine(tmp_path):
    """A PATH with nothing but what every machine has, and git."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("bash", "basename", "cat", "cmp", "cp", "dirname", "git", "mkdir", "sh"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def python(path, version=(3, 11)):
    """An interpreter of a version, as far as the commands can tell."""
    fits = 0 if version >= (3, 11) else 1
    program(
        path,
        "#!/bin/sh\n"
        f'echo "python{version[0]}.{version[1]} $*" >> "$CALLS"\n'
        'case "$1 $2" in\n'
        f"-c*) exit {fits} ;;\n"
        '"-m venv") for name in python extractor; do\n'
        '  mkdir -p "$4/bin"; cp "$STAND_INS/$name" "$4/bin/$name"; done ;;\n'
        "esac\n",
    )


@pytest.fixture
def run(project, machine, tmp_path):
    stand_ins = tmp_path / "stand-ins"
    python(stand_ins / "python")
    program(stand_ins / "extractor", FAKE_EXTRACTOR)
    calls = tmp_path / "calls"

    def run_it(command, *arguments, **variables):
        calls.write_text("")
        done = subprocess.run(
            [project / command, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={"PATH": str(machine), "CALLS": str(calls), "STAND_INS": str(stand_ins)}
            | variables,
        )
        return done, calls.read_text().splitlines()

    return run_it


def test_fresh_machine(run, machine, tmp_path):
    python(machine / "python3")
    done, calls = run("run-demo", "out")
    assert done.returncode == 0, done.stderr
    installs = [call for call in calls if "pip install" in call]
    assert len(installs) == 1
    assert installs[0].endswith(" -e .[pages]")
    assert calls[-1] == "extractor run pypi:nova==17.0.13 out"
    assert f"The result is in {tmp_path}/out" in done.stdout
    assert "verify" in done.stdout
    assert "lifted" in done.stdout


def test_second_time_installs_nothing(run, machine):
    python(machine / "python3")
    run("run-demo", "out")
    _, calls = run("run-demo", "out2")
    assert not [call for call in calls if "pip install" in call or "-m venv" in call]


def test_changed_requirements_install_again(run, machine, project):
    python(machine / "python3")
    run("run-demo", "out")
    with (project / "pyproject.toml").open("a") as stream:
        stream.write("\n# changed\n")
    _, calls = run("run-demo", "out2")
    assert [call for call in calls if "pip install" in call]


def test_python3_is_old_but_a_newer_one_is_there(run, machine):
    python(machine / "python3", (3, 8))
    python(machine / "python3.12", (3, 12))
    done, calls = run("run-demo", "out")
    assert done.returncode == 0, done.stderr
    assert [call.split()[0] for call in calls if "-m venv" in call] == ["python3.12"]


def test_named_python_is_taken(run, machine, tmp_path):
    python(machine / "python3")
    python(tmp_path / "else where" / "python", (3, 13))
    _, calls = run("run-demo", "out", PYTHON=str(tmp_path / "else where" / "python"))
    assert [call.split()[0] for call in calls if "-m venv" in call] == ["python3.13"]


@pytest.mark.parametrize(
    ("version", "variables", "sentence"),
    [
        ((3, 8), {}, "needs Python 3.11 or newer"),
        (None, {}, "needs Python 3.11 or newer"),
        ((3, 11), {"PYTHON": "/nowhere"}, "PYTHON=/nowhere is not Python 3.11"),
    ],
)
def test_no_fitting_python(run, machine, version, variables, sentence):
    if version:
        python(machine / "python3", version)
    done, calls = run("run-demo", "out", **variables)
    assert done.returncode == 2
    assert done.stderr.startswith("run-demo: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not [call for call in calls if "venv" in call]


def test_no_git(run, machine):
    python(machine / "python3")
    (machine / "git").unlink()
    done, _ = run("run-demo", "out")
    assert (done.returncode, done.stderr) == (2, "run-demo: needs git: install it and try again\n")


def test_no_venv_module(run, machine):
    program(machine / "python3", '#!/bin/sh\ncase "$1" in -c) exit 0 ;; *) exit 1 ;; esac\n')
    done, _ = run("run-demo", "out")
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr


def test_half_made_environment_is_made_anew(run, machine, project):
    python(machine / "python3")
    program(project / ".venv" / "bin" / "python", "#!/bin/sh\nexit 1\n")
    done, calls = run("run-demo", "out")
    assert done.returncode == 0, done.stderr
    assert [call for call in calls if "-m venv --clear" in call]


@pytest.mark.parametrize(("code", "shown"), [(0, True), (1, True), (2, False), (3, False)])
def test_code_of_the_run_is_the_commands(run, machine, code, shown):
    python(machine / "python3")
    done, _ = run("run-demo", "out", CODE=str(code))
    assert done.returncode == code
    assert ("The result is in" in done.stdout) == shown


def test_another_environment(run, machine, tmp_path, project):
    python(machine / "python3")
    run("run-demo", "out", EXTRACTOR_VENV=str(tmp_path / "other venv"))
    assert (tmp_path / "other venv" / "bin" / "python").exists()
    assert not (project / ".venv").exists()


def test_ci_runs_what_the_readme_says(run, machine, tmp_path):
    python(machine / "python3")
    for name in ("ruff", "mypy", "lint-imports", "pytest"):
        program(tmp_path / "stand-ins" / name, RECORDER)
    text = (tmp_path / "stand-ins" / "python").read_text()
    everything = text.replace("python extractor", "python extractor ruff mypy lint-imports pytest")
    program(tmp_path / "stand-ins" / "python", everything)
    program(machine / "python3", everything)
    by_hand, calls = run("run-tests", "-k", "some")
    assert by_hand.returncode == 0, by_hand.stderr
    assert calls[-1] == "pytest -n 2 --dist loadfile -k some"
    tools = {call.split()[0] for call in calls}
    assert tools >= {"ruff", "mypy", "lint-imports", "pytest"}
    shutil.rmtree(tmp_path / "a project" / ".venv")
    in_ci, again = run(".ci/run", "-k", "some")
    assert in_ci.returncode == 0, in_ci.stderr
    assert again == calls
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
