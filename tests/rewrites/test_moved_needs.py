"""Every form of what a moved function may need, moved to each kind of place, and run.

``use.py`` prints what the program does; it must print the same afterwards, and every module must
import in a process of its own, or the move is refused with the place and the reason.
"""

import subprocess
import sys
from textwrap import dedent

import pytest

from extractor.errors import DidNotHold
from tests.rewrites.test_move_definitions import Shop

LOW = "Y = 7\nZ = 8\n\n\nclass Low:\n    made = 0\n\n\ndef low(x):\n    return x\n"
USE = "from shop.till import f\n\nprint(f())\n"
# What the old module is, and, where it differs, the program; refused where it says so.
FORMS = {
    "nothing": "def f():\n    return 1\n",
    "import": "import json\n\n\ndef f():\n    return json.dumps(1)\n",
    "import of a submodule": "import os\nimport os.path\n\n\ndef f():\n    return os.path.sep\n",
    "import as": "import json as j\n\n\ndef f():\n    return j.dumps(1)\n",
    "from import": "from json import dumps, loads\n\n\ndef f():\n    return dumps(1)\n",
    "from import as": "from json import dumps as d\n\n\ndef f():\n    return d(1)\n",
    "several on a line": (
        "import re, json; import os\n\n\ndef f():\n    return json.dumps(os.sep)\n"
    ),
    "relative module": "from . import low\n\n\ndef f():\n    return low.Y\n",
    "relative name": "from .low import Z\n\n\ndef f():\n    return Z\n",
    "absolute submodule": "import shop.low\n\n\ndef f():\n    return shop.low.Y\n",
    "star": "from .low import *\n\n\ndef f():\n    return Y\n",
    "import in the function": "def f():\n    from .low import Y\n\n    return Y\n",
    "try": """
        try:
            import ujson as json
        except ImportError:
            import json


        def f():
            return json.dumps(7)
        """,
    "try with a flag": """
        try:
            import json
            HAS = True
        except ImportError:
            HAS = False


        def f():
            return HAS and json.dumps(1)
        """,
    "try with a definition": """
        try:
            from ujson import dumps
        except ImportError:
            def dumps(x):
                return str(x)


        def f():
            return dumps(7)
        """,
    "version": """
        import sys

        if sys.version_info > (3, 99):
            import nonexistent as L
        else:
            import json as L


        def f():
            return L.dumps(7)
        """,
    "suppress": """
        import contextlib

        ujson = None
        with contextlib.suppress(ImportError):
            import ujson


        def f():
            return ujson
        """,
    "for the type checker": """
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from decimal import Decimal, Context


        def f(x: "Decimal" = None) -> "list[Decimal]":
            return x
        """,
    "for the type checker, by the future import": """
        from __future__ import annotations

        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from decimal import Decimal


        def f(x: Decimal = None) -> Later:
            return x


        class Later:
            pass
        """,
    "a type": "class T:\n    pass\n\n\ndef f(x: T = None) -> 'T':\n    return x\n\n\nT()\n",
    "type comment": (
        "from .low import Low\n\n\ndef f(x=1):\n    # type: (Low) -> Low\n    return x\n"
    ),
    "type variable": """
        from typing import TypeVar, cast

        T = TypeVar("T", bound="Bound")


        class Bound:
            pass


        def f(x: T = None) -> T:
            return cast("Bound", x)
        """,
    "constant": "RATE = 3\n\n\ndef f():\n    return RATE\n\n\ndef g():\n    return RATE\n",
    "private constant": "_RATE = 3\n\n\ndef f():\n    return _RATE\n",
    "private chain": "_A = 3\n\n\ndef _b():\n    return _A\n\n\ndef f():\n    return _b()\n",
    "shared helper": (
        "def _b():\n    return 2\n\n\ndef f():\n    return _b()\n\n\ndef g():\n    _b()\n"
    ),
    "public helper": "def b():\n    return 2\n\n\ndef f():\n    return b()\n",
    "default value": "RATE = 3\n\n\ndef f(x=RATE, *, y=RATE):\n    return x, y\n",
    "decorator": "def deco(x):\n    return x\n\n\n@deco\ndef f():\n    return 1\n",
    "cached": "import functools\n\n\n@functools.cache\ndef f():\n    return 3\n",
    "logger": """
        import logging

        LOG = logging.getLogger(__name__)


        def f():
            LOG.debug("x")
            return 1


        def g():
            LOG.debug("y")
        """,
    "alias": (
        "from . import low\n\nL = low.Low\n\n\n"
        "def f():\n    return L.made\n\n\ndef g():\n    return L\n"
    ),
    "attribute set on it": "def f():\n    return f.calls\n\n\nf.calls = 3\n",
    "registered by a later statement": "def f():\n    return 1\n\n\nREG = []\nREG.append(f)\n",
    "doctest": (
        "import json\n\n\n"
        "def f():\n    '''\n    >>> json.dumps(f())\n    '1'\n    '''\n    return 1\n"
    ),
    "local names of the same spelling": """
        def box():
            pass


        def row():
            pass


        def f(box=1):
            return [row for row in (box,)]
        """,
    "f-string": (
        "RATE = 3\n\n\ndef f():\n    return f'{RATE:>{RATE}}'\n\n\ndef g():\n    return RATE\n"
    ),
    "overloads": """
        from typing import overload


        @overload
        def f(x: int) -> int: ...
        @overload
        def f(x: str) -> str: ...
        def f(x=1):
            return x
        """,
    "condition": """
        import sys

        if sys.platform == "nowhere":
            def f():
                return 0
        else:
            def f():
                return 1
        """,
    "class with its own name": """
        class f:
            made = []

            def __new__(cls):
                f.made.append(1)
                return len(f.made)
        """,
    "nested functions": """
        N = 1


        def f():
            def inner(n=N):
                return [N + n for _ in (1,)]

            return inner(), (lambda: N)()
        """,
}
PROGRAMS = {
    "counter": (
        (
            "N = 0\n\n\n"
            "def f():\n    global N\n    N += 1\n    return N\n\n\ndef read():\n    return N\n"
        ),
        "from shop.till import f, read\n\nf()\nf()\nprint(read())\n",
    ),
    "two globals": (
        """
        A = B = 0


        def f():
            global A, B
            A, B = A + 1, B + 2
            return A


        def read():
            return A, B
        """,
        "from shop import till\n\ntill.f()\nprint(till.read())\n",
    ),
    "private counter": (
        "_n = 0\n\n\ndef f():\n    global _n\n    _n += 1\n    return _n\n",
        "from shop.till import f\n\nf()\nprint(f())\n",
    ),
    "flag set outside": (
        "FLAG = False\n\n\ndef f():\n    return FLAG\n\n\ndef g():\n    return FLAG\n",
        "from shop import till\nfrom shop.till import f\n\ntill.FLAG = True\nprint(f())\n",
    ),
    "flag in an f-string": (
        "FLAG = False\n\n\ndef f():\n    return f'{FLAG}'\n\n\ndef g():\n    return FLAG\n",
        "from shop import till\nfrom shop.till import f\n\ntill.FLAG = True\nprint(f())\n",
    ),
    "flag set by a function": (
        "F = 0\n\n\ndef on():\n    global F\n    F = 1\n\n\ndef f():\n    on()\n    return F\n",
        USE,
    ),
    "patched": (
        "import time\n\n\ndef f():\n    return time.time()\n\n\ndef g():\n    return f()\n",
        """
        from unittest import mock
        from shop import till

        with mock.patch("shop.till.f", return_value=3):
            print(till.g())
        with mock.patch.object(till, "f", return_value=4):
            print(till.g())
        """,
    ),
    "patched need": (
        "import time\n\n\ndef f():\n    return time.time()\n",
        """
        from unittest import mock
        from shop import till

        with mock.patch("shop.till.time") as time:
            time.time.return_value = 3
            print(till.f())
        """,
    ),
    "patched helper": (
        "def now():\n    return 1\n\n\ndef f():\n    return now()\n",
        """
        from unittest import mock
        from shop import till

        with mock.patch("shop.till.now", return_value=3):
            print(till.f())
        """,
    ),
    "the old module uses it": (
        "RATES = {1: 2}\n\n\ndef f(x=1):\n    return RATES[x]\n\n\ndef g():\n    return f(1)\n",
        "from shop import till\n\nprint(till.g(), till.f())\n",
    ),
    "both ways": (
        "def f(x=1):\n    return x and g(0)\n\n\ndef g(x=1):\n    return x and f(0)\n",
        "from shop import till\n\nprint(till.g(), till.f())\n",
    ),
    "one line": (
        "R = 1\n\n\ndef f(): return R\n\n\ndef g(): return f()\n",
        "from shop import till\n\nprint(till.g(), till.f())\n",
    ),
    "called when the old module is imported": (
        "R = 1\n\n\ndef f(x=1): return R\n\n\nX = f()\n",
        "from shop import till\n\nprint(till.X, till.f())\n",
    ),
    "registered functions": (
        """
        import functools


        @functools.singledispatch
        def f(x=None):
            return "any"


        @f.register(int)
        def _(x):
            return "int"


        @f.register
        def of_str(x: str):
            return "str"
        """,
        "from shop.till import f\n\nprint(f(1), f(''), f(None))\n",
    ),
    "list of names": (
        "__all__ = ['f', 'g']\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n",
        "from shop.till import *\n\nprint(f(), g())\n",
    ),
    "handed on": (
        "def f():\n    return 1\n\n\ndef g():\n    return 2\n",
        "import shop.hands\n\nprint(shop.hands.f())\n",
    ),
    "set outside and read": (
        "f = 1\n\n\ndef g():\n    return f\n",
        "from shop import till\n\ntill.f = 3\nprint(till.g())\n",
    ),
    "rebound by what stays": (
        "f = 1\n\n\ndef g():\n    global f\n    f += 1\n    return f\n",
        "from shop import till\n\nprint(till.g(), till.f)\n",
    ),
    "bound with another": ("f, g = (lambda: 1), 2\n", USE),
    "changed in place by what stays": (
        "f = []\n\n\ndef g():\n    return 1\n\n\nf.append(g)\nf.append(2)\n",
        "from shop import till\n\nprint(len(till.f), till.f[1])\n",
    ),
}
REFUSED = {
    "set outside and read",
    "rebound by what stays",
    "bound with another",
    "changed in place by what stays",
}
PLACES = {
    "new": (None, "shop.prices"),
    "existing": ("import re\n\n\ndef old():\n    return re\n", "shop.prices"),
    "package": ("", "shop.goods"),
    "below": (None, "shop.goods.prices"),
}
CASES = {name: (text, USE) for name, text in FORMS.items()} | PROGRAMS


