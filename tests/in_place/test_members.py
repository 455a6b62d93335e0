"""A method or attribute is renamed where types say that it is meant, and told where none does."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from extractor.cli import cli
from extractor.errors import ExitCode

TILL = '''\
class Base:
    def close(self):
        return "base"


class Till(Base):
    """A till; see shop.till.Till.sell."""

    sells = 0

    def __init__(self):
        self.count = 0

    def sell(self):
        self.count += 1
        return self.count

    alias = sell

    @property
    def price(self):
        return self.count

    @price.setter
    def price(self, value):
        self.count = value


class Other:
    def sell(self):
        return "other"

    count = "other"
'''
DESK = """\
from shop.till import Other, Till


class Dear(Till):
    def sell(self):
        return super().sell() * 2


def sell(count):
    return count


def run(till: Till, other: Other, unknown):
    till.price = 5
    return till.sell(), other.sell(), sell(count=3), Dear().sell(), getattr(till, "sell")()


print(run(Till(), Other(), None), Till().alias(), Other.count, Dear().count)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    files = {"shop/__init__.py": "", "shop/till.py": TILL, "shop/desk.py": DESK}
    for name, text in {**files, "guide.md": "Call `shop.till.Till.sell`.\n"}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rename(old, new):
    words = ["rewrite", "rename_references", ".", "--symbol", f"{old}={new}", "--write"]
    return CliRunner().invoke(cli, words, standalone_mode=False)


def said():
    words = [sys.executable, "-B", "-m", "shop.desk"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_method_its_overrides_and_what_names_it(project):
    before = said()
    assert before.startswith("(6,")
    result = rename("shop.till:Till.sell", "shop.till:Till.vend")
    assert result.return_value == ExitCode.DONE, result.output
    assert said() == before
    desk = (project / "shop/desk.py").read_text()
    assert "super().vend()" in desk and 'getattr(till, "vend")' in desk and "Dear().vend()" in desk
    assert "other.sell(), sell(count=3)" in desk
    till = (project / "shop/till.py").read_text()
    assert "alias = vend" in till and "see shop.till.Till.vend" in till and "sells = 0" in till
    assert (project / "guide.md").read_text() == "Call `shop.till.Till.vend`.\n"


@pytest.mark.parametrize("name", ["count", "price"])
def test_an_attribute_and_a_property(project, name):
    before = said()
    result = rename(f"shop.till:Till.{name}", "shop.till:Till.new")
    assert result.return_value == ExitCode.DONE, result.output
    assert said() == before
    till = (project / "shop/till.py").read_text()
    assert f"self.{name}" not in till and f"def {name}(" not in till
    assert 'count = "other"' in till


def test_a_static_method_has_no_self(project):
    more = (
        "\n\nclass Far(Till):\n    @staticmethod\n    def f(x: Other):\n        return x.sell()\n"
    )
    (project / "shop/desk.py").write_text(DESK + more)
    assert rename("shop.till:Till.sell", "shop.till:Till.vend").return_value == ExitCode.DONE
    assert "return x.sell()" in (project / "shop/desk.py").read_text()


def test_what_no_type_tells_is_told(project):
    more = "\n\ndef g(unknown):\n    return unknown.sell()\n"
    (project / "shop/desk.py").write_text(DESK + more)
    result = rename("shop.till:Till.sell", "shop.till:Till.vend")
    assert result.return_value == ExitCode.DONE
    assert "shop/desk.py:22: sell of something whose type is unknown" in result.output
    assert "unknown.sell()" in (project / "shop/desk.py").read_text()


REFUSED = {
    "it overrides": ("shop.till:Dear2.sell", "shop.till:Dear2.vend", ExitCode.DID_NOT_HOLD),
    "taken": ("shop.till:Till.sell", "shop.till:Till.count", ExitCode.DID_NOT_HOLD),
    "taken above": ("shop.till:Till.sell", "shop.till:Till.close", ExitCode.DID_NOT_HOLD),
    "not there": ("shop.till:Till.sel", "shop.till:Till.vend", ExitCode.USAGE),
    "no class": ("shop.till:Tll.sell", "shop.till:Tll.vend", ExitCode.USAGE),
    "no module": ("shop.tll:Till.sell", "shop.tll:Till.vend", ExitCode.USAGE),
    "no name": ("shop.till:Till.sell", "shop.till:Till.del", ExitCode.USAGE),
    "another class": ("shop.till:Till.sell", "shop.till:Other.vend", ExitCode.USAGE),
}


@pytest.mark.parametrize(("old", "new", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(project, old, new, code):
    more = "\n\nclass Dear2(Till):\n    def sell(self):\n        return 1\n"
    (project / "shop/till.py").write_text(TILL + more)
    error = rename(old, new).exception
    assert error is not None and error.exit_code == code
    assert (project / "shop/till.py").read_text() == TILL + more
