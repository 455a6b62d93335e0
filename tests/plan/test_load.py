import json

import pydantic
import pytest
from packaging.version import Version

from extractor.errors import UsageError
from extractor.plan.load import PLANS, line_of, load_plan, parse_plan, plan_folder

GOOD = """\
name = "x"
source_package = "big"
target_package = "small"

[roots]
packages = ["big.sub"]

[layout.modules]
"big.sub" = "small"

[packaging]
distribution = "small"
requirements = "requirements.txt"
test_requirements = "test-requirements.txt"
"""


def test_a_small_plan_is_enough():
    plan = parse_plan(GOOD.encode(), "plan.toml")
    assert plan.decisions() == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(("name =", "nmae ="), "plan.toml:1: nmae: unknown key", id="unknown key"),
        pytest.param(
            ("packages =", "pakages ="), "plan.toml:6: roots.pakages: unknown key", id="in"
        ),
        pytest.param(('["big.sub"]', "[]"), "plan.toml:6: roots.packages", id="no roots"),
        pytest.param(('"big.sub" =', '"big.sub" = 1 #'), "plan.toml:9", id="wrong type"),
        pytest.param(("[roots]", "[roots"), "plan.toml: ", id="not TOML"),
    ],
)
def test_errors_name_file_and_line(change, message):
    with pytest.raises(UsageError) as caught:
        parse_plan(GOOD.replace(*change).encode(), "plan.toml")
    assert message in str(caught.value)


def test_errors_in_a_list_of_tables_name_the_right_one():
    text = (
        GOOD + '\n[[cut]]\nsubject = "a:b"\nreason = "long enough"\n\n[[cut]]\nsubject = "no way"\n'
    )
    with pytest.raises(UsageError) as caught:
        parse_plan(text.encode(), "plan.toml")
    bad = text.splitlines().index('subject = "no way"') + 1
    assert f"plan.toml:{bad}: cut.1.subject" in str(caught.value)
    assert "cut.1.reason" in str(caught.value)


def test_line_of_falls_back_to_the_header():
    assert line_of(GOOD, ("roots", "tests")) == 5
    assert line_of(GOOD, ("nothing",)) == 1


def test_unknown_plan_says_which_there_are():
    with pytest.raises(UsageError, match="placement"):
        load_plan("no-such-plan")


def test_a_folder_here_never_stands_for_a_plan_that_is_known(tmp_path, monkeypatch):
    name = sorted(PLANS.glob("*/plan.toml"))[0].parent.name
    for folder in (name, "mine"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "plan.toml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    assert plan_folder(name) == PLANS / name
    assert plan_folder(f"./{name}").resolve() == tmp_path / name
    assert plan_folder("mine").resolve() == tmp_path / "mine"


def test_every_plan_that_ships_loads_and_keeps_its_decisions_few():
    for folder in sorted(p.parent for p in PLANS.glob("*/plan.toml")):
        plan = load_plan(folder.name)
        assert len(plan.data.decisions()) <= 15
        assert len(plan.digest) == 64


def test_the_schema_for_editors_is_the_models():
    from pathlib import Path

    from extractor.plan.model import json_schema

    schema = Path(__file__).parents[2] / "docs" / "plan.schema.json"
    if Version(pydantic.VERSION) >= Version("2.13"):
        assert schema.read_text("utf-8") == json_schema(), "run python -m extractor.plan.model"
    # Older releases leave some descriptions out, and wrap a reference that has a default.
    assert bare(json.loads(schema.read_text("utf-8"))) == bare(json.loads(json_schema()))


def bare(value):
    """A schema without its descriptions, and with references that stand by themselves."""
    if isinstance(value, list):
        return [bare(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value.get("allOf", ())) == 1:
        value = {key: one for key, one in value.items() if key != "allOf"} | value["allOf"][0]
    return {
        key: bare(one)
        for key, one in value.items()
        if key != "description" or not isinstance(one, str)
    }


def test_a_plan_of_another_distribution_is_called_by_its_name(tmp_path, monkeypatch):
    package = tmp_path / "till_plans" / "till"
    package.mkdir(parents=True)
    (package / "plan.toml").write_bytes((PLANS / "placement" / "plan.toml").read_bytes())
    about = tmp_path / "till_plans-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: till-plans\nVersion: 1\n")
    (about / "entry_points.txt").write_text(
        "[extractor.plans]\ntill = till_plans.till\nbroken = nowhere.till\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_plan("till").folder == package
    with pytest.raises(UsageError, match=r"or one of: .*till$"):
        load_plan("broken")
