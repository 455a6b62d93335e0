"""From a small repository, through a run, to its report; and a change's report."""

import json
import shlex
import shutil
import subprocess
import webbrowser
from pathlib import Path

import pytest
from extractor_contracts.configuration import load
from extractor_reports import schema
from extractor_reports.html import render_html
from extractor_reports.markdown import render_markdown
from extractor_reports.schema import parse_report, report_bytes

from extractor.manifest import (
    EffectRecord,
    ProofRecord,
    SeriesRecord,
    TaskRecord,
    read_manifest,
    write_manifest,
)
from extractor.plan.load import load_plan
from extractor.progress import Progress
from extractor.reporting import pictures
from extractor.reporting.change import build_change_report
from extractor.reporting.records import purpose_of
from extractor.reporting.run import build_run_report
from extractor.source.opening import open_source
from extractor.source.tree import git_environment
from tests.shop import FILES, PLAN, call


def git(root, *arguments):
    who = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (
            ("NAME", "A & Person"),
            ("EMAIL", "a@example.org"),
            ("DATE", "2018-02-28T12:00:00+0000"),
        )
    }
    return subprocess.run(
        ["git", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
        text=True,
        env=git_environment() | who,
    ).stdout.strip()


def commit(root, files, message):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A shop with a till, the plan to take the till out, and the result of doing so."""
    root = tmp_path_factory.mktemp("reporting")
    shop, plan = root / "shop-repository", root / "till-plan"
    shop.mkdir()
    plan.mkdir()
    (plan / "plan.toml").write_text(PLAN)
    git(shop, "init", "-q", "-b", "main")
    rest = dict(FILES)
    door = rest.pop("shop/till/door.py")
    commit(shop, rest, "Begin <i>here</i>")
    commit(shop, {"shop/counter/door.py": door.replace("stock.count_all()", "stock")}, "A door")
    git(shop, "rm", "-q", "shop/counter/door.py")
    commit(shop, FILES, "Move the door")
    call("run", shop, root / "out", "--plan", plan, "--quiet")
    return root


def test_a_run_says_how_to_make_its_page(place, tmp_path, capsys, monkeypatch):
    """The command in its last line is the one that makes it."""
    shop, plan = place / "shop-repository", place / "till-plan"
    assert call("extract", shop, tmp_path / "it's out", "--plan", plan, "--quiet") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    program, *command = shlex.split(last.partition("as a page: ")[2])
    assert program == "extractor"
    assert call(*command, "--no-pictures", "--quiet") == 0
    made = parse_report((tmp_path / "it's out/report/report.json").read_bytes())
    assert made.cascades.before is not None


@pytest.fixture(scope="module")
def report(place):
    plan = load_plan(str(place / "till-plan"))
    scratch = place / "scratch"
    scratch.mkdir()
    repository = str(place / "shop-repository")
    with open_source(repository, None, workspace=scratch, progress=Progress()) as source:
        yield build_run_report(place / "out", plan, source)


def test_what_later_checks_saw_is_in_the_report(place, report):
    """The first report was made of the run alone."""
    assert {c.name for c in report.checks if c.outcome == "held"} >= {"imports", "intact"}
    outcomes = {c.name: c.outcome for c in report.checks}
    assert outcomes["history"] == outcomes["tests"] == "not asked" and not report.history.blame
    assert all(c.promise.endswith(".") for c in report.checks)
    assert any("checks were not run" in caveat for caveat in report.caveats)
    out = shutil.copytree(place / "out", place / "checked", symlinks=True)
    shop, plan = place / "shop-repository", place / "till-plan"
    assert call("history", "check", out / "till", "--against", shop, "--quiet") == 0
    assert call("verify", out / "till", "--plan", plan, "--only", "intact", "--quiet") == 0
    assert call("report", out, "--source", shop, "--plan", plan, "--no-pictures", "--quiet") == 0
    again = parse_report((out / "report" / "report.json").read_bytes())
    assert "history" in {c.name for c in again.checks if c.outcome == "held"}
    assert {b.path for b in again.history.blame} == {"till/door.py", "till/errors.py"}
    assert not any("Blame" in caveat for caveat in again.caveats)


def test_the_cascade_before_and_after(report):
    before, after = report.cascades.before, report.cascades.after
    assert before.root == "shop.till.door"
    loaded = {m.module: m for m in before.modules}
    assert set(loaded) == {
        *("shop", "shop.errors", "shop.heavy", "shop.stock", "shop.till", "shop.till.door")
    }
    assert (loaded["shop.heavy"].loaded_by, loaded["shop.heavy"].line) == ("shop.stock", 1)
    assert {m.module for m in before.modules if m.belongs} == {"shop.till", "shop.till.door"}
    assert {m.module for m in after.modules} == {"till", "till.door", "till.errors"}


def test_what_the_cut_pays(report):
    cut, move, carry = report.cascades.payments
    assert (cut.kind, cut.subject, cut.alone) == ("decision", "shop.stock:count_all", 2)
    assert (move.kind, carry.kind) == ("move", "carry")
    # Of six modules.
    assert [p.together for p in (cut, move, carry)] == [4, 4, 2]
    assert [p.undone for p in (cut, move, carry)] == [3, 1, 2]
    # With stock come heavy and the package around both.
    assert cut.undone_lines == 55
    assert any("shop.stock" in offer.what for offer in report.cascades.offers)


def test_symbols_from_where_to_where(report):
    rows = {(s.symbol, s.fate): s for s in report.symbols}
    carried = rows["shop.errors:Broken", "shared"]
    assert (carried.path, carried.line, carried.target) == (
        "shop/errors.py",
        1,
        "till.errors:Broken",
    )
    assert carried.used_by == ("shop.user:5",)
    assert carried.code == "class Broken(Exception):\n    pass"
    assert ("shop.errors:Other", "left") in rows
    assert ("shop.stock:count_all", "cut") in rows
    assert rows["shop.till.door", "moved"].target_path == "till/door.py"


def test_history_is_followed_through_renames(report):
    assert (report.history.kept, report.history.followed) == (3, 1)
    assert [(author.name, author.commits) for author in report.history.authors] == [
        ("A & Person", 3)
    ]
    assert report.steps
    assert report.steps[-1].old_names == 0


def test_same_input_same_file(report, place):
    command = ["report", place / "out", "--source", place / "shop-repository", "--quiet"]
    command += ["--plan", place / "till-plan"]
    assert call(*command) == 0
    folder = place / "out/report"
    first = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert sorted(first) == ["index.html", "report.json", "report.md"]
    assert parse_report(first["report.json"]) == report
    assert call(*command) == 0
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == first


def test_without_its_source_the_report_says_so(place):
    report = build_run_report(place / "out", load_plan(str(place / "till-plan")), None)
    assert report.cascades.before is None
    assert report.cascades.after is not None
    assert "The source was not available" in report.caveats[0]


@pytest.fixture
def series(place, tmp_path):
    """What `refactor` leaves beside a run: a manifest with a series."""
    manifest = read_manifest(place / "out/manifest.json")
    step = SeriesRecord(
        number=1,
        phase="decoupled",
        title="Count elsewhere",
        reason="The till need not know.",
        status="done",
        moved={"shop.more:count": "shop.till.count:count"},
        effects=(EffectRecord(module="shop.till.door", before=6, after=4),),
        users=(2, 1),
        revision="5" * 40,
        proofs=(
            ProofRecord(
                part="touched",
                outcome="held",
                modules=2,
                tests=7,
                below=("shop.tests",),
                evidence=("only test modules below shop.tests",),
            ),
        ),
    )
    manifest.series = [step]
    manifest.left_for_a_person = [TaskRecord(subject="shop/more.py", task="an edit found nothing")]
    write_manifest(tmp_path / "manifest.json", manifest)
    return tmp_path


def test_the_series_for_the_source_goes_in(place, series):
    report = build_run_report(
        place / "out", load_plan(str(place / "till-plan")), None, series=series
    )
    (patch,) = report.series
    assert (patch.title, patch.effects[0].before, patch.effects[0].after) == (
        *("Count elsewhere", 6, 4),
    )
    assert [task.subject for task in report.series_left] == ["shop/more.py"]
    page = render_html(report)
    assert "Count elsewhere" in page
    assert "count</code> → <code>" in page
    assert (patch.proofs[0].tests, patch.proofs[0].below) == (7, ("shop.tests",))
    assert "only test modules below shop.tests" in page
    assert "touched: 7 tests, in part" in page
    text = render_markdown(report)
    assert "| Count elsewhere |" in text
    assert "| touched 7 tests, in part, held |" in text


@pytest.mark.parametrize(
    ("record", "told"),
    [
        pytest.param(SeriesRecord, schema.Patch, id="commit"),
        pytest.param(ProofRecord, schema.Proof, id="proof"),
        pytest.param(EffectRecord, schema.Effect, id="effect"),
    ],
)
def test_what_the_manifest_says_of_a_series_has_its_place_in_a_report(record, told):
    assert record.model_fields.keys() == told.model_fields.keys()


def test_a_series_of_another_revision_is_refused(place, series, capsys):
    manifest = read_manifest(series / "manifest.json")
    manifest.source = manifest.source.model_copy(update={"revision": "7" * 40})
    write_manifest(series / "manifest.json", manifest)
    command = ["report", place / "out", "--plan", place / "till-plan", "--quiet", "--series"]
    assert call(*command, series) == 2
    assert "is for 7777777" in capsys.readouterr().err
    assert call(*command, place / "out") == 2
    assert "holds no series" in capsys.readouterr().err


def test_a_series_alone_is_no_run(place, series, capsys):
    assert call("report", series, "--plan", place / "till-plan", "--quiet") == 2
    assert "is a series for the source's side" in capsys.readouterr().err


def test_the_page_is_opened(place, tmp_path, monkeypatch):
    """By whatever opens pages here; it is told the page's address."""
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    command = ["report", place / "out", "--plan", place / "till-plan", "--no-pictures", "--quiet"]
    assert call(*command, "--open") == 0
    assert opened == [(place / "out/report/index.html").resolve().as_uri()]


def test_no_browser_to_open_the_page_with(place, monkeypatch, capsys):
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    command = ["report", place / "out", "--plan", place / "till-plan", "--no-pictures", "--quiet"]
    assert call(*command, "--open") == 0
    assert "no browser was found" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('# a\n"""What it does.\n\nMore.\n"""\n', "What it does."),
        ("x = 1\n", ""),
        ("[section]\nkey: 1\n", ""),
        ("\0", ""),
    ],
)
def test_the_purpose_of_what_a_person_wrote(text, expected):
    assert purpose_of(text) == expected


