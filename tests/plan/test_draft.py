"""A first plan from the analysis alone, on a monolith small enough to read."""

import pytest

from extractor.errors import UsageError
from extractor.pipeline import analyse, draft, rewrite
from extractor.plan.draft import write_draft
from extractor.plan.load import load_plan
from extractor.source.tree import MemoryTree

FILES = {
    "big/__init__.py": "",
    "big/errors.py": "class E(Exception): pass\nclass Unused(E): pass\n",
    "big/helper.py": "def only_sub(): pass\n",
    "big/server.py": "from big import errors\nfrom big.sub import app\napp.f\nerrors.E\n",
    "big/sub/__init__.py": "",
    "big/sub/app.py": (
        "from big import errors, helper\n\n\ndef f():\n    helper.only_sub()\n    raise errors.E\n"
    ),
    "big/tests/__init__.py": "",
    "big/tests/sub/__init__.py": "",
    "big/tests/sub/test_app.py": "from big.sub import app\n\n\ndef test_f():\n    app.f\n",
    "big/tests/test_server.py": "from big import server\n\n\ndef test_it():\n    server\n",
    "requirements.txt": "six\n",
    "setup.cfg": "[entry_points]\nconsole_scripts =\n    sub = big.sub.app:f\n",
    "test-requirements.txt": "",
}


def tree(files=FILES):
    return MemoryTree({path: text.encode() for path, text in files.items()})


