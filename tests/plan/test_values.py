"""A plan's strings are checked when it is read: what could become harm is refused with its line."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.errors import UsageError
from extractor.plan.load import load_plan, parse_plan
from extractor.plan.model import PlanData, TextRule, Words
from extractor.plan.values import unsafe_path

GOOD = """\
name = "till"
source_package = "shop"
target_package = "till"

[roots]
packages = ["shop.till"]

[[cut]]
subject = "shop.stock:count_all"
reason = "Counting is the shop's own business."

[[replace]]
subject = "shop.config"
with = "till.config"
names = { Old = "till.other:New" }
reason = "The shop's configuration is not the till's."

[layout.modules]
"shop.till" = "till"

[[layout.files]]
from = "doc/*.rst"
to = "doc/"

[[layout.texts]]
files = "doc/*"
old = "(shop)s?"
new = "\\\\1"

[packaging]
distribution = "till"
requirements = "requirements.txt"
test_requirements = "requirements.txt"
requirement_lines = ["alembic>=0.9.6 # MIT"]

[history]
branch = "main"

[[words]]
pattern = "shop"
reason = "because of it"

[verify]
tests = ["till/tests"]
"""


def complaints(*change):
    with pytest.raises(UsageError) as caught:
        parse_plan(GOOD.replace(*change).encode(), "plan.toml")
    return str(caught.value)


def test_a_good_plan_is_read():
    plan = parse_plan(GOOD.encode(), "plan.toml")
    assert plan.name == "till"
    assert plan.verify.tests == ("till/tests",)


@pytest.mark.parametrize("name", ["nova", "my_till", "till-2.0", "a+b", "Report2"])
def test_names_that_are_names(name):
    assert parse_plan(GOOD.replace('"till"', f'"{name}"', 1).encode(), "p").name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "/mine/.ssh",
        "../out",
        "a/b",
        ".git",
        ".GIT",
        "contracts",
        "Contracts",
        "manifest.json",
        "report",
        "a b",
        "-rf",
        "a\\\\b",
        "new\\nline",
        "nul\\u0000",
        "x" * 300,
        "till.lock",
    ],
)
def test_names_that_are_more_than_a_folder_of_output(name):
    assert complaints('name = "till"', f'name = "{name}"').startswith("plan.toml:1: name: ")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('to = "doc/"', 'to = "/etc/"', "layout.files.0.to"),
        ('to = "doc/"', 'to = "../x"', "layout.files.0.to"),
        ('to = "doc/"', 'to = "a//b"', "layout.files.0.to"),
        ('to = "doc/"', 'to = ".git/hooks/"', "layout.files.0.to"),
        ('to = "doc/"', 'to = "a/.Git/x"', "layout.files.0.to"),
        ('from = "doc/*.rst"', 'from = "../*"', "layout.files.0.from"),
        ('branch = "main"', 'branch = "upstream"', "history.branch"),
        ('branch = "main"', 'branch = "upstream/x"', "history.branch"),
        ('branch = "main"', 'branch = "extracted"', "history.branch"),
        ('branch = "main"', 'branch = "-d"', "history.branch"),
        ('branch = "main"', 'branch = "a..b"', "history.branch"),
        ('branch = "main"', 'branch = "x.lock"', "history.branch"),
        ('branch = "main"', 'branch = "HEAD"', "history.branch"),
        ('branch = "main"', 'not_from = ["/old/*"]', "history.not_from.0"),
        ('branch = "main"', 'not_from = ["../old/*"]', "history.not_from.0"),
        ('branch = "main"', 'not_from = [""]', "history.not_from.0"),
        ('branch = "main"', 'author = "<x>"', "history.author"),
        ('branch = "main"', 'author = "a\\nb"', "history.author"),
        ('"shop.till"]', '"shop/till"]', "roots.packages.0"),
        ('target_package = "till"', 'target_package = "class"', "target_package"),
        ('target_package = "till"', 'target_package = "a..b"', "target_package"),
        ("Old =", '"../x" =', "replace.0.names"),
        ("till.other:New", "a/b", "replace.0.names.Old"),
        ('old = "(shop)s?"', 'old = "(shop"', "layout.texts.0.old"),
        ('new = "\\\\1"', 'new = "\\\\9"', "layout.texts.0.new"),
        ('new = "\\\\1"', 'new = "\\\\g<x>"', "layout.texts.0.new"),
        ('pattern = "shop"', 'pattern = "(?P<"', "words.0.pattern"),
        ('pattern = "shop"', 'pattern = "a{9999999999}"', "words.0.pattern"),
        ('distribution = "till"', 'distribution = "a b"', "packaging.distribution"),
        (
            '\nrequirements = "requirements.txt"',
            '\nrequirements = "/etc/passwd"',
            "packaging.requirements",
        ),
        ("alembic>=0.9.6 # MIT", "-e .", "packaging.requirement_lines.0"),
        ('tests = ["till/tests"]', 'tests = ["../.."]', "verify.tests.0"),
        ('tests = ["till/tests"]', 'python = "new"', "verify.python"),
        ('tests = ["till/tests"]', "tests = 3", "verify.tests"),
        ('tests = ["till/tests"]', "no_such = 3", "verify.no_such: unknown key"),
        ('tests = ["till/tests"]', 'build = ["not a requirement"]', "verify.build.0"),
        (
            'tests = ["till/tests"]',
            "[verify.stores]\ninstances = 0",
            "verify.stores.instances",
        ),
        (
            'tests = ["till/tests"]',
            '[verify.replay]\nsubstitute = [["(a)", "\\\\2"]]',
            "verify.replay.substitute.0",
        ),
        (
            'tests = ["till/tests"]',
            "[verify.stores]\nseconds = inf",
            "verify.stores.seconds",
        ),
    ],
)
def test_what_becomes_something_has_its_type(old, new, where):
    text = GOOD.replace(old, new)
    line = text[: text.index(new) + len(new)].count("\n") + 1
    assert f"plan.toml:{line}: {where}" in complaints(old, new)


def test_a_revision_of_the_database_is_no_path():
    table = '[database]\ntables = ["t"]\nrevision = "../5a7c1e0d9b42"\n'
    assert "database.revision" in complaints("[verify]", f"{table}\n[verify]")


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"x = " + b"[" * 5000,
        b"x = " + b"[" * 5000 + b"]" * 5000,
        b"x = " + b"9" * 5000,
        b"a" + b".a" * 5000 + b" = 1",
        b"x = {" * 3000,
        b"",
        b"name = 1979-05-27",
        b"\x00",
    ],
)
def test_what_is_no_plan_is_said_in_a_sentence(text):
    with pytest.raises(UsageError, match=r"plan\.toml"):
        parse_plan(text, "plan.toml")


_SMALL = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(PlanData.model_fields)), _SMALL)
def test_any_value_of_any_field_is_taken_or_refused(field, value):
    from pydantic import ValidationError

    values = PlanData.model_validate(
        {
            "name": "till",
            "source_package": "shop",
            "target_package": "till",
            "roots": {"packages": ["shop.till"]},
            "layout": {"modules": {"shop.till": "till"}},
            "packaging": {
                "distribution": "till",
                "requirements": "r.txt",
                "test_requirements": "r.txt",
            },
        }
    ).model_dump(by_alias=True)
    values[field] = value
    try:
        PlanData.model_validate(values)
    except ValidationError as error:
        assert error.errors()


@given(st.text(max_size=60))
def test_a_safe_path_never_leaves_its_folder(text):
    from pathlib import PurePosixPath

    if unsafe_path(text) is None:
        path = PurePosixPath("/output") / text
        assert path.is_relative_to("/output") and ".." not in path.parts
        assert ".git" not in [part.lower() for part in path.parts]
        assert "\0" not in text and "\n" not in text


def test_a_pattern_that_runs_on_is_stopped_and_named(monkeypatch):
    from extractor import patterns

    monkeypatch.setattr(patterns, "SECONDS", 0.2)
    monkeypatch.setattr(patterns, "_KNOWN", {})
    slow = Words(pattern="(a+)+$", reason="because of it")
    with pytest.raises(UsageError, match=r"\(a\+\)\+\$"):
        slow.explains("x", "a" * 60 + "!")
    rule = TextRule(files="*", old="(a|a)+b", new="")
    with pytest.raises(UsageError, match="takes more than"):
        rule.applied("x", b"a" * 60)


def test_a_pattern_that_is_fast_has_time_for_every_file():
    rule = TextRule(files="*", old="(shop)s", new="\\1")
    assert all(rule.applied("x", b"two shops") == b"two shop" for _ in range(5000))


@pytest.mark.parametrize("kind", ["fifo", "link", "folder link", "line break", "socket"])
def test_a_plans_folder_holds_files_only(tmp_path, kind):
    import os
    import socket

    (tmp_path / "plan.toml").write_text(GOOD)
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "fine.py").write_text("")
    assert load_plan(str(tmp_path)).overlay == {"fine.py": b""}
    match kind:
        case "fifo":
            os.mkfifo(overlay / "pipe")
        case "link":
            (overlay / "passwd").symlink_to("/etc/passwd")
        case "folder link":
            (overlay / "etc").symlink_to("/etc")
        case "line break":
            (overlay / "a\nb").write_text("")
        case "socket":
            with socket.socket(socket.AF_UNIX) as one:
                try:
                    one.bind(str(overlay / "s"))
                except OSError:
                    pytest.skip("the path is too long for a socket")
    with pytest.raises(UsageError, match=r"is a link|is not a file|control character"):
        load_plan(str(tmp_path))