def test_another_plan_is_refused(place, capsys):
    (place / "other").mkdir(exist_ok=True)
    (place / "other/plan.toml").write_text(PLAN.replace('name = "till"', 'name = "other"'))
    assert call("report", place / "out", "--plan", place / "other", "--quiet") == 2
    assert "made by plan 'till'" in capsys.readouterr().err


def test_without_graphviz_a_clear_word(place, monkeypatch):
    monkeypatch.setattr(pictures.shutil, "which", lambda name: None)
    report = build_run_report(place / "out", load_plan(str(place / "till-plan")), None)
    assert all("Graphviz was not installed" in p.missing for p in report.pictures if p.arrows)
    assert any(p.arrows for p in report.pictures)


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs graphviz")
def test_with_graphviz_a_drawing(report):
    modules = report.pictures[0]
    assert modules.svg.startswith("<?xml") and "till" in modules.svg


def test_cycles_are_found():
    picture = pictures._picture("x", "p", {"p.a": ["p.b"], "p.b": ["p.c"], "p.c": ["p.b"]})
    assert picture.cycles == (("p.b", "p.c"),)
    assert [(a.importer, a.in_cycle) for a in picture.arrows] == [
        *(("p.a", False), ("p.b", True), ("p.c", True))
    ]


@pytest.fixture
def change(place, tmp_path):
    """Commit files on top of the shop's main branch and report on that."""
    shop = tmp_path / "shop"
    subprocess.run(["git", "clone", "-q", place / "shop-repository", shop], check=True)

    def report_on(files, rules=None):
        before = git(shop, "rev-parse", "HEAD")
        after = commit(shop, files, "A change")
        plan = load_plan(str(place / "till-plan"))
        sides = []
        for name, revision in (("before", before), ("after", after)):
            (tmp_path / name).mkdir(exist_ok=True)
            sides.append(
                open_source(str(shop), revision, workspace=tmp_path / name, progress=Progress())
            )
        with sides[0] as old, sides[1] as new:
            return build_change_report(old, new, plan, rules)

    return report_on


