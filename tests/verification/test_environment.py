import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from extractor.errors import UsageError
from extractor.verification.laboratory import environment
from extractor.verification.laboratory.environment import (
    Interpreter,
    NoEnvironment,
    ask,
    clean_variables,
    find_interpreter,
    read_requirements,
    recipe,
)

THIS = f"{sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"


def fake_python(folder: Path, version: str, *, whole: bool = True) -> str:
    path = folder / f"python-{version}"
    answer = f"echo {version} cpython linux" if whole else "exit 1"
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)
    return str(path)


def test_asking_an_interpreter():
    said = ask(sys.executable)
    assert said is not None
    assert said.version == THIS
    assert ask("/nowhere/python") is None


def test_newest_interpreter_within_the_range_is_taken(tmp_path):
    found = [fake_python(tmp_path, v) for v in ("3.6.15", "3.8.18", "3.8.2", "3.11.7")]
    assert find_interpreter(">=3.6,<3.9", found=found).version == "3.8.18"


def test_an_interpreter_without_venv_is_passed_over(tmp_path):
    found = [fake_python(tmp_path, "3.8.18", whole=False), fake_python(tmp_path, "3.6.15")]
    assert find_interpreter(">=3.6,<3.9", found=found).version == "3.6.15"


def test_what_is_missing_is_said_in_one_sentence(tmp_path):
    with pytest.raises(NoEnvironment) as caught:
        find_interpreter("<3.9", found=[fake_python(tmp_path, "3.11.7")])
    assert "no Python <3.9" in str(caught.value)
    assert "found: 3.11.7" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_given_interpreter_is_taken_or_refused(tmp_path):
    given = Path(fake_python(tmp_path, "3.11.7"))
    assert find_interpreter(">=3.10", given).version == "3.11.7"
    with pytest.raises(NoEnvironment, match=r"is Python 3.11.7, the plan needs <3.9"):
        find_interpreter("<3.9", given)
    with pytest.raises(NoEnvironment, match="is not a Python"):
        find_interpreter("<3.9", tmp_path / "absent")


def test_requirement_lines_are_read_without_comments_and_options(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("# head\n-e .\nsix>=1.10.0 # MIT\n\npbr!=2.1.0,>=2.0.0\n")
    assert read_requirements([path]) == ["six>=1.10.0", "pbr!=2.1.0,>=2.0.0"]


def test_a_pin_wins_over_a_requirement_that_contradicts_it():
    made = recipe(["eventlet<0.21.0", "six>=1.10"], ["eventlet==0.33.3", "six==1.11.0"])
    assert made.requirements == ("eventlet", "six>=1.10")
    assert made.loosened == ("eventlet<0.21.0 -> eventlet 0.33.3",)


def test_globs_leave_requirements_out():
    made = recipe(["sphinx>=1", "sphinxcontrib-x", "Six"], without=["sphinx*"])
    assert made.requirements == ("Six",)


def test_an_unreadable_requirement_is_a_usage_error():
    with pytest.raises(UsageError, match="cannot be read"):
        recipe(["six ???"])


def test_the_key_follows_content_only():
    python = Interpreter("3.8.18", "/a/python", "cpython-linux")
    elsewhere = Interpreter("3.8.18", "/b/python", "cpython-linux")
    made = recipe(["b", "a"], ["c==1"])
    assert made.key(python) == recipe(["a", "b"], ["c==1"]).key(elsewhere)
    assert made.key(python) != recipe(["a", "b"], ["c==2"]).key(python)
    assert made.key(python) != made.key(Interpreter("3.8.17", "/a/python", "cpython-linux"))


def test_variables_that_redirect_pip_or_python_are_dropped(monkeypatch):
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")
    cleaned = clean_variables()
    assert "PIP_TARGET" not in cleaned
    assert "PYTHONPATH" not in cleaned
    assert cleaned["PIP_INDEX_URL"] == "kept"


def build_counter(monkeypatch, failing=False):
    """Stand in for the installer: count builds, and leave a file as one would."""
    built = []

    def build(root, recipe, interpreter):
        built.append(root)
        (root / "bin").mkdir(parents=True)
        if failing:
            raise NoEnvironment("no network")

    monkeypatch.setattr(environment, "_build", build)
    return built


def test_an_environment_is_built_once(monkeypatch, tmp_path):
    built = build_counter(monkeypatch)
    python = Interpreter("3.8.18", "/a/python", "cpython")
    made = recipe(["six"])
    threads = [
        threading.Thread(
            target=environment.environment, args=(made, python), kwargs={"cache": tmp_path}
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert environment.environment(made, python, cache=tmp_path).seconds == 0.0


def test_what_a_killed_build_left_is_not_used(monkeypatch, tmp_path):
    python = Interpreter("3.8.18", "/a/python", "cpython")
    made = recipe(["six"])
    build_counter(monkeypatch, failing=True)
    with pytest.raises(NoEnvironment, match="no network"):
        environment.environment(made, python, cache=tmp_path)
    built = build_counter(monkeypatch)
    environment.environment(made, python, cache=tmp_path)
    assert len(built) == 1


@pytest.mark.slow
@pytest.mark.pypi
def test_a_real_environment_holds_the_pinned_version(tmp_path):
    python = find_interpreter(f"=={THIS}", Path(sys.executable))
    made = environment.environment(
        recipe(["iniconfig"], ["iniconfig==2.0.0"]), python, cache=tmp_path
    )
    program = textwrap.dedent(
        """
        import importlib.metadata
        print(importlib.metadata.version("iniconfig"))
        """
    )
    asked = subprocess.run(
        [str(made.python), "-c", program], capture_output=True, text=True, env=made.variables()
    )
    assert asked.stdout.strip() == "2.0.0"