@pytest.fixture
def drafted(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    return load_plan(str(write_draft(tree(), ("big.sub",), "small", tmp_path / "draft"))).data


def test_a_draft_is_a_plan_that_loads(drafted):
    assert (drafted.source_package, drafted.target_package) == ("big", "small")
    assert drafted.roots.packages == ["big.sub"]
    assert drafted.packaging.requirements == "requirements.txt"
    assert drafted.packaging.scripts == {"sub": "small.app:f"}


def test_tests_that_belong_come_along_and_others_do_not(drafted):
    assert drafted.roots.tests == ["big.tests.sub"]


def test_tests_beside_the_package_belong_by_name_or_when_they_bring_nothing_else(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    server = "from big import server\n"
    app = "from big.sub import app\nfrom tests import DATA\n\n\ndef test_f():\n    app.f(DATA)\n"
    files = {
        **{path: text for path, text in FILES.items() if not path.startswith("big/tests")},
        "tests/__init__.py": "DATA = 'data'\n",
        "tests/data.json": "",
        "tests/test_it.py": app,
        "tests/test_sub_app.py": f"{server}{app}    app.f, server\n",
        "tests/test_mostly.py": f"{server}{app}    app.f, server\n    app.f\n",
        "tests/test_server.py": f"{server}\n\ndef test_it():\n    server.E\n",
    }
    plan = load_plan(str(write_draft(tree(files), ("big.sub",), "small", tmp_path / "draft"))).data
    assert plan.roots.tests == ["tests.test_it", "tests.test_sub_app"]
    assert plan.layout.modules["tests.test_it"] == "small.tests.test_it"
    assert plan.layout.modules["tests"] == "small.tests"
    assert plan.verify.tests == ("small/tests",)
    asked = {item.subject: item.question for item in plan.open}
    assert "tests.test_mostly (3 of 4 lines)" in asked["roots.tests"]
    assert "test_server" not in asked["roots.tests"]
    assert asked["layout.files"].startswith("1 files that are no modules lie beside the tests")
    assert analyse(tree(files), load_plan(str(tmp_path / "draft"))).layout.undecided == ()


def test_a_draft_makes_the_result_installable(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    plan = load_plan(str(write_draft(tree(), ("big.sub",), "small", tmp_path / "draft")))
    made = rewrite(tree(), analyse(tree(), plan)).files
    assert b"name = small\n" in made["setup.cfg"]
    assert b"    sub = small.app:f\n" in made["setup.cfg"]
    compile(made["setup.py"], "setup.py", "exec")
    assert b"graft small\n" in made["MANIFEST.in"]


def test_everything_that_is_reached_has_a_place(drafted):
    assert drafted.layout.modules["big.sub"] == "small"
    assert drafted.layout.modules["big.errors"] == "small.errors"
    assert drafted.layout.whole == ["big.helper"]
    assert drafted.layout.modules["big.helper"] == "small.helper"
    assert drafted.layout.modules["big.tests.sub"] == "small.tests"


def test_what_both_sides_use_and_what_the_rest_uses_is_asked(drafted):
    asked = {item.subject: item.question for item in drafted.open}
    assert "big.errors (1 of 1: E)" in asked["layout.modules"]
    assert asked["big.sub.app:f"].startswith("the rest uses it at big/server.py:3")
    assert "setup.cfg:3" in asked["[[layout.files]]"]


def test_of_several_roots_one_is_the_new_package(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    roots = ("big.helper", "big.sub")
    drafted = load_plan(str(write_draft(tree(), roots, "small", tmp_path / "draft"))).data
    assert drafted.roots.packages == list(roots)
    assert drafted.layout.modules["big.sub"] == "small"
    assert drafted.layout.modules["big.helper"] == "small.helper"


def test_the_same_source_gives_the_same_draft(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    texts = {
        (write_draft(tree(), ("big.sub",), "small", tmp_path / name) / "plan.toml").read_bytes()
        for name in ("one", "two")
    }
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("packages", "into", "said"),
    [
        pytest.param(("big.other",), "small", "no module 'big.other'", id="a package not there"),
        pytest.param(("big.sub",), "no name", "'no name' is no name for a package", id="no name"),
    ],
)
def test_what_cannot_be_drafted_is_told_and_nothing_written(tmp_path, packages, into, said):
    with pytest.raises(UsageError, match=said):
        write_draft(tree(), packages, into, tmp_path / "draft")
    assert not (tmp_path / "draft").exists()


def test_a_draft_never_writes_over_anything(tmp_path):
    (tmp_path / "draft").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        write_draft(tree(), ("big.sub",), "small", tmp_path / "draft")


def test_a_library_is_called_from_outside_by_any_of_its_names(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    files = {**FILES, "setup.cfg": "[metadata]\n"}
    plan = load_plan(str(write_draft(tree(files), ("big.sub",), "small", tmp_path / "draft"))).data
    assert plan.roots.entry_points == ["small"]


def test_what_comes_along_never_hides_what_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    files = {
        **FILES,
        "big/sub/utils.py": "def own(): pass\n",
        "big/utils/__init__.py": "",
        "big/utils/text.py": "def wrap(): pass\n",
        "big/sub/app.py": "from big.utils import text\n\n\ndef f():\n    text.wrap()\n",
        "big/server.py": "from big.utils import text\n\ntext.wrap()\n",
    }
    plan = load_plan(str(write_draft(tree(files), ("big.sub",), "small", tmp_path / "draft"))).data
    assert plan.layout.modules["big.utils.text"] == "small.utils_of_big.text"


def test_a_module_used_as_an_object_is_asked_about(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    files = {
        **FILES,
        "big/defaults.py": "A = 1\n",
        "big/sub/app.py": "from big import defaults\n\n\ndef f():\n    vars(defaults)\n",
        "big/server.py": "from big import defaults\n\ndefaults.A\n",
    }
    plan = load_plan(str(write_draft(tree(files), ("big.sub",), "small", tmp_path / "draft"))).data
    asked = {item.subject: item.question for item in plan.open}
    assert asked["big.defaults"].startswith("is used as an object at big/sub/app.py:5")


def test_a_package_below_src_is_drafted_alike(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    files = {f"src/{p}" if p.startswith("big/") else p: text for p, text in FILES.items()}
    files["src/big/compat.py"] = "try:\n    from new import E\nexcept ImportError:\n    E = None\n"
    files["src/big/sub/more.py"] = "from big.compat import E\n\n\ndef g():\n    raise E\n"
    drafted = load_plan(str(write_draft(tree(files), ("big.sub",), "small", tmp_path / "draft")))
    analysis = analyse(tree(files), drafted)
    moves = {move.source: move.target for move in analysis.layout.moves}
    assert moves["src/big/sub/app.py"] == "small/app.py"
    assert moves["src/big/errors.py"] == "small/errors.py"
    assert moves["src/big/compat.py"] == "small/compat.py"
    assert analysis.layout.undecided == ()


def test_a_draft_that_a_run_would_refuse_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    nested = tree({"libs/core/setup.py": "", "libs/core/big/__init__.py": "def f(): pass\n"})
    with pytest.raises(UsageError, match="no plan was drafted, since it could not be run: "):
        draft(nested, ("big",), "small", tmp_path / "plan")
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert draft(tree(), ("big.sub",), "small", tmp_path / "plan") == tmp_path / "plan"
    with pytest.raises(UsageError, match="is there already"):
        draft(tree(), ("big.sub",), "small", tmp_path / "plan")


def test_the_licence_goes_along(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    source = tree({**FILES, "LICENSE.txt": "Free.\n", "LICENSES.py": ""})
    plan = load_plan(str(write_draft(source, ("big.sub",), "small", tmp_path / "draft")))
    assert [rule.from_ for rule in plan.data.layout.files] == ["LICENSE.txt"]
    assert rewrite(source, analyse(source, plan)).files["LICENSE.txt"] == b"Free.\n"
