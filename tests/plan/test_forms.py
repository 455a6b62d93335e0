"""A drafted result is described in the form that its source has, and really builds."""

import subprocess
import sys
import tomllib
import zipfile

import pytest

from extractor.pipeline import analyse, draft, rewrite
from extractor.plan.load import load_plan
from extractor.source.tree import MemoryTree

CODE = {
    "big/__init__.py": "",
    "big/py.typed": "",
    "big/cli.py": "import click\n\nfrom big.sub import app\n\napp.main()\nclick.echo\n",
    "big/sub/__init__.py": '"""Counts things."""\n',
    "big/sub/words.txt": "one two\n",
    "big/sub/app.py": (
        "import pathlib\n\nimport yaml\n\ntry:\n    import toml\nexcept ImportError:\n"
        "    toml = None\n\n\ndef main():\n"
        "    return pathlib.Path(__file__).with_name('words.txt').read_text(), yaml, toml\n"
    ),
    "tests/test_sub_app.py": "from big.sub import app\n\n\ndef test_it():\n    app.main\n",
    "LICENSE": "Free.\n",
}
METADATA = (
    '[project]\nname = "big"\nversion = "3"\nrequires-python = ">=3.9"\n'
    'dependencies = ["PyYAML>=6,<7", "click>=8"]\n'
    '[project.optional-dependencies]\nfast = ["toml>=0.10"]\ntest = ["pytest>=7"]\n'
    '[project.scripts]\ncount = "big.sub.app:main"\nbig = "big.cli:main"\n'
)
POETRY = (
    '[tool.poetry]\nname = "big"\nversion = "3"\ndescription = ""\nauthors = []\nlicense = "MIT"\n'
    '[tool.poetry.dependencies]\npython = "^3.9"\nPyYAML = "^6.0"\nclick = "^8"\n'
    'toml = { version = "^0.10", optional = true }\n'
    '[tool.poetry.extras]\nfast = ["toml"]\n[tool.poetry.group.test.dependencies]\npytest = "^7"\n'
    '[tool.poetry.scripts]\ncount = "big.sub.app:main"\n'
)
SETUP_CFG = (
    "[metadata]\nname = big\nlicense = MIT\n[options]\npython_requires = >=3.9\n"
    "install_requires =\n    PyYAML>=6,<7\n    click>=8\n"
    "[options.extras_require]\nfast = toml>=0.10\ntest = pytest>=7\n"
    "[options.entry_points]\nconsole_scripts =\n    count = big.sub.app:main\n"
)
SETUP_PY = (
    "from setuptools import setup\n\nsetup(name='big', python_requires='>=3.9',\n"
    "    install_requires=['PyYAML>=6,<7', 'click>=8'],\n"
    "    extras_require={'fast': ['toml>=0.10'], 'test': ['pytest>=7']},\n"
    "    entry_points={'console_scripts': ['count = big.sub.app:main']})\n"
)


def system(backend, *requires):
    return f'[build-system]\nrequires = {list(requires)}\nbuild-backend = "{backend}"\n'


FORMS = {
    "flit": {"pyproject.toml": system("flit_core.buildapi", "flit_core >=3.2,<4") + METADATA},
    "hatch": {"pyproject.toml": system("hatchling.build", "hatchling>=1.5") + METADATA},
    "pdm": {"pyproject.toml": system("pdm.backend", "pdm-backend") + METADATA},
    "poetry": {"pyproject.toml": system("poetry.core.masonry.api", "poetry-core") + POETRY},
    "setuptools": {"pyproject.toml": METADATA},
    "setup.cfg": {"setup.cfg": SETUP_CFG, "setup.py": "import setuptools\nsetuptools.setup()\n"},
    "setup.py": {"setup.py": SETUP_PY},
}
BACKENDS = {
    "flit": "flit_core.buildapi",
    "hatch": "hatchling.build",
    "pdm": "pdm.backend",
    "poetry": "poetry.core.masonry.api",
    "setuptools": "setuptools.build_meta",
}


def result_of(files, folder):
    tree = MemoryTree({path: text.encode() for path, text in {**CODE, **files}.items()})
    plan = load_plan(f"{draft(tree, ('big.sub',), 'small', folder / 'plan').folder}/")
    return plan.data, rewrite(tree, analyse(tree, plan))


@pytest.mark.parametrize("form", sorted(BACKENDS))
def test_a_pyproject_keeps_its_build_backend(tmp_path, form):
    _data, made = result_of(FORMS[form], tmp_path)
    described = tomllib.loads(made.files["pyproject.toml"].decode())
    assert described["build-system"]["build-backend"] == BACKENDS[form]
    project = described["project"]
    [needed] = project["dependencies"]
    assert needed.startswith("PyYAML") and "<7" in needed
    assert set(project["optional-dependencies"]) == {"fast", "test"}
    assert project["scripts"] == {"count": "small.app:main"}
    assert project["requires-python"].startswith(">=3.9")
    assert project["description"] == "Counts things."
    assert "setup.py" not in made.files
    assert {"LICENSE", "README.md", "small/py.typed", "small/words.txt"} <= set(made.files)


