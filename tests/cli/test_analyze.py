"""The verb on a small checkout: what people see, and what programs get."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from extractor.cli import main
from extractor.source.tree import git_environment

FILES = {
    "p/__init__.py": "",
    "p/app/__init__.py": "import p.heavy\n",
    "p/cli.py": "from p.app import main\n",
    "p/app/main.py": "from p import objects\nobjects.register_all()\nimport requests\n",
    "p/heavy.py": "import p.heavier\n",
    "p/heavier.py": "x = 1\n",
    "p/objects/__init__.py": "def register_all():\n    __import__('p.objects.thing')\n",
    "p/objects/thing.py": "def register(c): return c\n@register\nclass Thing: pass\n",
    "p/user.py": "from p import objects\nobjects.Thing\n",
    "setup.cfg": "[entry_points]\nconsole_scripts =\n    run = p.app.main:go\n",
}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "source"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", "-C", root, *command], check=True, env=git_environment())
    return root


@pytest.fixture
def analyze(checkout, capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["analyze", str(checkout), "--package", "p", "--quiet", *arguments])
        return ended.value.code, capsys.readouterr().out

    return run


@pytest.fixture
def ask(checkout, capsys):
    def run(question, *arguments):
        with pytest.raises(SystemExit) as ended:
            main(["analyze", question, str(checkout), *arguments, "--package", "p", "--quiet"])
        said = capsys.readouterr()
        return ended.value.code, said.out or said.err

    return run


@pytest.mark.parametrize(
    ("question", "arguments", "key", "sentence"),
    [
        ("cascade", ["--root", "p.app.main"], "cascade", "packages whose __init__ imports: 1"),
        ("cuts", ["--root", "p.app.main", "--budget", "4"], "cut_set", "2 cuts take 7 modules"),
        ("symbols", ["--subsystem", "p.app"], "symbols", "the subsystem, 2 modules, needs"),
        ("symbols", ["--root", "p.app.main"], "symbols", "the subsystem, 2 modules, needs"),
        ("registry", ["p.objects"], "coupling", "p.objects registers 1 classes"),
        ("references", ["--below", "p.app"], "references", "references outside of imports: 1"),
        ("truth", ["--observe", sys.executable, "--module", "p.app"], "truth", "loads; holds"),
    ],
)
def test_each_question_answers_itself_and_no_other(ask, question, arguments, key, sentence):
    code, out = ask(question, *arguments)
    assert code == 0
    assert sentence in out
    values = json.loads(ask(question, *arguments, "--json")[1])
    others = {"package_costs", "cut_set", "symbols", "coupling", "references", "truth"} - {key}
    assert key in values
    assert values.keys() & others == ({"package_costs"} if key == "cascade" else set())


def test_the_question_and_the_old_call_say_the_same(ask, analyze):
    new = json.loads(ask("cascade", "--root", "p.app.main", "--json")[1])
    old = json.loads(analyze("--root", "p.app.main", "--json")[1])
    assert new["cascade"] == old["cascade"]
    assert new["package_costs"] == old["package_costs"]
    cuts = json.loads(ask("cuts", "--root", "p.app.main", "--json")[1])
    assert cuts["cuts"] == old["cuts"]


@pytest.mark.parametrize(
    ("question", "arguments", "sentence"),
    [
        ("cuts", [], "Missing option '--root'"),
        ("symbols", [], "name the subsystem: by --subsystem, --root or --plan"),
        ("symbols", ["--plan", "x", "--root", "p.app"], "--plan says all"),
        ("symbols", ["--subsystem", "p.gone"], "there is no module 'p.gone' in p"),
        ("symbols", ["--root", "p.gone"], "'p.gone' is no module of p"),
        ("registry", ["p.objects", "--moving", "p.gone"], "there is no module 'p.gone' in p"),
        ("references", ["--below", "p.gone"], "there is no module 'p.gone' in p"),
        ("truth", [], "name a Python by --observe, or a table by --observed"),
        ("cutz", ["--root", "p.app"], "there is no question 'cutz': did you mean cuts?"),
    ],
)
def test_what_a_question_lacks_is_wrong_usage(ask, question, arguments, sentence):
    code, said = ask(question, *arguments)
    assert (code, sentence in said) == (2, True), said


def test_the_old_call_with_options_first(checkout, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["analyze", "--root", "p.app", str(checkout), "--quiet"])
    assert ended.value.code == 0
    assert "import p.app loads 4 modules" in capsys.readouterr().out


def test_for_a_person(analyze):
    code, out = analyze("--root", "p.app.main", "--budget", "4")
    assert code == 0
    assert "import p.app.main loads 7 modules, 11 lines" in out
    assert "1  requests  p/app/main.py:3" in out
    assert "empty p.app" not in out  # One statement: the line itself is the cut.
    assert "no import of p.heavy at p/app/__init__.py:1" in out
    assert "no call of p.objects:register_all at p/app/main.py:2" in out
    assert "for a budget of 4: 2 cuts take 7 modules to 4" in out


def test_why_a_module_is_loaded_and_who_pays_for_a_package(analyze):
    _, out = analyze("--root", "p.app.main", "--why", "p.heavier", "--why", "p.app")
    chains = out[out.index("why p.heavier is loaded") :].splitlines()
    assert chains[:4] == [
        "why p.heavier is loaded:",
        "  p/app/main.py  is inside p.app",
        "  p/app/__init__.py:1  imports p.heavy",
        "  p/heavy.py:1  imports p.heavier",
    ]
    assert "import p.app loads 4 modules, 2 of them by its own __init__ (statements: 1)" in out
    assert "want only something below it: 1\n  p/cli.py:1  imports p.app.main\n" in out
    _, out = analyze("--root", "p.app", "--why", "p.objects", "--why", "requests")
    assert out.count("import p.app does not load ") == 2
    _, out = analyze("--root", "p.app.main", "--why", "requests")
    assert "why requests is imported, by 1 module (the nearest):\n  p/app/main.py:3" in out
    assert analyze("--why", "p.gone")[0] == 2


def test_a_root_that_is_the_whole_package_can_be_cut(analyze):
    _, out = analyze("--root", "p.user", "--budget", "1")
    assert "no import of p.objects at p/user.py:1" in out


def test_for_a_program_and_twice_the_same(analyze):
    arguments = ("--root", "p.app.main", "--registry", "p.objects", "--references", "--json")
    code, out = analyze(*arguments)
    values = json.loads(out)
    assert code == 0
    assert values["schema"] == "extractor.analyze/1"
    assert values["cascade"]["modules"] == [
        "p",
        "p.app",
        "p.app.main",
        "p.heavier",
        "p.heavy",
        "p.objects",
        "p.objects.thing",
    ]
    assert [hop["line"] for hop in values["cascade"]["chains"]["p.objects.thing"]] == [2]
    assert values["coupling"]["classes"][0]["by_attribute"] == [
        {"importer": "p.user", "line": 2, "name": "Thing", "imported": False}
    ]
    assert [r["kind"] for r in values["references"]] == ["entry point", "import by string"]
    assert analyze(*arguments) == (code, out)


def test_every_key_of_the_json_is_documented(analyze):
    arguments = ["--root", "p.app.main", "--budget", "4", "--registry", "p.objects"]
    arguments += ["--moving", "p.objects.thing", "--keep", "p.app", "--symbols", "--references"]
    _, out = analyze(*arguments, "--observe", sys.executable, "--module", "p.app", "--json")
    text = (Path(__file__).parents[2] / "docs" / "analyze.md").read_text()
    table = text[text.index("## JSON") :].split("\n## ", 1)[0]
    values = json.loads(out)
    assert f"`{values['schema']}`" in table
    by_name = {"chains", "third_party", "needed_lines", "re_exports"}  # Their keys are names.

    def keys(value):
        if isinstance(value, list):
            return {key for inner in value for key in keys(inner)}
        if not isinstance(value, dict):
            return set()
        below = {k for name, v in value.items() for k in keys(v) if name not in by_name}
        return below | value.keys()

    assert {key for key in keys(values) if f"`{key}`" not in table} == set()


def test_compared_with_real_imports_and_with_a_table_of_them(analyze, tmp_path):
    table = tmp_path / "seen.txt"
    code, out = analyze(
        "--observe", sys.executable, "--keep-observed", str(table), "--module", "p.app"
    )
    assert code == 0
    assert "compared with real imports: 1 module, 4 loads; holds" in out
    assert table.read_text() == "p.app: p p.app p.heavier p.heavy\n"
    assert analyze("--observed", str(table))[0] == 0
    table.write_text("p.app: p p.app p.heavy p.objects\n")
    code, out = analyze("--observed", str(table))
    assert code == 1
    assert "p.app: -p.objects +p.heavier" in out


def test_wrong_names_are_wrong_usage(analyze):
    assert analyze("--root", "p.gone")[0] == 2
    assert analyze("--registry", "p.app")[0] == 2
    assert analyze("--observe", "no/such/python")[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--budget", "3"),
        ("--moving", "p.objects"),
        ("--stop", "p.heavy"),
        ("--module", "p.app"),
        ("--symbols",),
        ("--symbols", "--keep", "p.gone"),
        ("--root", "p.cli", "--budget", "-5"),
        ("--root", "p.cli", "--budget", "0"),
        ("--root", "p.cli", "--keep", "p.gone"),
        ("--root", "p.cli", "--keep", "p.app", "--keep", "p.ap"),
        ("--symbols", "--root", "p.cli", "--moving", "p.gone"),
        ("--symbols", "--root", "p.cli", "--stop", "p.gone:name"),
    ],
)
def test_an_option_that_would_do_nothing_is_wrong_usage(analyze, arguments):
    assert analyze(*arguments)[0] == 2


def test_names_of_modules_and_of_packages_above_them_are_taken(analyze):
    known = ("--keep", "p.app", "--stop", "p.heavy:x", "--stop", "p.objects", "--budget", "1")
    assert analyze("--root", "p.cli", "--symbols", *known)[0] == 0
