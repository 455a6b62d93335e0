import pytest

from extractor.analysis.resolver import modules_of
from extractor.errors import UsageError
from extractor.moves import SliceMove, WholeMove
from extractor.plan.load import parse_plan
from extractor.plan.model import FileRule
from extractor.plan.moves import lay_out, reach_from_roots, target_module
from extractor.source.tree import MemoryTree

PLAN = """\
name = "x"
source_package = "big"
target_package = "small"
[roots]
packages = ["big.sub"]
tests = ["big.tests.sub"]
[[cut]]
subject = "big.objects:register_all"
reason = "loads everything"
[[replace]]
subject = "big.base"
with = "lib.base"
names = { BigObject = "Object" }
reason = "the library's own will do"
[layout.modules]
"big.sub" = "small"
"big.errors" = "small.errors"
"big.tests.sub" = "small.tests"
[[layout.files]]
from = "docs/*/sub*.rst"
to = "doc/"
[packaging]
distribution = "small"
requirements = "requirements.txt"
test_requirements = "test-requirements.txt"
"""

FILES = {
    "big/__init__.py": "",
    "big/base.py": "class BigObject(object): pass\nclass Plain(object): pass\n",
    "big/errors.py": "class E(Exception): pass\nclass Unused(E): pass\n",
    "big/objects.py": "def register_all(): pass\n",
    "big/sub/__init__.py": "",
    "big/sub/app.py": (
        "from big import base, errors, objects\nobjects.register_all()\n"
        "class A(base.BigObject): pass\nclass B(base.Plain): pass\ndef f(): raise errors.E\n"
    ),
    "big/sub/data/x.json": "{}",
    "big/tests/sub/__init__.py": "",
    "big/tests/sub/test_app.py": "from big.sub import app\napp.f\n",
    "big/tests/sub/gabbits/a.yaml": "",
    "docs/user/sub-guide.rst": "",
    "docs/user/other.rst": "",
}


def layout(files=FILES, plan=PLAN):
    tree = MemoryTree({p: t.encode() for p, t in files.items()})
    data = parse_plan(plan.encode(), "plan.toml")
    modules = modules_of(tree, data.tops())
    return lay_out(tree, modules, reach_from_roots(tree, modules, data), data)


def test_files_and_slices_go_where_the_layout_says():
    assert {(m.source, m.target) for m in layout().moves if isinstance(m, WholeMove)} == {
        ("big/sub/__init__.py", "small/__init__.py"),
        ("big/sub/app.py", "small/app.py"),
        ("big/sub/data/x.json", "small/data/x.json"),
        ("big/tests/sub/__init__.py", "small/tests/__init__.py"),
        ("big/tests/sub/test_app.py", "small/tests/test_app.py"),
        ("big/tests/sub/gabbits/a.yaml", "small/tests/gabbits/a.yaml"),
        ("docs/user/sub-guide.rst", "doc/user/sub-guide.rst"),
    }
    (only,) = (m for m in layout().moves if isinstance(m, SliceMove))
    assert (only.source, only.target, set(only.symbols)) == (
        "big/errors.py",
        "small/errors.py",
        {"E"},
    )


def test_names_follow_moves_and_decisions():
    found = layout()
    assert found.moved.modules["big.sub.app"] == "small.app"
    assert found.carried.symbols == {"big.errors:E": "small.errors:E"}
    ((rule, names),) = found.replaced
    assert rule.subject == "big.base"
    assert names.symbols == {
        "big.base:BigObject": "lib.base:Object",
        "big.base:Plain": "lib.base:Plain",
    }


def test_tests_beside_the_package_come_with_what_they_use():
    files = {
        **FILES,
        "tests/__init__.py": "DATA = 'data'\nOTHER = 1\n",
        "tests/test_app.py": "from big.sub import app\nfrom tests import DATA\napp.f\nDATA\n",
        "tests/test_server.py": "from big import server\n",
    }
    plan = PLAN.replace('"big.tests.sub"]', '"big.tests.sub", "tests.test_app"]', 1).replace(
        '"big.errors" =', 'tests = "small.checks"\n"big.errors" ='
    )
    found = layout(files, plan)
    assert found.undecided == ()
    assert found.target_of("tests/test_app.py") == "small/checks/test_app.py"
    assert found.target_of("tests/test_server.py") is None
    assert found.carried.symbols["tests:DATA"] == "small.checks:DATA"
    assert "tests:OTHER" not in found.carried.symbols


def test_a_reached_symbol_without_a_place_is_left_for_a_person():
    found = layout(plan=PLAN.replace('"big.errors" = "small.errors"\n', ""))
    assert [str(s) for s in found.undecided] == ["big.errors:E"]


def test_missing_roots_say_what_to_do():
    with pytest.raises(UsageError, match=r"'big\.sub' does not exist at this revision"):
        layout({"big/__init__.py": ""})


def test_two_files_for_one_place_are_refused():
    with pytest.raises(UsageError, match="cannot be a whole file and something else"):
        layout(plan=PLAN.replace('"big.tests.sub" = "small.tests"', '"big.tests.sub" = "small"'))


def test_a_module_and_a_folder_of_one_name_are_refused():
    more = {**FILES, "big/errors/deep.py": "", "big/sub/errors.py": "import big.errors.E\n"}
    plan = PLAN.replace('"big.errors" = "small.errors"', '"big.errors" = "small.app.errors"')
    with pytest.raises(UsageError, match=r"big/sub/app.py becomes small/app.py, .* hide"):
        layout(more, plan)


