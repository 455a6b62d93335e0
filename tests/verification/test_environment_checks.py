"""Checks that run the result: in an environment of this very interpreter, made by hand."""

import json
import sys
from pathlib import Path

import pytest

from extractor.verification import labs
from extractor.verification.checks import concurrent_writers, importable, schema, serves, style
from extractor.verification.comparisons.replay import Request
from extractor.verification.laboratory.environment import Environment, Interpreter, NoEnvironment
from extractor.verification.laboratory.service import Answer, ServiceDied

FLAKE8 = """\
import pathlib, sys
for path in sorted(pathlib.Path(".").rglob("*.py")):
    if "\\t" in path.read_text():
        print(f"./{path}:1:1: W191 indentation contains tabs")
        sys.exitcode = 1
sys.exit(getattr(sys, "exitcode", 0))
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment whose Python has a ``six`` and a ``flake8`` of the tests'."""
    root = tmp_path / "environment"
    (root / "bin").mkdir(parents=True)
    modules = root / "modules"
    modules.mkdir()
    (modules / "six.py").write_text("text_type = str\n")
    (modules / "flake8.py").write_text(FLAKE8)
    python = root / "bin" / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{modules}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    found = Environment(root, Interpreter("3.11.0", sys.executable, "cpython-x"), 0.0)
    monkeypatch.setattr(labs, "environment_of_result", lambda result, context: found)
    monkeypatch.setattr(labs, "style_checker", lambda context: found)
    return found


@pytest.fixture(autouse=True)
def as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees are imported as they are: nothing is set up."""

    def prepare(root: Path, scratch: Path, made: Environment, version: str) -> Path:
        return root

    monkeypatch.setattr(importable, "prepare_tree", prepare)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("import nothing_of_that_name\n", "nothing_of_that_name"),
        ("raise ValueError('at import')\n", "ValueError: at import"),
        ("import os\nos._exit(3)\n", "the interpreter died"),
    ],
)
def test_a_module_that_cannot_be_imported(shop, made, text, finding):
    shop.write("shop/more.py", "import os\n")
    good = importable.check(shop.result(), shop.context())
    assert good.held
    assert good.figures["modules"] == 6
    shop.write("shop/more.py", text)
    (found,) = importable.check(shop.result(), shop.context()).findings
    assert found.startswith("shop.more: ")
    assert finding in found


def test_a_probe_that_dies_is_no_finding(shop, made, monkeypatch):
    made.python.write_text("#!/bin/sh\necho no memory >&2\nexit 1\n")
    with pytest.raises(NoEnvironment, match="no memory"):
        importable.check(shop.result(), shop.context())


def test_each_line_of_the_linter_is_a_finding(shop, made):
    held = style.check(shop.result(), shop.context())
    assert held.held
    assert held.evidence == ("flake8 with the settings of setup.cfg: 0 lines",)
    shop.write("shop/more.py", "if True:\n\tx = 1\n")
    broken = style.check(shop.result(), shop.context())
    assert broken.findings == ("shop/more.py:1:1: W191 indentation contains tabs",)


def test_a_linter_that_cannot_run_is_not_a_clean_result(shop, made):
    made.python.write_text("#!/bin/sh\necho 'No module named flake8' >&2\nexit 1\n")
    (found,) = style.check(shop.result(), shop.context()).findings
    assert found == "flake8 could not run: No module named flake8"


def with_serving(shop, probes="[]"):
    plan = shop.folder / "plan" / "plan.toml"
    plan.write_text(
        plan.read_text()
        + f'[verify.serve]\nscript = "till"\nfactory = "shop.till:main"\nprobes = {probes}\n'
    )
    from extractor.plan.load import load_plan

    shop.plan = load_plan(str(plan.parent))


def test_a_plan_that_does_not_say_how_to_serve(shop):
    said = serves.check(shop.result(), shop.context())
    assert said.outcome.value == "does not apply"
    assert "[verify.serve]" in said.reason


def test_a_result_that_pip_cannot_install_does_not_serve(shop, monkeypatch):
    def refuse(result, context):
        raise ServiceDied("pip cannot install the result: no setup.py")

    monkeypatch.setattr(serves, "install", refuse)
    with_serving(shop)
    assert serves.check(shop.result(), shop.context()).findings == (
        "pip cannot install the result: no setup.py",
    )


class Asked:
    """A service that answers each request alike."""

    port = 80

    def __init__(self, status: int, body: str) -> None:
        self.answer = Answer(status, (), body.encode())

    def send(self, method, path, headers, body):
        return self.answer


def test_what_an_answer_must_be(shop):
    with_serving(
        shop,
        '[{ title = "root", method = "GET", path = "/", status = 200, expect = ["{base}/v1"] }]',
    )
    (probe,) = shop.context().settings.serve.probes
    assert serves.send(Asked(200, "at http://127.0.0.1:80/v1"), probe) == ""
    assert "gave 500, not 200: oops" in serves.send(Asked(500, "oops"), probe)
    assert "does not contain '{base}/v1'" in serves.send(Asked(200, "at /v1"), probe)


def test_what_needs_a_source_does_not_apply_without_one(shop):
    for module in (schema, concurrent_writers):
        said = module.check(shop.result(), shop.context())
        assert said.outcome.value == "does not apply"
        assert "--against" in said.reason


def test_a_plan_without_database_or_load(shop, tmp_path):
    for module, table in ((schema, "[database]"), (concurrent_writers, "[verify.stores]")):
        said = module.check(shop.result(), shop.context(against=tmp_path))
        assert said.outcome.value == "does not apply"
        assert table in said.reason


def test_final_states_are_compared_without_the_order_of_lists():
    def end(*bodies):
        return [
            (Request("GET", f"/{n}", {}, b""), Answer(200, (), json.dumps(body).encode()))
            for n, body in enumerate(bodies)
        ]

    there = end({"a": [{"x": 1}, {"x": 2}]}, [])
    assert concurrent_writers.compare_ends(there, end({"a": [{"x": 2}, {"x": 1}]}, [])) == []
    (wrong,) = concurrent_writers.compare_ends(there, end({"a": [{"x": 2}]}, []))
    assert wrong.startswith("/0: ")
    assert concurrent_writers.compare_ends(there, end({"a": [{"x": 1}, {"x": 2}]})) == [
        "the two final states are not of the same things"
    ]
