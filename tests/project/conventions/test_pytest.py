import pytest

from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(**files):
    names = {"toml": "pyproject.toml", "ini": "pytest.ini", "check": "checks/pricing.py"}
    return project_of(MemoryTree({names.get(n, n): t.encode() for n, t in files.items()}))


def test_nothing_of_it():
    assert "pytest" not in project(check="x = 1\n").conventions


@pytest.mark.parametrize(
    "files",
    [
        {"toml": "[tool.pytest.ini_options]\naddopts = '-q'\n"},
        {"ini": "[pytest]\n"},
        {"p/conftest.py": ""},
        {"p/test_a.py": "import pytest\n"},
    ],
)
def test_what_shows_it(files):
    assert "pytest" in project(**files).conventions


@pytest.mark.parametrize(
    "files",
    [
        {"toml": '[tool.pytest.ini_options]\npython_files = ["pric*.py"]\n'},
        {"ini": "[pytest]\npython_files =\n    pric*.py\n"},
    ],
)
def test_patterns_of_the_project(files):
    assert project(check="", **files).kind_of("checks/pricing.py") is Kind.TEST


def test_folders_of_the_project():
    found = project(check="", toml='[tool.pytest.ini_options]\ntestpaths = ["checks"]\n')
    assert found.kind_of("checks/pricing.py") is Kind.TEST_HELPER
    assert found.kind_of("checks/test_a.py") is Kind.TEST
    # Tests beside the code make the code no helper.
    beside = project(toml='[tool.pytest.ini_options]\ntestpaths = ["src"]\n')
    assert beside.kind_of("src/p/a.py") is Kind.PRODUCTION


def test_a_conftest_is_called_by_name():
    found = project(**{"p/conftest.py": "", "p/a.py": ""})
    assert found.kind_of("p/conftest.py") is Kind.CONFTEST
    assert found.keeps("p/conftest.py", "a_fixture") == "pytest"
    assert found.keeps("p/a.py", "a_fixture") == ""