@pytest.mark.parametrize("form", ["setup.cfg", "setup.py"])
def test_a_set_up_of_setuptools_stays_one(tmp_path, form):
    _data, made = result_of(FORMS[form], tmp_path)
    assert "pyproject.toml" not in made.files
    described = made.files["setup.cfg"].decode()
    assert "[options.extras_require]\nfast =\n    toml>=0.10\n" in described
    assert "python_requires = >=3.9\n" in described
    assert "    count = small.app:main\n" in described
    assert made.files["requirements.txt"] == b"PyYAML>=6,<7\n"


ABOUT = {
    "pyproject": (
        'authors = [{name = "Ann", email = "ann@x.org"}]\nkeywords = ["shop", "$"]\n'
        'classifiers = ["Topic :: Office/Business"]\n[project.urls]\nDocs = "https://x.org/$"\n'
    ),
    "poetry": (
        'authors = ["Ann <ann@x.org>"]\nkeywords = ["shop", "$"]\n'
        'classifiers = ["Topic :: Office/Business"]\n[tool.poetry.urls]\nDocs = "https://x.org/$"\n'
    ),
    "setup.cfg": (
        "[metadata]\nauthor = Ann\nauthor-email = ann@x.org\nkeywords = shop, $\n"
        "classifier =\n    Topic :: Office/Business\nproject_urls =\n    Docs = https://x.org/$\n"
    ),
    "setup.py": (
        "setup(author='Ann', author_email='ann@x.org', keywords=['shop', '$'], name='big',\n"
        "    classifiers=['Topic :: Office/Business'], project_urls={'Docs': 'https://x.org/$'},"
    ),
}


@pytest.mark.parametrize("form", ["flit", "poetry"])
def test_who_wrote_it_and_where_it_is_at_home_stays_in_a_pyproject(tmp_path, form):
    [(path, text)] = FORMS[form].items()
    named = 'name = "big"\nversion = "3"\n'
    if form == "poetry":
        given = text.replace('description = ""\nauthors = []\n', ABOUT["poetry"], 1)
        given = given.replace('license = "MIT"\n', "", 1)
    else:
        head, rest = text.split(named)
        fields, tables = ABOUT["pyproject"].split("[project.urls]")
        given = f"{head}{named}{fields}{rest}\n[project.urls]{tables}"
    _data, made = result_of({path: given}, tmp_path)
    project = tomllib.loads(made.files[path].decode())["project"]
    assert project["authors"] == [{"name": "Ann", "email": "ann@x.org"}]
    assert project["keywords"] == ["shop", "$"]
    assert project["classifiers"] == ["Topic :: Office/Business"]
    assert project["urls"] == {"Docs": "https://x.org/$"}


@pytest.mark.parametrize("form", ["setup.cfg", "setup.py"])
def test_who_wrote_it_and_where_it_is_at_home_stays_in_a_setup_cfg(tmp_path, form):
    [*_, (path, text)] = sorted(FORMS[form].items(), reverse=form == "setup.cfg")
    old = "[metadata]\n" if form == "setup.cfg" else "setup(name='big',"
    _data, made = result_of({**FORMS[form], path: text.replace(old, ABOUT[form])}, tmp_path)
    described = made.files["setup.cfg"].decode()
    assert "author = Ann\nauthor_email = ann@x.org\n" in described
    assert "keywords = shop, $\n" in described
    assert "classifiers =\n    Topic :: Office/Business\n" in described
    assert "project_urls =\n    Docs = https://x.org/$\n" in described


def test_the_set_up_runs_on_old_pythons_too(tmp_path):
    _data, made = result_of(FORMS["setup.py"], tmp_path)
    assert b"pathlib" not in made.files["setup.py"]


def test_an_entry_point_may_be_a_module_or_an_attribute_and_its_group_keeps_its_name(tmp_path):
    points = (
        '[project.entry-points."big.plugins"]\nall = "big.sub.app"\nrun = "big.sub.app:main.run"\n'
    )
    tree = MemoryTree(
        {p: t.encode() for p, t in {**CODE, "pyproject.toml": METADATA + points}.items()}
    )
    drafted = draft(tree, ("big.sub",), "small", tmp_path / "plan")
    made = rewrite(tree, analyse(tree, load_plan(f"{drafted.folder}/")))
    project = tomllib.loads(made.files["pyproject.toml"].decode())["project"]
    assert project["entry-points"]["big.plugins"] == {
        "all": "small.app",
        "run": "small.app:main.run",
    }
    assert drafted.broken == ()


