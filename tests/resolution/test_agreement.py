"""Two trees agree on where each name leads, or the place is told; harmless changes are not."""

import pytest

from extractor.resolution import Modules, Moved, differences
from extractor.resolution.import_order import circle_of, import_fails

SHOP = {
    "shop/__init__.py": "",
    "shop/till.py": "import os\n\nLIMIT = 1\n\n\ndef now():\n    return os.sep\n\n\n"
    "def receipt():\n    return now(), LIMIT\n",
    "shop/clock.py": "",
    "use.py": "from shop import till\n\n\ndef f():\n    return till.receipt()\n",
}


def modules_of(files):
    names = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path
        for path in files
        if path.endswith(".py")
    }
    return Modules(names, lambda path: files[path].encode(), [*files])


def told(more, changes, moved=None, **options):
    """What differs between the shop with ``more`` and that with ``changes`` (None: not there)."""
    old = {**SHOP, **more}
    new = {path: text for path, text in {**old, **changes}.items() if text is not None}
    trees = modules_of(old), modules_of(new)
    found = differences(*trees, moved or Moved(), set(trees[0].paths), **options)
    return [(one.path, one.line) for one in found if one.certain]


def test_no_change():
    assert told({}, {}) == []


HARMLESS = {
    "another import of the same": {
        "use.py": "import shop.till as t\n\n\ndef f():\n    return t.receipt()\n"
    },
    "an import in the function": {
        "use.py": "def f():\n    from shop.till import receipt\n    return receipt()\n"
    },
    "a new import": {"use.py": "import os\n" + SHOP["use.py"]},
    "a new module": {"shop/new.py": "from shop import till\ntill.LIMIT\n"},
    "another order": {
        "shop/till.py": "LIMIT = 1\n" + SHOP["shop/till.py"].replace("LIMIT = 1", "")
    },
}


@pytest.mark.parametrize("changes", HARMLESS.values(), ids=HARMLESS)
def test_harmless(changes):
    assert told({}, changes) == []


BROKEN = {
    "a name that is gone": (
        {"shop/till.py": SHOP["shop/till.py"].replace("def receipt", "def bill")},
        ("use.py", 5),
    ),
    "a module that is not there": (
        {"use.py": SHOP["use.py"].replace("from shop", "from shop.parts")},
        ("use.py", 1),
    ),
    "another definition of the name": (
        {
            "shop/clock.py": "def receipt():\n    pass\n",
            "use.py": SHOP["use.py"].replace("import till", "import clock as till"),
        },
        ("use.py", 5),
    ),
    "hidden by a local name": (
        {"use.py": SHOP["use.py"].replace("def f():", "def f(till=1):")},
        ("use.py", 5),
    ),
    "a file that does not parse": ({"use.py": "def f(:\n"}, ("use.py", 1)),
    "a circle": (
        {
            "shop/clock.py": "from shop.till import LIMIT\nX = LIMIT\n",
            "shop/till.py": "from shop.clock import X\n" + SHOP["shop/till.py"],
        },
        ("shop/clock.py", 1),
    ),
}


@pytest.mark.parametrize(("changes", "place"), BROKEN.values(), ids=BROKEN)
def test_broken(changes, place):
    assert place in told({}, changes)


def test_a_circle_that_breaks_nothing():
    late = "from shop import till\n\n\ndef f():\n    return till.LIMIT\n"
    first = "from shop import clock\n" + SHOP["shop/till.py"]
    assert told({}, {"shop/clock.py": late, "shop/till.py": first}) == []


MOVE = Moved(symbols={"shop.till:now": "shop.clock:now"})


def test_a_circle_through_a_package_that_is_there_already():
    files = {
        "shop/parts/__init__.py": "",
        "shop/parts/drawer.py": "from shop import till\n\nSIZE = till.LIMIT\n",
        "shop/till.py": "from shop.parts import drawer\n\nLIMIT = 1\n\n\nclass Till:\n    pass\n",
    }
    trees = modules_of({**SHOP, **files})
    assert import_fails(trees, "shop.till").name == "LIMIT"
    assert import_fails(trees, "shop.parts.drawer") is None
    assert circle_of(trees, "shop.till") == {"shop.till", "shop.parts.drawer"}


TILL = "from shop.clock import now\n\nLIMIT = 1\n\n\ndef receipt():\n    return now(), LIMIT\n"
CLOCK = "import os\n\n\ndef now():\n    return os.sep\n"


def test_a_definition_that_moved():
    assert told({}, {"shop/till.py": TILL, "shop/clock.py": CLOCK}, MOVE) == []