def test_a_change_beside_the_cut_is_one_line(change):
    report = change({"shop/heavy.py": "x = 2\n"})
    assert report.nothing_to_say
    assert report.files == 1
    assert len(render_markdown(report).splitlines()) == 1


def test_a_new_import_across_the_cut(change):
    report = change(
        {
            "shop/more.py": "from shop import most\n",
            "shop/most.py": "class Thing:\n    pass\n",
            "shop/till/door.py": FILES["shop/till/door.py"].replace(
                "\n\n\n", "\nfrom shop import more\n\n\n", 1
            ),
        }
    )
    assert [(c.path, c.line, c.imported, c.inward) for c in report.added] == [
        ("shop/till/door.py", 3, "shop.more", False)
    ]
    (cascade,) = report.cascades
    assert (cascade.root, cascade.before, cascade.after) == ("shop.till.door", 6, 8)
    assert {(g.module, g.through) for g in cascade.gained} == {
        ("shop.more", "shop/till/door.py:3"),
        ("shop.most", "shop/till/door.py:3"),
    }
    assert "**2 modules more**" in render_markdown(report)


def test_a_symbol_newly_used_by_the_rest(change):
    report = change(
        {"shop/user.py": "from shop.till import door\n\n\ndef f():\n    door.open_it()\n"}
    )
    assert [(b.symbol, b.path, b.line, b.inward, b.new) for b in report.borders] == [
        ("shop.till.door:open_it", "shop/user.py", 5, True, True)
    ]
    assert [c.inward for c in report.added if c.imported == "shop.till.door"] == [True]