def test_an_optional_import_that_the_source_always_needs_is_no_extra(tmp_path):
    needed = METADATA.replace('"click>=8"]', '"click>=8", "toml>=0.9"]')
    _data, made = result_of({"pyproject.toml": needed}, tmp_path)
    assert made.files["requirements.txt"] == b"PyYAML>=6,<7\ntoml>=0.9\n"
    project = tomllib.loads(made.files["pyproject.toml"].decode())["project"]
    assert set(project["optional-dependencies"]) == {"test"}


def test_what_runs_the_tests_is_required_with_what_its_settings_need(tmp_path):
    given = METADATA.replace('"pytest>=7"', '"pytest>=7", "pytest-cov>=4", "tox"')
    data, made = result_of({"pyproject.toml": given}, tmp_path)
    assert data.packaging.test == ["pytest", "pytest-cov"]
    assert made.files["test-requirements.txt"] == b"pytest-cov>=4\npytest>=7\n"


def test_settings_of_tools_come_along_for_what_goes_along(tmp_path):
    settings = (
        '[tool.pytest.ini_options]\naddopts = "-ra -p big.plugin --strict-markers"\n'
        'testpaths = ["tests", "big"]\nmarkers = ["slow: tests that take long"]\n'
        '[tool.coverage.run]\nsource = ["big"]\nomit = ["big/cli.py", "big/sub/app.py"]\n'
        "[tool.ruff]\nline-length = 99\n[tool.ruff.lint.per-file-ignores]\n"
        '"tests/*" = ["S"]\n"big/cli.py" = ["T"]\n'
        "[tool.mypy]\nstrict = true\n"
        '[[tool.mypy.overrides]]\nmodule = "big.cli"\nstrict = false\n'
        '[[tool.mypy.overrides]]\nmodule = ["big.sub.app", "big.cli"]\nstrict = false\n'
        "[tool.black]\nline-length = 1\n"
    )
    _data, made = result_of({"pyproject.toml": METADATA + settings}, tmp_path)
    tools = tomllib.loads(made.files["pyproject.toml"].decode())["tool"]
    assert tools["pytest"]["ini_options"] == {
        "addopts": "-ra --strict-markers",
        "testpaths": ["small/tests", "small"],
        "markers": ["slow: tests that take long"],
    }
    assert tools["coverage"]["run"] == {"source": ["small"], "omit": ["small/app.py"]}
    assert tools["ruff"]["lint"] == {"per-file-ignores": {"small/tests/*": ["S"]}}
    assert tools["mypy"]["overrides"] == [{"module": ["small.app"], "strict": False}]
    assert "black" not in tools


def test_settings_in_files_of_their_own_come_along_there(tmp_path):
    files = {
        **FORMS["setup.cfg"],
        "pytest.ini": "[pytest]\ntestpaths =\n    tests\n    big/other\naddopts = -q --cov=big\n",
        "mypy.ini": "[mypy]\nstrict = True\n[mypy-big.cli]\nstrict = False\n[mypy-yaml]\nx = y$\n",
        "ruff.toml": 'exclude = ["big/cli.py", "docs"]\nline-length = 99\n',
    }
    _data, made = result_of(files, tmp_path)
    assert made.files["pytest.ini"] == (
        b"[pytest]\ntestpaths = small/tests\naddopts = -q --cov=small\n"
    )
    assert made.files["mypy.ini"] == b"[mypy]\nstrict = True\n\n[mypy-yaml]\nx = y$\n"
    assert tomllib.loads(made.files["ruff.toml"].decode()) == {
        "exclude": ["docs"],
        "line-length": 99,
    }


@pytest.mark.slow
@pytest.mark.pypi
@pytest.mark.parametrize("form", sorted(FORMS))
def test_the_result_builds_and_imports(tmp_path, form):
    _data, made = result_of(FORMS[form], tmp_path)
    for path, content in made.files.items():
        (tmp_path / "result" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "result" / path).write_bytes(content)
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-q", "-w", tmp_path / "wheels"]
    done = subprocess.run(
        [*map(str, pip), str(tmp_path / "result")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    [wheel] = (tmp_path / "wheels").iterdir()
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        metadata = packed.read(next(n for n in names if n.endswith("/METADATA"))).decode()
        points = packed.read(next(n for n in names if n.endswith("/entry_points.txt"))).decode()
        packed.extractall(tmp_path / "there")
    assert {"small/app.py", "small/py.typed", "small/words.txt"} <= set(names)
    assert any(name.endswith("LICENSE") for name in names)
    assert "requires-dist: pyyaml" in metadata.lower()
    assert 'extra == "fast"' in metadata.replace("'", '"')
    assert "count" in points and "small.app:main" in points
    code = "import yaml; from small import app; assert app.main()[0] == 'one two\\n'"
    run = [sys.executable, "-c", code]
    subprocess.run(run, cwd=tmp_path / "there", check=True)
