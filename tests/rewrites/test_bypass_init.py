import dataclasses
from functools import partial

import pytest

from extractor.errors import UsageError
from extractor.outcome import Failed, Finding, Rewritten, Unchanged
from extractor.rewrites.bypass_init import Settings, prepare, public_names, run
from extractor.rewrites.parts.source_file import SourceFile
from tests.rewrites.cases import project_of
from tests.rewrites.tools import check_rewritten, check_unchanged

FILES = {
    "shop/__init__.py": b"",
    "shop/db/__init__.py": b"from shop.db.api import *\n",
    "shop/db/api.py": b"import os\n\ndef get():\n    pass\n\ndef _hidden():\n    pass\n",
    "shop/db/base.py": b"",
    "shop/db/sql/__init__.py": b"",
    "shop/db/sql/api.py": b"",
}


def prepared(files=(), packages=("shop.db",), **settings):
    project = project_of({**FILES, **dict(files)})
    return prepare(Settings(frozenset(packages), **settings), project)


def in_file(source, settings=None, path="shop/till.py", module="shop.till", is_package=False):
    file = SourceFile(path, source, module, is_package)
    return run(file, settings or prepared())


in_package = partial(in_file, path="shop/db/__init__.py", module="shop.db", is_package=True)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import shop\nshop.api.get()\n", id="another package"),
        pytest.param("from shop.db import base\nbase.get()\n", id="submodule"),
        pytest.param("from shop.db.sql import api\napi.get()\n", id="deeper submodule"),
        pytest.param("from shop.db import api as db\ndb.get()\n", id="already done"),
        pytest.param("import shop.db.api\nshop.db.api.get()\n", id="already done, full name"),
        pytest.param("db.get()\nshop.db.get()\n", id="local names"),
        pytest.param("x = 'no shop.db in here'\n", id="a sentence"),
        pytest.param("x = 'shop/db/get'\n", id="a path"),
        pytest.param('"""Talks to shop.db."""\n', id="prose about the package"),
        pytest.param(
            "mock.patch('shop.db.api.get')\nmock.patch('shop.db.sql.api.get')\n", id="text"
        ),
        pytest.param("from other import db\ndb.get()\n", id="the same name from elsewhere"),
    ],
)
def test_leaves_alone(source):
    check_unchanged(in_file, source)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="empty"),
        pytest.param('"""Words."""\n', id="words"),
        pytest.param("import os\n\ndef get():\n    return os.sep\n", id="its own names"),
        pytest.param("from __future__ import division\n", id="future"),
        pytest.param("def f():\n    from shop.db.api import get\n", id="in a function"),
    ],
)
def test_leaves_a_quiet_init_alone(source):
    settings = prepared({"shop/db/__init__.py": source.encode()})
    check_unchanged(partial(in_package, settings=settings), source)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "from shop import db as database\ndatabase.get()\n",
            "from shop.db import api as database\ndatabase.get()\n",
            id="aliased",
        ),
        pytest.param(
            "import shop.db\nshop.db.get(shop.db._hidden)\n",
            "import shop.db.api\nshop.db.api.get(shop.db.api._hidden)\n",
            id="full dotted name",
        ),
        pytest.param(
            "import shop\nshop.db.get()\n",
            "import shop.db.api\nshop.db.api.get()\n",
            id="through the root",
        ),
        pytest.param(
            "import shop.db as d\nd.get()\n", "import shop.db.api as d\nd.get()\n", id="import as"
        ),
        pytest.param("from shop.db import get\n", "from shop.db.api import get\n", id="a name"),
        pytest.param(
            "from shop.db import base, get\n",
            "from shop.db.api import get\nfrom shop.db import base\n",
            id="a name and a submodule",
        ),
        pytest.param("from shop.db import *\n", "from shop.db.api import *\n", id="star"),
        pytest.param(
            "from . import db\ndb.get()\n",
            "from shop.db import api as db\ndb.get()\n",
            id="relative",
        ),
        pytest.param("from .db import get\n", "from shop.db.api import get\n", id="relative name"),
        pytest.param(
            "def f():\n    from shop import db\n    return db.get()\n",
            "def f():\n    from shop.db import api as db\n    return db.get()\n",
            id="in a function",
        ),
        pytest.param(
            "try:\n    from shop import db\nexcept ImportError:\n    db = None\n",
            "try:\n    from shop.db import api as db\nexcept ImportError:\n    db = None\n",
            id="guarded",
        ),
        pytest.param(
            "if TYPE_CHECKING:\n    from shop.db import get\n",
            "if TYPE_CHECKING:\n    from shop.db.api import get\n",
            id="for the type checker",
        ),
        pytest.param(
            "from shop import db; db.get()\n",
            "from shop.db import api as db; db.get()\n",
            id="two statements on a line",
        ),
        pytest.param(
            "from shop import db\nf(db, **db.get())\ngetattr(db, 'get')\n",
            "from shop.db import api as db\nf(db, **db.get())\ngetattr(db, 'get')\n",
            id="as an object",
        ),
        pytest.param(
            "x = 'shop.db.' 'get'\ny = f'shop.db.get{x}'\nz = 'shop.db.%s' % x\nw = 'shop.db'\n",
            "x = 'shop.db.api.' 'get'\ny = f'shop.db.api.get{x}'\nz = 'shop.db.api.%s' % x\n"
            "w = 'shop.db.api'\n",
            id="strings",
        ),
        pytest.param(
            "from shop import db\ndb.sql.api.get()\ndb.api.get()\ndb.get()\n",
            "from shop.db import api as db\nfrom shop.db.sql import api\n"
            "api.get()\ndb.get()\ndb.get()\n",
            id="submodules through the package",
        ),
    ],
)
def test_references(before, after):
    check_rewritten(in_file, before, after)


