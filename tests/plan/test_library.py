"""A replacement by itself keeps the old package as a library of the result."""

import pytest

from extractor.errors import UsageError
from extractor.pipeline import analyse, rewrite
from extractor.plan.load import load_plan
from extractor.recording import remaining_words
from extractor.source.tree import MemoryTree
from extractor.verification.run import run_checks

FILES = {
    "big/__init__.py": "",
    "big/base.py": (
        "from big import deep\n\n\ndef run():\n    return deep\n\n\ndef other():\n    pass\n"
    ),
    "big/deep.py": "X = 1\n",
    "big/tools/__init__.py": "",
    "big/tools/text.py": "def wrap(): pass\n",
    "big/sub/__init__.py": "",
    "big/sub/app.py": (
        "from .. import base\nfrom big.tools import text\nimport big.tools.text\n\n\n"
        "def f():\n    return base.run(), text.wrap(), big.tools.text.wrap()\n"
    ),
    "requirements.txt": "six\n",
}
PLAN = """
name = "small"
source_package = "big"
target_package = "small"
[roots]
packages = ["big.sub"]
[[replace]]
subject = "big.base"
with = "big.base"
reason = "It stays one library for both."
[[replace]]
subject = "big.tools"
with = "big.tools"
reason = "It stays one library for both."
[layout.modules]
"big.sub" = "small"
[packaging]
distribution = "small"
requirements = "requirements.txt"
test_requirements = "requirements.txt"
"""
NAMED = '[packaging.distributions]\nbig = "big-dist"\n'


def lifted(folder, plan, app=FILES["big/sub/app.py"]):
    tree = MemoryTree({p: t.encode() for p, t in {**FILES, "big/sub/app.py": app}.items()})
    (folder / "plan").mkdir()
    (folder / "plan/plan.toml").write_text(plan)
    loaded = load_plan(f"{folder / 'plan'}/")
    return loaded, rewrite(tree, analyse(tree, loaded))


def broken(folder, plan, extraction):
    for path, content in extraction.files.items():
        (folder / "small" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "small" / path).write_bytes(content)
    results = run_checks(folder / "small", plan, ["imports", "packaging", "words"])
    return [finding for result in results for finding in result.findings]


def test_what_is_kept_is_imported_as_before_and_required(tmp_path):
    plan, made = lifted(tmp_path, PLAN + NAMED)
    assert made.files["small/app.py"].decode() == (
        "from big import base\nfrom big.tools import text\nimport big.tools.text\n\n\n"
        "def f():\n    return base.run(), text.wrap(), big.tools.text.wrap()\n"
    )
    assert "small/base.py" not in made.files
    assert made.files["requirements.txt"] == b"big-dist\n"
    assert [finding for step in made.steps for _, finding in step.findings] == []
    assert {word.reason for word in remaining_words(made)} <= {
        "big.base is kept as a library",
        "big.tools is kept as a library",
        "the library is required",
    }
    assert broken(tmp_path, plan, made) == []


def test_the_version_is_the_plans_to_say(tmp_path):
    lines = 'requirement_lines = ["big-dist>=3"]\n'
    _plan, made = lifted(tmp_path, PLAN + lines + NAMED)
    assert made.files["requirements.txt"] == b"big-dist>=3\n"


def test_what_is_not_kept_is_found_as_ever(tmp_path):
    app = "from big import base\n\n\ndef f():\n    base.run()\n    return 'big.deep'\n"
    plan, made = lifted(tmp_path, PLAN + NAMED, app)
    assert any("'big.deep' names big" in finding for finding in broken(tmp_path, plan, made))


def test_one_symbol_may_be_kept(tmp_path):
    one = PLAN.replace('"big.base"', '"big.base:run"')
    app = "from big.base import run\n\n\ndef f():\n    return run()\n"
    plan, made = lifted(tmp_path, one + NAMED, app)
    assert made.files["small/app.py"] == app.encode()
    assert "small/base.py" not in made.files
    assert broken(tmp_path, plan, made) == []


def test_which_distribution_it_is_must_be_said(tmp_path):
    with pytest.raises(UsageError, match=r"name its distribution under \[packaging.distr"):
        lifted(tmp_path, PLAN)
