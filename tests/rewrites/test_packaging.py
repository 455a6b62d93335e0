import pytest

from extractor.analysis.resolver import modules_of
from extractor.errors import UsageError
from extractor.project.facts import project_of
from extractor.rewrites.packaging import Known, entry_points, extras, fill_template, requirements_of
from extractor.source.tree import MemoryTree

LINES = b"""\
# comment
oslo.config>=5.1.0 # Apache-2.0
PyYAML>=3.10 # MIT
SQLAlchemy!=1.1.5,>=1.0.10 # MIT
mock>=2.0.0 # BSD
unused>=1
  osprofiler>=1.4.0 # Apache-2.0
"""
FILES = {
    "small/app.py": (
        "import os\nimport yaml\nfrom oslo_config import cfg\nfrom small import x\n"
        "from oslo_utils import importutils\nprofiler = importutils.try_import('osprofiler.opts')\n"
        "def f():\n    import sqlalchemy\n"
    ),
    "small/tests/test_app.py": "import mock\nimport yaml\nimport unpinned\n",
    "other/x.py": "import unused\n",
}


def wanted(files=FILES, **source):
    tree = MemoryTree({p: t.encode() for p, t in files.items()})
    there = {"requirements.txt": LINES} | {p: t.encode() for p, t in source.items()}
    source = project_of(MemoryTree(there))
    return requirements_of(
        tree,
        modules_of(tree, ["small"]),
        Known({"yaml": "PyYAML", "oslo_utils": "oslo.utils"}, source),
        runtime=["pbr"],
        test=[],
        in_tests=lambda module: ".tests." in module,
    )


def test_exactly_what_is_imported_with_the_lines_of_the_source():
    assert wanted().runtime.decode() == (
        "oslo.config>=5.1.0 # Apache-2.0\noslo.utils\npbr\n"
        "PyYAML>=3.10 # MIT\nSQLAlchemy!=1.1.5,>=1.0.10 # MIT\n"
    )
    # What nothing says the distribution of is asked for, not written.
    assert wanted().test.decode() == "mock>=2.0.0 # BSD\n"


def test_what_is_only_tried_is_optional():
    assert wanted().optional == {"osprofiler": ("osprofiler>=1.4.0 # Apache-2.0",)}
    assert "osprofiler>=1.4.0" in extras(wanted().optional)
    assert extras({}) == ""


def test_what_nothing_pins_is_reported():
    assert {f.message.split(" ")[0] for f in wanted().findings} == {"oslo_utils", "unpinned"}


def test_entry_points_that_are_there():
    groups = {"console": {"a": "m:f", "b": "m:gone"}, "none": {"c": "x:y"}}
    assert entry_points(groups, {"m:f"}) == "console =\n    a = m:f\n"


def test_templates():
    assert fill_template(b"${a} $$HOME", {"a": "1"}) == b"1 $HOME\n"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        pytest.param(b"${other}", r"no \$\{other\} to put in: there are a", id="an unknown name"),
        pytest.param(b"5 $ ", r"line 1, col 3: a dollar by itself is written \$\$", id="a dollar"),
    ],
)
def test_a_wrong_template_is_the_users_to_mend(template, said):
    with pytest.raises(UsageError, match=said):
        fill_template(template, {"a": "1"})


def test_what_is_optional_in_the_source_is_no_requirement():
    text = "try:\n    import {} as json\nexcept ImportError:\n    import json\n"
    found = wanted({"small/app.py": text.format("simplejson")})
    assert (found.runtime, found.findings) == (b"pbr\n", ())
    assert b"mock" in wanted({"small/app.py": text.format("mock")}).runtime
    found = wanted({"small/app.py": "import simplejson\n"})
    assert "nothing pins it" in found.findings[0].message


def test_a_package_of_the_source_is_no_distribution():
    found = wanted(
        {"small/app.py": "import bigtools\n"}, **{"bigtools/__init__.py": "", "big.py": ""}
    )
    assert found.runtime == b"pbr\n"
    assert "a package of the source itself" in found.findings[0].message


def test_the_distribution_is_what_the_source_or_a_known_list_says():
    files = {"small/app.py": "import attr\nfrom google.cloud import storage\nimport dateutil\n"}
    source = {"requirements.txt": "google-cloud-storage>=2\npython-dateutil<3\n"}
    assert wanted(files, **source).runtime.decode() == (
        "attrs\ngoogle-cloud-storage>=2\npbr\npython-dateutil<3\n"
    )
    assert "google" in {f.message.split()[0] for f in wanted(files).findings}
    assert b"google" not in wanted(files).runtime


def test_the_top_of_a_namespace_is_no_distribution():
    files = {"small/app.py": "from oslo.config import cfg\nfrom oslo.unheard import of\n"}
    found = wanted(
        files, **{"setup.cfg": "[entry_points]\n", "requirements.txt": "oslo.config>=1\n"}
    )
    assert found.runtime.decode().splitlines()[0].startswith("oslo.config>=")
    assert b"\noslo\n" not in b"\n" + found.runtime
    assert [f.message for f in found.findings] == [
        "oslo of small/app.py is imported, but nothing pins it"
    ]