def test_a_sibling_takes_the_name_from_its_home():
    sibling = partial(in_file, path="shop/db/base.py", module="shop.db.base")
    check_rewritten(sibling, "from . import get\n", "from shop.db.api import get\n")
    check_unchanged(sibling, "from . import api\n")


def test_long_lines_get_an_alias():
    name = "get_" + "x" * 55
    check_rewritten(
        in_file,
        f"import shop.db\nvalue = shop.db.{name}()\n",
        f"from shop.db import api as db\nvalue = db.{name}()\n",
    )


def test_files_that_are_not_python():
    ini = partial(in_file, path="etc/paste.ini", module="")
    check_rewritten(ini, "factory = shop.db:get\n", "factory = shop.db.api:get\n", python=False)
    check_unchanged(ini, "driver = shop.db.base:get\n")


def test_bytes_that_are_not_utf8():
    before = "# coding: latin-1\nfrom shop import db\nx = '\xe9'\n".encode("latin-1")
    after = "# coding: latin-1\nfrom shop.db import api as db\nx = '\xe9'\n".encode("latin-1")
    assert in_file(before) == Rewritten(after)


def test_unreadable_files_are_failed():
    assert isinstance(in_file(b"from shop import db\nprint 1\n"), Failed)
    assert isinstance(in_package(b"print 1\n"), Failed)


def check_init(before, after, findings=(), **settings):
    check = partial(
        in_package, settings=prepared({"shop/db/__init__.py": before.encode()}, **settings)
    )
    outcome = check(before.encode())
    assert outcome == Rewritten(after.encode(), findings)
    again = partial(
        in_package, settings=prepared({"shop/db/__init__.py": after.encode()}, **settings)
    )
    assert isinstance(again(after.encode()), Unchanged)


def test_the_comment_of_a_removed_line_goes_with_it():
    check_init(
        "# Licence\n\nimport os\n# everything\nfrom shop.db.api import *  # noqa\n\nos.sep\n",
        "# Licence\n\nimport os\n\nos.sep\n",
    )


def test_names_it_needs_itself_stay():
    check_init(
        "from shop.db.api import *\nfrom shop.db import base, sql\n\nX = get(base)\n",
        "from shop.db.api import get\nfrom shop.db import base\n\nX = get(base)\n",
    )


def test_names_to_keep_stay():
    check_init(
        "from shop.db.api import *\nfrom shop.db.base import X, Y\n",
        "from shop.db.api import get\nfrom shop.db.base import X\n",
        keep=frozenset({"get", "X"}),
    )


def test_relative_imports_and_one_line_for_two():
    check_init("from .api import get; from . import base\nX = 1\n", "X = 1\n")


def test_what_it_may_be_for_is_told():
    check_init(
        "import patches\nfrom shop.db.api import get\nif X:\n    from shop.db.api import put\n",
        "import patches\nif X:\n    from shop.db.api import put\n",
        (
            Finding("patches may be imported for its side effects: it stays", 1),
            Finding("put is imported under a condition: it stays", 4),
        ),
    )


