import pytest

from extractor.project.convention import Kind
from extractor.project.facts import project_of
from extractor.source.tree import MemoryTree


def project(**files):
    names = {"cfg": "setup.cfg", "setup": "setup.py"}
    return project_of(MemoryTree({names.get(n, n): t.encode() for n, t in files.items()}))


def with_files(files):
    return project_of(MemoryTree({p: t.encode() for p, t in files.items()}))


def test_entry_points_of_setup_cfg_with_their_lines():
    found = project(
        cfg="[metadata]\nname = x\n[options.entry_points]\nconsole_scripts =\n"
        "    one = p.cli:main\n    # none = p.cli:other\n    two = p.cli:Tool.run [extra]\n"
    ).entry_points
    assert [(p.group, p.name, p.target, p.line) for p in found] == [
        ("console_scripts", "one", "p.cli:main", 5),
        ("console_scripts", "two", "p.cli:Tool.run", 7),
    ]
    assert found[1].symbol == "p.cli:Tool"


@pytest.mark.parametrize(
    "argument",
    [
        "entry_points={'console_scripts': ['one = p.cli:main']}",
        "entry_points={'console_scripts': ('one=p.cli:main',)}",
        "entry_points={'console_scripts': 'one = p.cli:main'}",
        "entry_points='''\n[console_scripts]\none = p.cli:main\n'''",
        "entry_points=dict(console_scripts=['one = p.cli:main'])",
        "**{'entry_points': {'console_scripts': ['one = p.cli:main']}}",
        "entry_points=POINTS",
        "entry_points={'console_scripts': SCRIPTS + computed()}",
    ],
)
def test_entry_points_of_setup_py_however_they_are_written(argument):
    text = (
        "from setuptools import setup\nSCRIPTS = ['one = p.cli:main']\n"
        f"POINTS = {{'console_scripts': SCRIPTS}}\nsetup(name='x', {argument})\n"
    )
    (found,) = project(setup=text).entry_points
    assert (found.group, found.name, found.target) == ("console_scripts", "one", "p.cli:main")
    assert "p.cli:main" in text.splitlines()[found.line - 1]


@pytest.mark.parametrize(
    "text",
    ["setup(entry_points=read())", "print 'python 2'\nsetup(", "def setup(entry_points=1): 1"],
)
def test_what_is_computed_or_cannot_be_read_declares_nothing(text):
    assert project(setup=text).entry_points == ()


def test_requirements_of_every_kind():
    found = with_files(
        {
            "requirements.txt": "-r base.txt\n-c constraints.txt\n# none\nsix>=1 # MIT\n./local\n",
            "base.txt": "pbr\n",
            "test-requirements.txt": "mock ; python_version<'3'\n",
            "requirements/docs.in": "Sphinx==1 \\\n  --hash=sha256:0\n",
            "setup.cfg": "[options]\ninstall_requires =\n    a>1\n"
            "[options.extras_require]\nfast = b\n",
            "setup.py": "setup(install_requires=['c'], tests_require=['d'], "
            "extras_require={'x:python_version<\"3\"': ['e']})\n",
        }
    ).requirements
    assert [(r.name, r.group, r.path) for r in found] == [
        ("pbr", "", "base.txt"),
        ("six", "", "requirements.txt"),
        ("Sphinx", "docs", "requirements/docs.in"),
        ("mock", "test", "test-requirements.txt"),
        ("a", "", "setup.cfg"),
        ("b", "fast", "setup.cfg"),
        ("c", "", "setup.py"),
        ("d", "test", "setup.py"),
        ("e", "x", "setup.py"),
    ]
    six = next(r for r in found if r.name == "six")
    assert (six.text, six.specifier, six.line) == ("six>=1 # MIT", "six>=1", 4)
    assert found[-1].text == 'e; python_version<"3"'
    assert [r.name for r in found if r.to_test] == ["mock", "d"]


def test_requirement_files_that_include_each_other_end():
    found = with_files(
        {
            "requirements.txt": "-r requirements-b.txt\na\n",
            "requirements-b.txt": "-r requirements.txt\nb\n",
        }
    ).requirements
    assert {r.name for r in found} == {"a", "b"}


@pytest.mark.parametrize(
    "files",
    [
        {"setup.cfg": "[options]\npackage_dir =\n    = python\n"},
        {"setup.cfg": "[options.packages.find]\nwhere = python\n"},
        {"setup.py": "setup(package_dir={'': 'python'})\n"},
        {"setup.py": "setup(package_dir={'p': 'python/p'})\n"},
        {"setup.py": "setup(packages=find_packages('python'))\n"},
        {"setup.py": "setup(packages=find_namespace_packages(where='python'))\n"},
    ],
)
def test_source_folders_that_are_declared(files):
    assert "p.a" in with_files(files | {"python/p/__init__.py": "", "python/p/a.py": ""}).modules


def test_pythons():
    assert project(cfg="[options]\npython_requires = >=3.8,<3.11\n").pythons == (
        "3.8",
        "3.9",
        "3.10",
    )
    text = "setup(classifiers=['Programming Language :: Python :: 2.7'])\n"
    assert project(setup=text).pythons == ("2.7",)
    assert project(cfg="[metadata]\nname = x\n").pythons == ()


def test_its_files_are_packaging():
    here = with_files({"setup.py": "", "p/setup.py": "", "requirements/test.txt": ""})
    assert here.kind_of("setup.py") is here.kind_of("requirements/test.txt") is Kind.PACKAGING
    assert here.kind_of("p/setup.py") is Kind.PRODUCTION
