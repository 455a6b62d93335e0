"""What code and tests find without naming it: handlers that register, fixtures, plug-ins."""

import pytest

from extractor.errors import UsageError
from extractor.pipeline import analyse, draft, rewrite
from extractor.plan.load import load_plan, parse_plan
from extractor.source.tree import MemoryTree

APP = "from big.registry import REG\nimport big.handlers\n\n\ndef f():\n    return REG['one']()\n"
REGISTRY = "REG = {}\n\n\ndef known(f):\n    REG[f.__name__] = f\n    return f\n"
BASE = {
    "big/__init__.py": "",
    "big/sub/__init__.py": "",
    "big/sub/app.py": "def f():\n    return 1\n",
    "big/other.py": "from big.sub import app\n\n\ndef g():\n    return app.f()\n",
    "tests/test_sub.py": "from big.sub import app\n\n\ndef test_f():\n    assert app.f()\n",
    "requirements.txt": "",
}


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))


def tree(files):
    return MemoryTree({path: text.encode() for path, text in {**BASE, **files}.items()})


def lifted(files, folder):
    """The draft's plan of ``big.sub``, and the files of its result."""
    source = tree(files)
    draft(source, ("big.sub",), "small", folder)
    plan = load_plan(str(folder))
    return plan.data, rewrite(source, analyse(source, plan)).files


@pytest.mark.parametrize(
    "handlers",
    [
        pytest.param(
            "from big.registry import known\n\n\n@known\ndef one():\n    return 1\n",
            id="by a decorator",
        ),
        pytest.param(
            "from big import registry\n\n\ndef one():\n    return 1\n\n\nregistry.known(one)\n",
            id="by a call",
        ),
        pytest.param(
            "from big.registry import REG\n\nREG['one'] = lambda: 1\n", id="in the register"
        ),
        pytest.param(
            "from big.bases import Base\n\n\nclass One(Base):\n    pass\n", id="by being a subclass"
        ),
    ],
)
@pytest.mark.parametrize("spelled", ["import big.handlers", "from big import handlers"])
def test_a_module_that_is_imported_for_what_it_does_comes_along(tmp_path, handlers, spelled):
    files = {
        "big/sub/app.py": APP.replace("import big.handlers", spelled),
        "big/registry.py": REGISTRY,
        "big/bases.py": "class Base:\n    def __init_subclass__(cls, **more):\n        pass\n",
        "big/handlers.py": handlers,
    }
    plan, made = lifted(files, tmp_path / "plan")
    assert "big.handlers" in plan.layout.whole
    assert spelled.replace("big", "small") in made["small/app.py"].decode()
    assert made["small/handlers.py"].decode() == handlers.replace("big", "small")


def test_what_does_nothing_when_imported_is_not_carried_for_that(tmp_path):
    quiet = "import logging\n\nLOG = logging.getLogger(__name__)\n\n\ndef one():\n    return 1\n"
    ran = f"{quiet}\n\nif __name__ == '__main__':\n    from big import other\n    other.g()\n"
    files = {"big/sub/app.py": APP, "big/registry.py": REGISTRY, "big/handlers.py": ran}
    plan, made = lifted(files, tmp_path / "plan")
    assert "big.handlers" not in plan.layout.modules
    assert "handlers" not in made["small/app.py"].decode()


def test_of_two_imports_under_one_name_each_is_judged_for_itself(tmp_path):
    loud = "from big.registry import known\n\n\n@known\ndef one():\n    return 1\n"
    files = {
        "big/sub/app.py": APP.replace("\nimport", "\nimport big.quiet\nimport"),
        "big/registry.py": REGISTRY,
        "big/handlers.py": loud,
        "big/quiet.py": "x = 1\n",
    }
    _plan, made = lifted(files, tmp_path / "plan")
    assert "import small.handlers\n" in made["small/app.py"].decode()


def test_a_plan_without_it_is_told(tmp_path):
    source = tree(
        {
            "big/sub/app.py": APP,
            "big/registry.py": REGISTRY,
            "big/handlers.py": "from big.registry import REG\n\nREG['one'] = 1\n",
        }
    )
    folder = tmp_path / "plan"
    draft(source, ("big.sub",), "small", folder)
    text = (folder / "plan.toml").read_text().replace('whole = ["big.handlers"]', "")
    parse_plan(text.encode(), "it")
    (folder / "plan.toml").write_text(text)
    made = rewrite(source, analyse(source, load_plan(str(folder))))
    assert b"import big.handlers\n" in made.files["small/app.py"]
    [failure] = [f for step in made.steps for f in step.failures]
    assert failure == (
        "small/app.py",
        "line 2: big.handlers is imported for what it does in line 3, and it stays behind: carry "
        "it, or take the import away",
    )