def test_own_submodules_imported_by_full_name_go():
    check_init("import shop.db.base\n\nX = 1\n", "X = 1\n")


def test_uses_that_part():
    settings = prepared(
        {
            "shop/db/__init__.py": b"from shop.db.api import get\nfrom shop.db import base as b\n"
            b"from shop.db.base import put as give\n\nLOG = 1\n",
        }
    )
    check_rewritten(
        partial(in_file, settings=settings),
        "from shop import db\n\ndb.give(db.LOG, db.get, db.b.x)\n",
        "from shop import db\nfrom shop.db import api\nfrom shop.db import base\n\n"
        "base.put(db.LOG, api.get, base.x)\n",
    )


def test_a_package_that_takes_from_another_one():
    settings = prepared(
        {"shop/__init__.py": b"from shop.db import *\nfrom shop.db import get as fetch\n"},
        packages=("shop", "shop.db"),
    )
    check_rewritten(
        partial(in_file, settings=settings),
        "from shop import fetch, put\n",
        "from shop.db.api import get as fetch, put\n",
    )


def test_stars_of_several_modules_are_read():
    files = {
        "shop/db/__init__.py": b"from shop.db.api import *\nfrom shop.db.base import *\n",
        "shop/db/base.py": b"__all__ = ['put']\nput = hidden = 1\n",
    }
    check_rewritten(
        partial(in_file, settings=prepared(files)),
        "from shop.db import get, put, hidden\n",
        "from shop.db.api import get\nfrom shop.db.base import put\nfrom shop.db import hidden\n",
    )


def test_public_names():
    project = project_of(
        {"a.py": b"from b import *\nx = _y = 1\n", "b.py": b"from a import *\nz = 1\n"}
    )
    assert public_names(project, "a") == {"x", "z"}


@pytest.mark.parametrize(
    ("packages", "files", "says"),
    [
        (["shop.absent"], {}, "there is no module shop.absent among the files"),
        (["shop"], {"shop/__init__.py": b"print 1\n"}, "shop/__init__.py"),
        (["shop"], {"shop/__init__.py": b"from far import *\nx = 1\n"}, "no module far"),
    ],
)
def test_a_wrong_package_is_one_sentence(packages, files, says):
    with pytest.raises(UsageError, match=says):
        prepared(files, packages=packages)


def test_settings_tell_what_was_found():
    assert dataclasses.asdict(prepared())["renames"]["reexports"] == {"shop.db": "shop.db.api"}


LISTS = {
    "shop/db/__init__.py": b"from shop.db.api import *\nfrom shop.db.base import *\n",
    "shop/db/base.py": b"__all__ = ['ground']\n\nground = other = 1\n",
}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("__all__: list = ['get']", {"get"}),
        ("__all__ = []\n__all__.extend(['get'])", {"get"}),
        ("from shop.db import base\n__all__ = base.__all__ + ['get']", {"get", "ground"}),
        ("import shop.db.base\n__all__ = ['get', *shop.db.base.__all__]", {"get", "ground"}),
        ("from shop.db.base import __all__", {"ground"}),
        ("from shop.db.base import __all__ as b\n__all__ = ['get'] + b", {"get", "ground"}),
        ("from shop.db.base import *", {"ground"}),
    ],
)
def test_public_names_by_any_list(text, names):
    files = {**FILES, **LISTS, "shop/db/api.py": text.encode()}
    assert public_names(project_of(files), "shop.db.api") == names


@pytest.mark.parametrize(
    "text", ["__all__ = [n for n in dir()]", "__all__ = names", "__all__ = [f'x']"]
)
def test_a_list_that_cannot_be_told_is_refused(text):
    with pytest.raises(
        UsageError, match=r"shop/db/api.py:1: __all__ is .*list its names literally"
    ):
        prepared({**LISTS, "shop/db/api.py": text.encode()})


def test_an_init_with_a_computed_list_is_refused():
    text = b"from shop.db import base\nfrom shop.db.base import *\n__all__ = base.__all__\n"
    with pytest.raises(UsageError, match=r"shop/db/__init__.py:3: __all__ is computed"):
        prepared({**LISTS, "shop/db/__init__.py": text})
