import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from extractor.analysis.modules import find_modules
from extractor.analysis.truth import (
    Observation,
    compare,
    dump_observations,
    load_observations,
)
from extractor.cli import cli
from extractor.errors import UsageError
from extractor.source.tree import MemoryTree
from extractor.verification.laboratory.observe import observe

names = st.sampled_from([f"p.{letter}" for letter in "abcdefgh"])


@given(st.dictionaries(names, st.sets(names)))
def test_a_table_says_what_was_put_in(loads):
    seen = [Observation(name, tuple(sorted(loads[name]))) for name in loads]
    text = dump_observations([*seen, Observation("p.z", (), (), "gone")])
    assert sorted(load_observations(text), key=lambda o: o.module) == sorted(
        seen, key=lambda o: o.module
    )
    assert text.endswith("# p.z: gone\n")


def test_differences_are_named_module_by_module(graph_of):
    graph = graph_of(
        {
            "p/__init__.py": "",
            "p/a.py": "import p.b",
            "p/b.py": "",
            "p/c.py": "from stevedore import driver\ndriver.DriverManager('p.d', CONF.d)",
            "p/d.py": "import p.b",
            "setup.cfg": "[entry_points]\np.d =\n    one = p.d\n",
        }
    )
    report = compare(
        graph,
        [
            Observation("p.a", ("p", "p.a", "p.d")),
            Observation("p.c", ("p", "p.c", "p.d", "p.b")),
            Observation("p.b", (), (), "ImportError: no"),
        ],
    )
    first, second = report.compared
    assert (first.missing, first.configured, first.extra) == (("p.d",), (), ("p.b",))
    assert (second.missing, second.configured, second.extra) == ((), ("p.b", "p.d"), ())
    assert report.not_importable == (("p.b", "ImportError: no"),)
    assert not report.holds
    assert compare(graph, [Observation("p.b", ("p", "p.b"))]).holds


def test_two_too_many_are_the_most_for_a_module(graph_of):
    files = {"p/__init__.py": "", "p/a.py": "import p.b, p.c, p.d"}
    files |= {f"p/{name}.py": "" for name in "bcd"}
    many = [Observation("p", tuple(f"p.{i}" for i in range(1000)))]
    graph = graph_of(files)
    report = compare(graph, [Observation("p.a", ("p", "p.a", "p.b"))])
    assert report.compared[0].extra == ("p.c", "p.d")
    assert not report.holds  # Two of three are more than one percent.
    assert not compare(graph, [Observation("p.a", ("p", "p.a")), *many]).holds


def test_errors_and_noise_of_a_module_do_not_matter():
    tree = MemoryTree(
        {
            "src/p/__init__.py": b"print('noise')",
            "src/p/a.py": b"import sys, p\nsys.stdout.write('x')\nraise SystemExit(3)",
        }
    )
    modules = find_modules(tree.paths(), ["p"])
    good, bad = observe(tree, modules, Path(sys.executable), ["p", "p.a"])
    assert (good.loaded, good.error) == (("p",), "")
    assert bad.error == "SystemExit: 3"


def test_what_was_there_before_or_has_a_second_name_is_not_too_many(tmp_path):
    files = {
        "p/__init__.py": b"",
        "p/a.py": b"import sys, p.b\nsys.modules['q'] = sys.modules.pop('p.b')\n",
        "p/b.py": b"",
    }
    tree = MemoryTree(files)
    (seen,) = observe(tree, find_modules(tree.paths(), ["p"]), Path(sys.executable), ["p.a"])
    assert seen.loaded == ("p", "p.a")
    assert seen.otherwise == ("p.b",)


def test_lines_lead_through_a_module_that_could_not_be_loaded():
    tree = MemoryTree(
        {
            "p/__init__.py": b"",
            "p/a.py": b"try:\n    import p.half\nexcept ImportError:\n    pass\n",
            "p/half.py": b"import p.whole\nimport not_there_at_all\n",
            "p/whole.py": b"",
        }
    )
    (seen,) = observe(tree, find_modules(tree.paths(), ["p"]), Path(sys.executable), ["p.a"])
    assert seen.loaded == ("p", "p.a", "p.whole")
    assert seen.by["p.whole"] == ("p.half:1", "p.a:2")


def test_an_interpreter_that_is_none():
    with pytest.raises(UsageError, match="is not an interpreter"):
        observe(MemoryTree({}), {}, Path("no/such/python"), [])


def test_a_plain_folder_is_read_and_the_root_says_which_package(tmp_path, monkeypatch):
    files = {"pkg/__init__.py": "import pkg.b", "pkg/b.py": ""}
    files |= {f"docs_src/x{number}.py": "" for number in range(5)}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / ".cache"))
    arguments = ["analyze", str(tmp_path), "--root", "pkg", "--json", "--quiet"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["cascade"]["modules"] == ["pkg", "pkg.b"]