FIXTURE = "import pytest\n\n\n@pytest.fixture{}\ndef {}({}):\n    return 1\n"


def test_every_conftest_that_tests_need_comes_along_and_no_other(tmp_path):
    files = {
        "conftest.py": FIXTURE.format("(autouse=True)", "always", ""),
        "tests/__init__.py": "",
        "tests/conftest.py": FIXTURE.format("", "seven", ""),
        "tests/sub/__init__.py": "",
        "tests/sub/conftest.py": FIXTURE.format("", "eight", "seven"),
        "tests/sub/test_app.py": (
            "from big.sub import app\n\n\ndef test_f(eight):\n    assert app.f()\n"
        ),
        "tests/other/conftest.py": FIXTURE.format("", "nine", ""),
        "tests/other/test_other.py": "import big.other\n\n\ndef test_g(nine):\n    big.other.g()\n",
    }
    plan, made = lifted(files, tmp_path / "plan")
    there = {path for path in made if path.endswith(".py") and "test" in path}
    assert there == {
        "conftest.py",
        "small/tests/__init__.py",
        "small/tests/conftest.py",
        "small/tests/sub/__init__.py",
        "small/tests/sub/conftest.py",
        "small/tests/sub/test_app.py",
        "small/tests/test_sub.py",
    }
    assert plan.layout.modules["tests.sub"] == "small.tests.sub"


def test_fixtures_come_from_plug_ins_and_by_a_star_too(tmp_path):
    files = {
        "tests/__init__.py": "",
        "tests/conftest.py": "from big.testing import *\n\npytest_plugins = ['tests.plug']\n",
        "tests/plug.py": FIXTURE.format("", "ten", ""),
        "big/testing.py": FIXTURE.format("", "eleven", ""),
        "tests/test_sub.py": (
            "from big.sub import app\n\n\ndef test_f(ten, eleven):\n    assert app.f()\n"
        ),
    }
    _plan, made = lifted(files, tmp_path / "plan")
    assert made["small/tests/conftest.py"] == (
        b"from small.testing import *\n\npytest_plugins = ['small.tests.plug']\n"
    )
    assert b"ten" in made["small/tests/plug.py"] and b"eleven" in made["small/testing.py"]


def test_a_conftest_that_the_tests_do_not_need_stays(tmp_path):
    files = {
        "tests/conftest.py": f"from big import other\n{FIXTURE.format('', 'server', '')}",
        "tests/test_other.py": "from big import other\n\n\ndef test_it(server):\n    other.g()\n",
    }
    plan, _made = lifted(files, tmp_path / "plan")
    assert plan.roots.tests == ["tests.test_sub"]


@pytest.mark.parametrize("folder", ["t", "testing", "unit_tests", "testsuite"])
def test_tests_lie_in_folders_of_other_names_with_their_helpers(tmp_path, folder):
    files = {
        "tests/test_sub.py": "",
        f"{folder}/__init__.py": "",
        f"{folder}/helper.py": "ONE = 1\n",
        f"{folder}/unit/__init__.py": "",
        f"{folder}/unit/test_sub.py": (
            f"from big.sub import app\nfrom {folder}.helper import ONE\n\n\n"
            "def test_f():\n    assert app.f() == ONE\n"
        ),
        f"{folder}/test_other.py": "from big import other\n\n\ndef test_g():\n    other.g()\n",
    }
    _plan, made = lifted(files, tmp_path / "plan")
    assert b"from small.tests.helper import ONE\n" in made["small/tests/unit/test_sub.py"]
    assert made["small/tests/helper.py"] == b"ONE = 1\n"
    assert "small/tests/test_other.py" not in made


def test_a_conftest_may_take_the_place_of_a_plug_ins_fixture(tmp_path):
    files = {"tests/conftest.py": FIXTURE.format("", "anyio_backend", "")}
    plan, _made = lifted(files, tmp_path / "plan")
    assert plan.roots.tests == ["tests.conftest", "tests.test_sub"]


CONVERT = (
    "import functools\n\n\n@functools.singledispatch\ndef convert(x):\n    return 'any'\n\n\n"
    "@convert.register(int)\ndef _(x):\n    return 'int'\n\n\n"
    "def unused():\n    return 1\n"
)