def test_a_definition_that_has_two_owners_or_a_taken_name():
    taken = {"shop/clock.py": "def now():\n    return 7\n"}
    assert ("shop/clock.py", 1) in told(taken, {"shop/till.py": TILL, "shop/clock.py": CLOCK}, MOVE)


PATCH = "from unittest import mock\n\n\n@mock.patch('shop.{}.now')\ndef test(x): ...\n"


def test_what_went_before_is_there_by_right():
    went = {"shop/clock.py": "def now():\n    return 2\n"}
    before = {"shop/till.py": "from shop.clock import now\n"}
    moved = Moved(symbols={"shop.till:now": "shop.clock:now"})
    assert told({**went, **before}, {}, moved) == []


@pytest.mark.parametrize(
    ("package", "places"),
    [
        ("import warnings\n", [("shop/__init__.py", 1)]),
        ("import os as warnings\n", [("shop/__init__.py", 1)]),
        ("def warnings():\n    pass\n", [("shop/__init__.py", 1)]),
        ("from shop.clock import warnings\n", [("shop/__init__.py", 1)]),
        ("from shop import warnings\n", []),
        ("from .warnings import Warn as warnings\n", []),
        ("from .warnings import Warn\nwarnings = Warn\n", []),
        ("import os\n", []),
        ("def f():\n    import warnings\n    return warnings\n", []),
    ],
)
def test_a_new_module_does_not_take_the_place_of_a_name_of_its_package(package, places):
    files = {"shop/__init__.py": "", "shop/clock.py": "warnings = 1\n"}
    changes = {"shop/__init__.py": package, "shop/warnings.py": "class Warn:\n    pass\n"}
    assert told(files, changes) == places


def test_what_led_nowhere_before_may_go_on_to():
    before = {"use.py": "import shop.clock.tick as tick\n"}
    after = {"use.py": "from stall.clock import tick\n"}
    names = {"shop/__init__.py": "stall/__init__.py", "shop/till.py": "stall/till.py"}
    names["shop/clock.py"] = "stall/clock.py"
    gone = dict.fromkeys(names) | {new: SHOP[old] for old, new in names.items()}
    moved = Moved({"shop": "stall", "shop.till": "stall.till", "shop.clock": "stall.clock"})
    assert told(before, {**gone, **after}, moved) == []
    worse = {"use.py": "from stall.clock import tick, tock\n"}
    assert told(before, {**gone, **worse}, moved) == [("use.py", 1)]


def test_a_module_renamed_to_a_name_of_its_package():
    changes = {"shop/clock.py": None, "shop/tea.py": ""}
    init = {"shop/__init__.py": "import time as tea\n"}
    moved = Moved({"shop.clock": "shop.tea"})
    assert told(init, changes, moved) == [("shop/__init__.py", 1)]
    assert told({}, changes, moved) == []


def test_a_patch_reaches_whom_it_reached():
    moved = {"shop/till.py": TILL, "shop/clock.py": CLOCK}
    tests = {"test_till.py": PATCH.format("till")}
    assert told(tests, moved, MOVE) == []
    missed = {**moved, "test_till.py": PATCH.format("clock")}
    assert ("test_till.py", 4) in told(tests, missed, MOVE)


def test_what_a_package_hands_on_stays():
    package = {"shop/__init__.py": "from shop.till import receipt\n"}
    assert ("shop/__init__.py", 1) in told(package, {"shop/__init__.py": ""})
    listed = {"shop/till.py": SHOP["shop/till.py"] + "__all__ = ['now']\n"}
    gone = (
        listed["shop/till.py"].replace("def now", "def then").replace("return now", "return then")
    )
    assert told(listed, {"shop/till.py": gone}) != []


def test_a_star_two_levels_up():
    stars = {
        "shop/api.py": "from shop.till import *\n",
        "use.py": "from shop.api import receipt\n\n\ndef f():\n    return receipt()\n",
    }
    gone = {"shop/till.py": SHOP["shop/till.py"].replace("def receipt", "def bill")}
    assert ("use.py", 1) in told(stars, gone)


def test_an_attribute_of_a_local_keeps_its_name():
    local = {"use.py": "def f(shop):\n    return shop.till.x\n"}
    assert told(local, {"use.py": "def f(shop):\n    return shop.desk.x\n"}) == [("use.py", 2)]


def test_a_module_that_moved():
    moved = Moved({"shop.till": "shop.desk"})
    files = {
        "shop/till.py": None,
        "shop/desk.py": SHOP["shop/till.py"],
        "use.py": SHOP["use.py"].replace("till", "desk"),
    }
    assert told({}, files, moved) == []
    assert told({}, {**files, "use.py": SHOP["use.py"]}, moved) != []
