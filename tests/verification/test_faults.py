"""Faults are put into copies; what was found before counts for nothing."""

import subprocess

import pytest

from extractor.errors import UsageError
from extractor.outcome import CheckOutcome
from extractor.verification.check import CheckResult, Result, cannot_run
from extractor.verification.checks import imports
from extractor.verification.faults import (
    Absent,
    Edit,
    Fault,
    Kept,
    apply,
    as_lines,
    as_table,
    inject,
    load_faults,
)

CATALOGUE = """\
[[faults]]
name = "an import left"
check = "imports"
fault = [{ path = "shop/till.py", find = "import six", put = "import six\\nimport mall" }]
twin = [{ path = "shop/till.py", find = "import six", put = "import six  # one" }]
"""


def run_imports(shop):
    def run(root, name):
        assert name == "imports"
        return imports.check(Result(root), shop.context())

    return run


def test_a_fault_is_caught_and_its_twin_borne(shop, tmp_path):
    (shop.plan.folder / "faults.toml").write_text(CATALOGUE)
    before = (shop.root / "shop/till.py").read_text()
    (done,) = inject(shop.root, load_faults(shop.plan), run_imports(shop), tmp_path / "f")
    assert done.good
    assert done.caught == "shop/till.py:4: imports mall"
    assert (shop.root / "shop/till.py").read_text() == before
    assert "| an import left | imports | shop/till.py:4: imports mall | borne |" in as_table([done])


def test_what_was_found_before_is_not_a_catch(shop, tmp_path):
    shop.write("shop/more.py", "import mall\n")
    edit = Edit("shop/till.py", "import six", "import six  # one")
    fault = Fault("nothing", "imports", (edit,), (edit,))
    (done,) = inject(shop.root, [fault], run_imports(shop), tmp_path / "f")
    assert not done.caught
    assert not done.good
    assert "**missed**" in as_table([done])


def test_a_flagged_twin_is_an_error_of_the_check(shop, tmp_path):
    edit = Edit("shop/till.py", "import six", "import six\nimport mall")
    (done,) = inject(
        shop.root, [Fault("x", "imports", (edit,), (edit,))], run_imports(shop), tmp_path / "f"
    )
    assert done.caught
    assert not done.good
    assert "**flagged**" in as_table([done])


def test_a_check_that_cannot_run_catches_and_flags(shop, tmp_path):
    edit = Edit("shop/till.py", "import six", "import six  # one")
    fault = Fault("x", "imports", (edit,), (edit,))

    def run(root, name):
        if root == shop.root:
            return CheckResult("imports", CheckOutcome.HELD)
        return cannot_run("imports", "no x")

    (done,) = inject(shop.root, [fault], run, tmp_path / "f")
    assert done.caught == "could not run: no x"
    assert done.twin_flagged == "could not run: no x"


def test_twins_share_a_copy_and_a_flagged_one_is_found_among_them(shop, tmp_path):
    asked = []

    def run(root, name):
        asked.append((root / "shop/till.py").read_text())
        return run_imports(shop)(root, name)

    one = Edit("shop/till.py", "import six", "import six  # one")
    two = Edit("shop/till.py", "import os", "import os  # two")
    bad = Edit("shop/till.py", "def main", "import mall\n\n\ndef main")
    same = Edit("shop/till.py", "import six\n", "import six  # three\n")
    harmless = [Fault(n, "imports", (bad,), (e,)) for n, e in (("a", one), ("b", two), ("c", same))]
    assert all(done.good for done in inject(shop.root, harmless, run, tmp_path / "f"))
    # Untouched, the twins in two copies (the third wants the first one's place), three faults.
    assert len(asked) == 6
    assert "# one" in asked[1]
    assert "# two" in asked[1]
    mixed = [*harmless, Fault("d", "imports", (bad,), (bad,))]
    done = {d.fault.name: d for d in inject(shop.root, mixed, run, tmp_path / "f")}
    assert {name for name, d in done.items() if d.twin_flagged} == {"d"}


def test_a_run_that_was_ended_goes_on_where_it_was(shop, tmp_path):
    edit = Edit("shop/till.py", "import six", "import six\nimport mall")
    twin = Edit("shop/till.py", "import six", "import six  # one")
    faults = [Fault(name, "imports", (edit,), (twin,)) for name in ("a", "b", "c")]
    state = tmp_path / "state.jsonl"
    kept = Kept(state, "tip")
    asked = []

    def run(root, name):
        asked.append(name)
        return run_imports(shop)(root, name)

    going = inject(shop.root, faults, run, tmp_path / "f", kept.get)
    kept.add(next(going))
    going.close()
    # What was being written when it was ended is no reason to stop.
    state.write_text(state.read_text() + '{"key": "cut o')
    again = Kept(state, "tip")
    asked.clear()
    done = list(inject(shop.root, faults, run, tmp_path / "f", again.get))
    for one in done:
        again.add(one)
    assert [one.fault.name for one in done] == ["a", "b", "c"]
    assert all(one.good for one in done)
    # Untouched, the twins in one copy, two faults: not the first.
    assert len(asked) == 4
    assert all(Kept(state, "tip").get(fault) for fault in faults)
    assert Kept(state, "another tip").get(faults[0]) is None
    changed = Fault("a", "imports", (twin,), (twin,))
    assert Kept(state, "tip").get(changed) is None