def test_what_registers_itself_in_a_carried_function_comes_with_it(tmp_path):
    files = {
        "big/convert.py": CONVERT,
        "big/sub/app.py": "from big.convert import convert\n\n\ndef f():\n    return convert(1)\n",
        "big/other.py": "from big.convert import convert, unused\n\nconvert, unused\n",
    }
    _plan, made = lifted(files, tmp_path / "plan")
    assert b"@convert.register(int)\n" in made["small/convert.py"]
    assert b"unused" not in made["small/convert.py"]


def test_files_that_moved_tests_name_come_along_and_others_are_asked_about(tmp_path):
    files = {
        "tests/test_sub.py": (
            "import os\n\nfrom big.sub import app\n\nHERE = os.path.dirname(__file__)\n\n\n"
            "def test_f():\n    assert app.f(), open(os.path.join(HERE, 'data', 'in.txt'))\n"
            "    open(HERE + '/one.json')\n"
        ),
        "tests/data/in.txt": "in",
        "tests/data/deep/more.txt": "more",
        "tests/one.json": "1",
        "tests/two.json": "2",
    }
    plan, made = lifted(files, tmp_path / "plan")
    there = {path for path in made if path.startswith("small/tests/")}
    assert there >= {"small/tests/data/in.txt", "small/tests/data/deep/more.txt"}
    assert "small/tests/two.json" not in made
    [question] = [item.question for item in plan.open if item.subject == "layout.files"]
    assert question.startswith("2 files other than modules are beside the tests")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        pytest.param("import os\n\nos.environ['MODE'] = '1'\n", True, id="it sets something"),
        pytest.param("import eventlet\n\neventlet.monkey_patch()\n", True, id="it calls something"),
        pytest.param('"""Big."""\n\nVERSION = "1"\n\n\ndef g():\n    g()\n', False, id="it binds"),
        pytest.param(
            "__import__('pkg_resources').declare_namespace(__name__)\n", False, id="a namespace"
        ),
    ],
)
def test_a_package_above_that_runs_code_is_asked_about(tmp_path, text, asked):
    plan, _made = lifted({"big/__init__.py": text}, tmp_path / "plan")
    assert ("packages above" in {item.subject for item in plan.open}) == asked


def test_what_lies_in_other_packages_of_the_source_comes_along(tmp_path):
    files = {
        "tools/__init__.py": "",
        "tools/cash.py": "def count():\n    return 1\n",
        "helper.py": "def help_it():\n    return 1\n",
        "big/sub/app.py": (
            "import helper\nfrom tools.cash import count\n\n\n"
            "def f():\n    return count() + helper.help_it()\n"
        ),
    }
    _plan, made = lifted(files, tmp_path / "plan")
    assert made["small/app.py"].startswith(b"from small import helper\n") or (
        b"small.helper" in made["small/app.py"]
    )
    assert b"from small.tools.cash import count\n" in made["small/app.py"]
    assert {"small/helper.py", "small/tools/cash.py"} <= made.keys()


def test_a_single_module_at_the_top_comes_with_its_neighbour_and_tests(tmp_path):
    source = MemoryTree(
        {
            "setup.py": b"from setuptools import setup\n\nsetup(name='thing', version='1')\n",
            "thing.py": b"import helper\n\n\ndef f():\n    return helper.one()\n",
            "helper.py": b"def one():\n    return 1\n",
            "test_thing.py": b"import thing\n\n\ndef test_f():\n    assert thing.f()\n",
        }
    )
    draft(source, ("thing",), "small", tmp_path / "plan")
    made = rewrite(source, analyse(source, load_plan(str(tmp_path / "plan")))).files
    assert {"small/__init__.py", "small/helper.py", "small/tests/test_thing.py"} <= made.keys()


def test_a_namespace_in_a_folder_of_its_own_is_refused_by_that_folder(tmp_path):
    source = MemoryTree(
        {
            "packages/web/pyproject.toml": b"[project]\nname = 'acme-web'\n",
            "packages/web/src/acme/web/__init__.py": b"",
            "packages/web/src/acme/web/app.py": b"def f():\n    return 1\n",
        }
    )
    with pytest.raises(UsageError, match=r"acme.web lies in packages/web/src/: "):
        draft(source, ("acme.web",), "small", tmp_path / "plan")
