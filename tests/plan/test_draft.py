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
    assert asked["layout.files"].startswith("1 file other than modules is beside the tests")
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
    assert asked["the source"].startswith(
        "the rest uses 1 name of the subsystem: big.sub.app:f (at big/server.py:3)"
    )
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
        pytest.param(
            ("big.sub",), "no name", "'no name' is not a valid package name", id="no name"
        ),
    ],
)
def test_what_cannot_be_drafted_is_told_and_nothing_written(tmp_path, packages, into, said):
    with pytest.raises(UsageError, match=said):
        write_draft(tree(), packages, into, tmp_path / "draft")
    assert not (tmp_path / "draft").exists()


def test_a_draft_never_writes_over_anything(tmp_path):
    (tmp_path / "draft").mkdir()
    with pytest.raises(UsageError, match="exists already"):
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
    assert plan.layout.modules["big.utils.text"] == "small.utils_2.text"


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
    assert "big.defaults (at big/sub/app.py:5)" in asked["layout.whole"]


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
    with pytest.raises(UsageError, match="no plan was drafted, since a run would refuse it: "):
        draft(nested, ("big",), "small", tmp_path / "plan")
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    drafted = draft(tree(), ("big.sub",), "small", tmp_path / "plan")
    assert drafted == (tmp_path / "plan", ())
    assert (tmp_path / "plan/plan.toml").read_text().startswith("# It runs as it is.\n")
    with pytest.raises(UsageError, match="exists already"):
        draft(tree(), ("big.sub",), "small", tmp_path / "plan")


def test_the_licence_goes_along(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    source = tree({**FILES, "LICENSE.txt": "Free.\n", "LICENSES.py": ""})
    plan = load_plan(str(write_draft(source, ("big.sub",), "small", tmp_path / "draft")))
    assert [rule.from_ for rule in plan.data.layout.files] == ["LICENSE.txt"]
    assert rewrite(source, analyse(source, plan)).files["LICENSE.txt"] == b"Free.\n"


CHAIN = 12
LONG = {
    **FILES,
    **{
        f"big/deep{n}.py": f"from big import deep{n + 1}\n\n\ndef g():\n    deep{n + 1}.g()\n"
        for n in range(CHAIN)
    },
    f"big/deep{CHAIN}.py": "def g(): pass\n",
    "big/sub/app.py": (
        "from big import deep0, errors, helper\n\n\ndef f():\n    helper.only_sub()\n"
        "    found = deep0.g()\n    raise errors.E(found)\n"
    ),
    "big/server.py": "".join(
        [
            FILES["big/server.py"],
            *(f"from big import deep{n}\ndeep{n}.g()\n" for n in range(CHAIN + 1)),
        ]
    ),
}


@pytest.fixture
def asked(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    drafted = draft(tree(LONG), ("big.sub",), "small", tmp_path / "draft")
    return drafted, (drafted.folder / "plan.toml").read_text()


def test_questions_are_ranked_and_say_what_was_taken_and_what_it_costs(asked):
    drafted, _text = asked
    first, *others = load_plan(f"{drafted.folder}/").data.open
    assert first.subject == "big.deep0:g"
    assert first.taken.startswith("it is not followed; small.deep0:g takes its place")
    assert first.cost == (
        "behind it are 13 symbols of 13 modules, 25 lines; 0 test modules of the subsystem use it"
    )
    assert all(other.taken for other in others)
    assert len({other.subject for other in others}) == len(others)


def test_a_draft_whose_run_would_not_hold_says_so_and_why(asked):
    drafted, text = asked
    assert any("small.deep0" in line for line in drafted.broken)
    head = text.partition("# A draft:")[0]
    assert head.startswith("# A run of it ends with 1 until this is cured:\n")
    assert all(line in head for line in drafted.broken)


def test_following_instead_is_a_line_to_uncomment(asked):
    drafted, text = asked
    start = text.index("[[replace]]")
    taken_away = text[:start] + text[text.index("[layout]") :]
    followed = taken_away.replace('# big = "small.others"', 'big = "small.others"')
    (drafted.folder / "plan.toml").write_text(followed)
    plan = load_plan(f"{drafted.folder}/")
    made = rewrite(tree(LONG), analyse(tree(LONG), plan))
    assert "small/others/deep12.py" in made.files
    assert not made.layout.undecided


def test_dropping_the_call_instead_is_a_table_to_uncomment(asked):
    drafted, text = asked
    start = text.index("[[replace]]")
    lines = (text[:start] + text[text.index("[layout]") :]).splitlines()
    assert "# Or keep big as a library" in text
    at = lines.index("# [[cut]]")
    lines[at : at + 3] = [line.removeprefix("# ") for line in lines[at : at + 3]]
    (drafted.folder / "plan.toml").write_text("\n".join(lines))
    plan = load_plan(f"{drafted.folder}/")
    assert [cut.subject for cut in plan.data.cut] == ["big.deep0:g"]
    assert not analyse(tree(LONG), plan).layout.undecided


def test_a_test_in_the_package_that_mostly_tests_it_by_chance_stays_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    text = "from big import server\nfrom big.sub import app\n\n\ndef test_f():\n    server\n"
    files = {
        **FILES,
        "big/tests/test_shell.py": f"{text}    app.f\n    app.f\n    app.f\n",
        "big/tests/test_only.py": "from big.sub import app\n\n\ndef test_f():\n    app.f\n",
    }
    plan = load_plan(str(write_draft(tree(files), ("big.sub",), "small", tmp_path / "draft"))).data
    assert plan.roots.tests == ["big.tests.sub", "big.tests.test_only"]
    [question] = [item.question for item in plan.open if item.subject == "roots.tests"]
    assert "big.tests.test_shell (" in question


def test_a_test_beside_other_code_stays_with_that(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    text = "from big.sub import app\n\n\ndef test_f():\n    app.f\n"
    files = {
        **FILES,
        "big/shell/__init__.py": "",
        "big/shell/tests/__init__.py": "",
        "big/shell/tests/test_help.py": text,
        "big/shell/test_inside.py": text,
        "big/tests/unit/test_help.py": text,
    }
    plan = load_plan(str(write_draft(tree(files), ("big.sub",), "small", tmp_path / "draft"))).data
    assert plan.roots.tests == ["big.tests.sub", "big.tests.unit.test_help"]