def test_each_fault_is_told_in_a_line(shop, tmp_path):
    (shop.plan.folder / "faults.toml").write_text(CATALOGUE)
    (done,) = inject(shop.root, load_faults(shop.plan), run_imports(shop), tmp_path / "f")
    assert as_lines(done) == ["imports: an import left: caught: shop/till.py:4: imports mall"]
    edit = Edit("shop/till.py", "import six", "import six\nimport mall")
    (bad,) = inject(
        shop.root, [Fault("x", "imports", (edit,), (edit,))], run_imports(shop), tmp_path / "f"
    )
    assert as_lines(bad)[1] == "imports: x: the twin is FLAGGED: shop/till.py:4: imports mall"


def test_a_fault_of_several_edits_is_put_in_whole_or_not_at_all(shop, tmp_path):
    here = Edit("shop/till.py", "import six", "import six\nimport mall")
    there = Edit("shop/till.py", "absent", "x")
    good = Edit("shop/till.py", "import os", "import os  # two")
    faults = [
        Fault("a", "imports", (here,), (here, there)),
        Fault("b", "imports", (here,), (good,)),
    ]
    one, two = inject(shop.root, faults, run_imports(shop), tmp_path / "f")
    assert one.absent.startswith("the twin cannot be put in")
    assert two.good


def test_a_place_that_is_not_there_is_said(shop, tmp_path):
    fault = Fault("x", "imports", (Edit("shop/till.py", "absent", "y"),), ())
    (done,) = inject(shop.root, [fault], run_imports(shop), tmp_path / "f")
    assert done.absent == "shop/till.py does not say 'absent'"
    with pytest.raises(Absent, match="no file"):
        apply(shop.root, Edit("shop/none.py"))


def test_edits_of_every_kind(shop):
    apply(shop.root, Edit("shop/new/file.py", put="x\n"))
    assert (shop.root / "shop/new/file.py").read_text() == "x\n"
    apply(shop.root, Edit("shop/new/file.py"))
    assert not (shop.root / "shop/new/file.py").exists()
    apply(shop.root, Edit(shell="git init -q\ngit commit -q --allow-empty -m x"))
    assert (shop.root / ".git").is_dir()
    with pytest.raises(Absent):
        apply(shop.root, Edit(shell="false\ntrue"))


def test_a_wrong_catalogue_is_a_usage_error(shop):
    with pytest.raises(UsageError, match=r"no faults\.toml"):
        load_faults(shop.plan)
    path = shop.plan.folder / "faults.toml"
    path.write_text(CATALOGUE.replace('check = "imports"', 'check = "nothing"'))
    with pytest.raises(UsageError, match="there is no check 'nothing'"):
        load_faults(shop.plan)
    path.write_text(CATALOGUE.replace("find", "search"))
    with pytest.raises(UsageError, match=r"faults\.toml: 0\.fault\.0\.search"):
        load_faults(shop.plan)


def test_the_catalogue_that_ships_is_sound():
    from extractor.plan.load import PLANS, load_plan

    for path in PLANS.glob("*/faults.toml"):
        faults = load_faults(load_plan(path.parent.name))
        assert len({fault.name for fault in faults}) == len(faults)
        assert all(fault.twin for fault in faults)
        assert all(fault.fault != fault.twin for fault in faults)


def test_intact_compares_with_the_manifest(shop):
    import json

    from extractor.verification.checks import intact

    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@localhost", *words],
            cwd=shop.root,
            check=True,
            capture_output=True,
        )

    assert intact.check(shop.result(), shop.context()).reason
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    tip = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=shop.root, capture_output=True, text=True
    ).stdout.strip()
    (shop.folder / "manifest.json").write_text(
        json.dumps({"results": [{"path": "shop", "revision": tip, "commits": 1}]})
    )
    assert intact.check(shop.result(), shop.context()).held
    shop.write("shop/more.py", "")
    assert intact.check(shop.result(), shop.context()).findings == ("not committed: shop/more.py",)
    git("add", "-A")
    git("commit", "-q", "-m", "second")
    assert "the manifest says" in intact.check(shop.result(), shop.context()).findings[0]


def test_intact_takes_no_file_for_edited_that_is_as_git_checks_it_out(shop):
    from extractor.verification.checks import intact

    def git(*words, **more):
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@localhost", *words]
        done = subprocess.run(command, cwd=shop.root, check=True, capture_output=True, **more)
        return done.stdout.decode().strip()

    git("init", "-q")
    blob = git("hash-object", "-w", "--stdin", input=b"a\r\nb\r\n")
    shop.write(".gitattributes", "*.txt text eol=lf\n")
    git("add", "-A")
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},shop/dos.txt")
    git("commit", "-q", "-m", "first")
    git("reset", "-q", "--hard")
    (shop.root / "shop/dos.txt").touch()
    assert "shop/dos.txt" in git("status", "--porcelain")
    assert intact.check(shop.result(), shop.context()).held

    (shop.root / "shop/dos.txt").write_bytes(b"a\r\nc\r\n")
    assert intact.check(shop.result(), shop.context()).findings == ("not committed: shop/dos.txt",)