def test_a_slice_with_modules_below_it_becomes_a_package():
    more = dict(FILES)
    more["big/errors/__init__.py"] = more.pop("big/errors.py") + "from .deep import D\n"
    more["big/errors/deep.py"] = "class D(Exception): pass\n"
    more["big/sub/app.py"] += "def g(): raise errors.D\n"
    assert {m.target for m in layout(more).moves if isinstance(m, SliceMove)} == {
        "small/errors/__init__.py",
        "small/errors/deep.py",
    }


def test_a_module_that_is_handed_over_as_an_object_goes_over_whole():
    more = {**FILES, "big/defaults.py": "A = 1\nB = 2\n"}
    more["big/sub/app.py"] += "from big import defaults\nVALUES = vars(defaults)\n"
    rules = '"big.defaults" = "small.defaults"\n"big.errors"'
    plan = PLAN.replace('"big.errors"', rules, 1).replace(
        "[layout.modules]", '[layout]\nwhole = ["big.defaults"]\n[layout.modules]'
    )
    assert WholeMove("big/defaults.py", "small/defaults.py") in layout(more, plan).moves


def test_the_longest_layout_rule_wins():
    rules = {"a": "x", "a.b": "y"}
    assert target_module("a.b.c", rules) == "y.c"
    assert target_module("a.bc", rules) == "x.bc"
    assert target_module("b", rules) is None


@pytest.mark.parametrize(
    ("path", "target"),
    [("docs/a/sub.rst", "doc/a/sub.rst"), ("docs/a/other.rst", None), ("x/docs/a/sub.rst", None)],
)
def test_file_rules(path, target):
    assert FileRule.model_validate({"from": "docs/*/sub*.rst", "to": "doc/"}).target(path) == target


def test_a_decision_about_a_package_covers_modules_below_but_no_roots():
    files = {
        **FILES,
        "big/help/__init__.py": "",
        "big/help/deep/__init__.py": "",
        "big/help/deep/tools.py": "class T(object): pass\n",
        "big/help/sub/__init__.py": "",
        "big/help/sub/test_x.py": "from big.help.deep import tools\ntools.T\n",
    }
    plan = PLAN.replace('"big.tests.sub"]', '"big.tests.sub", "big.help.sub"]').replace(
        "[layout.modules]",
        '[[replace]]\nsubject = "big.help"\nwith = "small.help"\n'
        'names = { T = "small.base:Tool" }\nreason = "of the old tests only"\n'
        '[layout.modules]\n"big.help.sub" = "small.tests.more"',
    )
    found = layout(files, plan)
    assert found.moved.modules["big.help.sub.test_x"] == "small.tests.more.test_x"
    names = {rule.subject: names.symbols for rule, names in found.replaced}
    assert names["big.help"] == {"big.help.deep.tools:T": "small.base:Tool"}


def test_a_stand_in_holds_beside_a_slice_of_the_same_module():
    plan = PLAN.replace('subject = "big.base"', 'subject = "big.errors:Unused"').replace(
        'with = "lib.base"\nnames = { BigObject = "Object" }', 'with = "small.light:Unused"'
    )
    app = "from big.errors import E, Unused\nE, Unused\n"
    found = layout({**FILES, "big/sub/app.py": app}, plan)
    (names,) = (names for rule, names in found.replaced if rule.subject == "big.errors:Unused")
    # Before and after the slice has its new name.
    assert names.symbols == {
        "big.errors:Unused": "small.light:Unused",
        "small.errors:Unused": "small.light:Unused",
    }
    slices = [move for move in found.moves if isinstance(move, SliceMove)]
    assert [sorted(move.symbols) for move in slices] == [["E"]]


def test_what_follows_a_name_that_is_handed_on_stays_an_attribute_of_it():
    files = {
        "big/errors.py": "import unittest\nfrom lib import tools\nclass E(Exception): pass\n",
        "big/sub/app.py": (
            "from big import errors\nerrors.E\n"
            "errors.unittest.skipUnless(1, 2)\nerrors.tools.saw.cut()\n"
        ),
    }
    carried = layout({**FILES, **files}).carried
    assert carried.modules["big.errors.unittest"] == "unittest"
    assert carried.symbols["big.errors:tools"] == "lib:tools"


def test_a_class_that_a_guarded_import_may_replace_is_carried():
    text = "class E(Exception): pass\ntry:\n    from fast import E\nexcept ImportError:\n    pass\n"
    found = layout({**FILES, "big/errors.py": text})
    assert found.carried.symbols["big.errors:E"] == "small.errors:E"
    (move,) = (m for m in found.moves if isinstance(m, SliceMove))
    assert move.symbols == {"E"}
    alone = "try:\n    from fast import E\nexcept ImportError:\n    E = None\n"
    assert layout({**FILES, "big/errors.py": alone}).undecided == ()


def test_a_module_with_others_below_it_becomes_their_package():
    plan = PLAN.replace('"big.sub" = "small"', '"big.sub.app" = "small"').replace(
        'packages = ["big.sub"]', 'packages = ["big.sub.app"]'
    )
    targets = {m.source: m.target for m in layout(FILES, plan).moves}
    assert targets["big/sub/app.py"] == "small/__init__.py"
    assert targets["big/errors.py"] == "small/errors.py"