RULES = """
[tool.importlinter]
root_packages = ["shop"]
contract_types = ["cascade_budget: extractor_contracts.cascade_budget.CascadeBudget"]

[[tool.importlinter.contracts]]
id = "small"
name = "The door is light"
type = "cascade_budget"
module = "shop.till.door"
at_most = 6
"""


def test_a_contract_broken_and_mended(change, tmp_path):
    (tmp_path / "rules.toml").write_text(RULES)
    rules = load(tmp_path / "rules.toml")
    files = {
        "shop/more.py": "",
        "shop/till/door.py": FILES["shop/till/door.py"].replace(
            "\n\n\n", "\nimport shop.more\n\n\n", 1
        ),
    }
    broken = change(files, rules)
    assert {(v.contract, v.broken) for v in broken.violations} == {("The door is light", True)}
    assert any("shop.more" in v.message for v in broken.violations)
    assert "**Contracts broken: " in render_markdown(broken)
    mended = change({"shop/till/door.py": FILES["shop/till/door.py"]}, rules)
    assert {(v.contract, v.broken) for v in mended.violations} == {("The door is light", False)}


def test_a_report_of_a_change_is_a_gate_for_contracts(place, tmp_path, capsys):
    """Exit code 1 for the change that breaks a contract, 0 for one that mends it, each in words."""
    (tmp_path / "rules.toml").write_text(RULES)
    shop = tmp_path / "shop"
    subprocess.run(["git", "clone", "-q", place / "shop-repository", shop], check=True)
    door = FILES["shop/till/door.py"].replace("\n\n\n", "\nimport shop.more\n\n\n", 1)
    commit(shop, {"shop/more.py": "", "shop/till/door.py": door}, "One import more")
    commit(shop, {"shop/till/door.py": FILES["shop/till/door.py"]}, "And back")
    diff = ["report", "diff", shop, "--plan", place / "till-plan", "--quiet"]
    rules = ["--contracts", tmp_path / "rules.toml"]

    assert call(*diff, "HEAD~2", "HEAD~1", *rules) == 1
    assert "**Contracts broken: " in capsys.readouterr().out
    assert call(*diff, "HEAD~2", "HEAD~1") == 0
    assert call(*diff, "HEAD~1", "HEAD", *rules) == 0
    assert call(*diff, "HEAD~1", "HEAD~1", *rules) == 0
    assert call(*diff, "HEAD~1", "HEAD", "--contracts", tmp_path / "none.toml") == 2


def test_an_import_removed(change):
    source = "from shop import errors\n\n\ndef open_it():\n    raise errors.Broken()\n"
    report = change({"shop/till/door.py": source})
    assert [c.imported for c in report.removed] == ["shop.stock"]
    assert report.cascades[0].lost == ("shop.heavy", "shop.stock")


def test_diff_prints_markdown_and_writes_pages(place, tmp_path, capsys):
    shop = place / "shop-repository"
    command = ["report", "diff", shop, "HEAD~1", "HEAD", "--plan", place / "till-plan", "--quiet"]
    assert call(*command, "--output", tmp_path / "page") == 0
    assert "what this change does to the boundary" in capsys.readouterr().out
    assert call(*command, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    written = Path(tmp_path / "page/report.json").read_bytes()
    assert printed == json.loads(written)
    assert report_bytes(parse_report(written)) == written