def outcome_of(folder, name):
    command = [sys.executable, "-c", f"import {name}"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout, run.stderr[-400:]


def written(folder, shop):
    for path, content in shop.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def shop_of(text, use, there, module):
    hands = "from shop.till import f, g\n" if "shop.hands" in use else ""
    files = {"use.py": dedent(use).lstrip("\n"), "shop/goods/__init__.py": ""}
    path = "shop/goods/__init__.py" if module == "shop.goods" else "shop/prices.py"
    if there is not None:
        files[path] = there
    return Shop(till=text, low=LOW, hands=hands, **files)


def check(tmp_path, text, use, there, module, refused=False):
    shop = shop_of(text, use, there, module)
    before = outcome_of(written(tmp_path / "before", shop), "use")
    assert before[0] == 0, before
    try:
        shop.move({"shop.till:f": f"{module}:f"})
    except DidNotHold as error:
        assert refused, error
        assert str(error).partition(":")[0] in shop.files
        return
    assert not refused
    folder = written(tmp_path / "after", shop)
    assert outcome_of(folder, "use") == before
    for each in ("shop.till", module):
        assert outcome_of(folder, each)[0] == 0, outcome_of(folder, each)
    moved = shop.files[shop.path_of(module)].decode()
    assert "f" in moved


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", CASES)
def test_the_program_does_the_same(tmp_path, name, place):
    text, use = CASES[name]
    check(tmp_path, text, use, *PLACES[place], refused=name in REFUSED)


THERE = {
    "no final newline": ("import re", False),
    "only a docstring": ('"""Doc."""\n', False),
    "comments only": ("# Licence\n\n# More\n", False),
    "decorator first": ("@staticmethod\ndef free():\n    return 0\n", False),
    "comment and decorator first": (
        "# about it\n@staticmethod\ndef free():\n    return 0\n",
        False,
    ),
    "future import": ("from __future__ import annotations\n\nX = 1\n", False),
    "list of names": ("__all__ = ['g']\n\n\ndef g():\n    return 2\n", False),
    "main guard": ("def main():\n    pass\n\n\nif __name__ == '__main__':\n    main()\n", False),
    "imports at the end": ("def late():\n    return json\n\n\nimport json  # noqa\n", False),
    "form feed": ("import re\n\x0c\nX = re\n", False),
    "dos": ("import re\r\n\r\nX = re\r\n", False),
    "the same name": ("def f():\n    return 5\n", True),
    "a name of another kind": ("f = 3\n", True),
    "the need is another": ("json = None\n\n\ndef old():\n    return json\n", True),
    "the need from elsewhere": ("import simplejson as json\n", True),
    "imports the old": ("from shop.till import g\n\n\ndef h():\n    return g\n", False),
    "imports the name": ("from shop.till import f\n\n\ndef h():\n    return f()\n", False),
    "needs it at once": ("from shop.till import f\n\nX = f()\n", False),
    "needs it at once, by a call": (
        "from shop.till import f\n\n\ndef make():\n    return f()\n\n\nX = make()\n",
        False,
    ),
    "has a base class for it": (
        "from shop.till import f\n\nBASE = 1\n\n\nX = f()\n",
        False,
    ),
}


@pytest.mark.parametrize("name", THERE)
def test_every_kind_of_destination(tmp_path, name):
    there, refused = THERE[name]
    if "simplejson" in there:
        there = "import re as json\n\nX = json\n"
    text = "import json\n\n\ndef f():\n    return json.dumps(1)\n\n\ndef g():\n    return 2\n"
    check(tmp_path, text, USE, there, "shop.prices", refused)


@pytest.mark.parametrize("name", ["open", "print"])
def test_a_built_in_name_is_not_shadowed(tmp_path, name):
    text = f"def {name}(x=1):\n    return x\n"
    shop = Shop(till=text, prices=f"def old():\n    return {name}\n")
    with pytest.raises(DidNotHold, match=f"shop/prices.py:2: {name} means something else here"):
        shop.move({f"shop.till:{name}": f"shop.prices:{name}"})
    shop = Shop(till=f"def f():\n    return {name}\n", prices=text)
    with pytest.raises(DidNotHold, match=f"{name} is defined here, but the moved code means"):
        shop.move({"shop.till:f": "shop.prices:f"})
