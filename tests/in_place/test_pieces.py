"""Names that code puts together when it runs are told where no rewrite can follow them."""

import pytest

from extractor.in_place.attempt import attempt
from extractor.rewrites import load
from extractor.rewrites.parts.renames import Renames

MODULE = Renames(modules={"shop.probes": "shop.checks"}, move_files=True)
SYMBOL = Renames(symbols={"shop.till:sell": "shop.till:vend"})
CASES = [
    ("FOLDER = Path(__file__).parents[1] / 'shop' / 'probes'", "'probes' in a path"),
    ("HERE = dirname(__file__)\nFOLDER = join(HERE, 'probes')", "'probes' in a path"),
    ("FOLDER = conftest.ROOT / 'probes'", None),
    ("FOLDER = ROOT / 'probes'", "'probes' in a path"),
    ("def f(tmp): return tmp / 'probes'", None),
    ("BASE = 'shop'\nNAME = f'{BASE}.probes.one'", "'shop.probes.one' is put together"),
    ("MOD = 'shop.probes'\nNAME = f'{MOD}.one'", None),
    ("NAME = 'shop.{}.one'.format('probes')", "'shop.probes.one' is put together"),
    ("NAME = '%s.probes' % package", "'{}.probes' is put together"),
    ("NAME = '.'.join(['shop', 'probes'])", "'shop.probes' is put together"),
    ("NAMES = ['probes']\nALL = [import_module('shop.' + n) for n in NAMES]", "'shop.{}' is put"),
    ("NAMES = ['others']\nALL = [import_module('shop.' + n) for n in NAMES]", None),
    ("TEXT = f'{count} probes.'", None),
    ("NAME = a + '/probes/' + b", None),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "shop/probes").mkdir(parents=True)
    for name in ("shop/__init__.py", "shop/probes/__init__.py", "shop/probes/one.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "shop/till.py").write_text("def sell(): pass\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(folder, settings):
    found = attempt(load("rename_references"), settings, [folder])
    return [(note.line, note.message) for note in (*found.findings, *found.broken)]


@pytest.mark.parametrize("code, message", CASES)
def test_a_module_by_pieces(folder, code, message):
    (folder / "use.py").write_text(f"{code}\n")
    found = [one for one in told(folder, MODULE) if "undefined name" not in one[1]]
    assert len(found) == (message is not None)
    assert not message or (found[0][0] == code.count("\n") + 1 and message in found[0][1])


def test_a_table_of_what_is_loaded_on_demand(folder):
    lazy = "import importlib\n_LAZY = {'one': '.probes', 'two': '.till'}\n\n\n"
    lazy += "def __getattr__(name):\n    return importlib.import_module(_LAZY[name], __name__)\n"
    (folder / "shop/__init__.py").write_text(lazy)
    assert (2, "'.probes' may name shop.probes") in told(folder, MODULE)


@pytest.mark.parametrize(
    "code", ["vars(till)['sell']", "till.__dict__['sell']", "globals().get('sell')"]
)
def test_a_symbol_that_is_looked_up(folder, code):
    (folder / "use.py").write_text(f"from shop import till\n\nX = {code}\n")
    message = "'sell' is looked up when this runs: check if it is shop.till:sell"
    assert told(folder, SYMBOL) == [(3, message)]
    (folder / "use.py").write_text(f"from shop import till\n\nX = {code}\n".replace("sell", "s"))
    assert told(folder, SYMBOL) == []


def test_a_module_that_asks_where_it_is(folder):
    (folder / "shop/till.py").write_text("# __file__\nHERE = __file__\n")
    move = Renames(modules={"shop.till": "shop.probes.till"}, move_files=True)
    lines = [line for line, message in told(folder, move) if "__file__ is another" in message]
    assert lines == [2]
    same = Renames(modules={"shop.till": "shop.desk"}, move_files=True)
    assert told(folder, same) == []
