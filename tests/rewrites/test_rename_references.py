from functools import partial

import pytest

from extractor.outcome import Failed, Finding, Rewritten
from extractor.rewrites.rename_references import (
    Renames,
    may_mention,
    prepare,
    rewrite,
    rewrite_text,
)
from tests.rewrites.cases import project_of
from tests.rewrites.tools import check_rewritten, check_unchanged, content_of

RENAMES = Renames(
    modules={
        "big.api.part": "part",
        "big.api.part.util": "part.util",
        "big.api.part.lib": "part.lib",
        "big.objects.thing": "part.objects.thing",
    },
    symbols={
        "big.exception:NotFound": "part.exception:NotFound",
        "big.exception:Base": "part.exception:PartError",
        "big.objects.base:BigObject": "objectlib.base:Object",
        "big.objects.fields:StringField": "objectlib.fields:StringField",
        "big.objects.fields:Colour": "part.colours:Colour",
        "big.i18n:_": "part.i18n:_",
    },
    known_modules=frozenset(
        {
            "big",
            "big.api",
            "big.api.part",
            "big.conf",
            "big.exception",
            "big.i18n",
            "big.objects",
            "big.objects.base",
            "big.objects.fields",
            "big.objects.thing",
            "big.objects.other",
            "big.utils",
        }
    ),
    report_left=True,
)
run = partial(rewrite, module="part.here", is_package=False, renames=RENAMES)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="empty file"),
        pytest.param("import os\n\nprint(os.path)\n", id="nothing of ours"),
        pytest.param("from part import util\nutil.f()\n", id="already renamed"),
        pytest.param("from bigger.objects import thing\n", id="another package that starts alike"),
        pytest.param("x = 'the big.conf file, /etc/big/big.conf'\n", id="a file's name"),
        pytest.param("x = 'https://example.org/big.utils'\n", id="part of a URL"),
        pytest.param(
            "class C:\n    def thing(self, big):\n        return big.objects.thing\n",
            id="a parameter of that name",
        ),
        pytest.param("self.big.objects.thing.x = 1\n", id="an attribute of that name"),
        pytest.param("thing = 1\nthing.StringField\n", id="a name that is no import"),
    ],
)
def test_leaves_alone(source):
    check_unchanged(run, source)


def test_what_an_object_may_not_reach_any_more_is_told():
    renames = Renames(
        reexports={"big.db": "big.db.api"},
        known_modules=frozenset({"big", "big.db", "big.db.api", "big.db.models"}),
    )
    source = (
        b"import big.db.models\nfrom big import db\n\nbig.db.models.M\ndb.get()\n\n\n"
        b"class C:\n    def f(self):\n        self.db.get()\n"
        b"        return self.db.models.M, self.models\n"
    )
    outcome = rewrite(source, module="big.c", is_package=False, renames=renames)
    assert isinstance(outcome, Rewritten)
    assert outcome.findings == (
        Finding("db.models of an object: if db is big.db.api now, it has none", 11),
    )


def test_unreadable_file_is_failed_with_its_line():
    outcome = run(b"import big.objects.thing\nprint 'x'\n")
    assert isinstance(outcome, Failed)
    assert outcome.line == 2


def test_reports_what_has_no_new_name():
    check_unchanged(
        run,
        "from big import utils\nutils.f()\n",
        (Finding("still names big.utils", 1),),
    )


def test_import_keeps_its_local_name_when_all_uses_go_to_one_module():
    check_rewritten(
        run,
        """
        import os

        from big.objects import fields
        from big.objects import thing as obj

        fields.Colour(obj.X, os)
        """,
        """
        import os

        from part import colours as fields
        from part.objects import thing as obj

        fields.Colour(obj.X, os)
        """,
    )


def test_uses_that_part_get_an_import_each():
    check_rewritten(
        run,
        """
        import six

        from big.objects import fields

        A = fields.StringField(six)
        B = fields.StringField()
        C = fields.Colour()
        """,
        """
        from objectlib import fields
        import six

        from part import colours

        A = fields.StringField(six)
        B = fields.StringField()
        C = colours.Colour()
        """,
    )


def test_renamed_symbol_changes_its_uses():
    check_rewritten(
        run,
        """
        from big import exception
        from big.exception import Base
        from big.objects.base import BigObject as Parent

        class C(Parent):
            error = (exception.Base, Base, exception.NotFound)
        """,
        """
        from objectlib.base import Object as Parent

        from part import exception
        from part.exception import PartError

        class C(Parent):
            error = (exception.PartError, PartError, exception.NotFound)
        """,
    )


def test_chain_through_a_package():
    check_rewritten(
        run,
        """
        from big import objects
        objects.thing.CACHE = None
        del objects.thing.CACHE
        """,
        """
        from part.objects import thing
        thing.CACHE = None
        del thing.CACHE
        """,
    )


def test_full_dotted_use():
    check_rewritten(
        run,
        """
        import big.api.part.util

        def f():
            return big.api.part.util.g()
        """,
        """
        import part.util

        def f():
            return part.util.g()
        """,
    )


def test_class_body_sees_the_module_until_it_binds_the_name():
    check_rewritten(
        run,
        """
        from big.objects import fields

        class C(object):
            fields = {'a': fields.Colour()}
        """,
        """
        from part import colours as fields

        class C(object):
            fields = {'a': fields.Colour()}
        """,
    )


def test_mock_strings_and_comments():
    check_rewritten(
        run,
        """
        # see big.objects.thing.X
        @mock.patch('big.objects.thing.'
                    'Klass.save', autospec=True)
        @mock.patch.object(fixture, 'big')
        def f():
            ''':raises big.exception.NotFound: never'''
        """,
        """
        # see part.objects.thing.X
        @mock.patch('part.objects.thing.'
                    'Klass.save', autospec=True)
        @mock.patch.object(fixture, 'big')
        def f():
            ''':raises part.exception.NotFound: never'''
        """,
    )


def test_text_files():
    check = partial(rewrite_text, renames=RENAMES)
    check_unchanged(check, "[filter]\npath = /etc/big/big.conf\n")
    check_rewritten(
        check,
        "[entry]\na = big.api.part.util:main\nb = big.objects.thing:big.exception.Base\n",
        "[entry]\na = part.util:main\nb = part.objects.thing:part.exception.PartError\n",
        python=False,
    )


def test_files_that_cannot_mention_a_name_are_not_parsed():
    quiet = Renames(RENAMES.modules, {}, RENAMES.known_modules)
    assert not may_mention(b"from big import conf\n", quiet)
    assert may_mention(b"from big import \\\n    thing\n", quiet)
    assert may_mention(b"from . import lib\n", quiet)


def test_several_names_of_one_statement_part():
    check_rewritten(
        run,
        """
        from big.objects import (
            fields,  # noqa: why
            thing as t,
        )
        fields.Colour(t.x)
        """,
        """
        from part import (
            colours as fields,  # noqa: why
        )
        from part.objects import thing as t
        fields.Colour(t.x)
        """,
    )
    check_rewritten(
        run,
        "from big.exception import NotFound, Base as B\nNotFound, B\n",
        "from part.exception import NotFound, PartError as B\nNotFound, B\n",
    )
    check_rewritten(
        run,
        "import os, big.api.part.util, sys\nbig.api.part.util.x()\n",
        "import os, part.util, sys\npart.util.x()\n",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "from big.objects \\\n    import thing\nthing.x\n",
            "from part.objects \\\n    import thing\nthing.x\n",
            id="continued with a backslash",
        ),
        pytest.param(
            "import big.objects.thing as t\nt.x\n",
            "import part.objects.thing as t\nt.x\n",
            id="plain import with an alias",
        ),
        pytest.param(
            "if True: from big.objects import thing; thing.x()\n",
            "if True: from part.objects import thing; thing.x()\n",
            id="several statements on a line",
        ),
        pytest.param(
            "try:\n    from big import exception\nexcept ImportError:\n    exception = None\n"
            "exception.NotFound\n",
            "try:\n    from part import exception\nexcept ImportError:\n    exception = None\n"
            "exception.NotFound\n",
            id="guarded import",
        ),
        pytest.param(
            "import big.objects.thing  # noqa\n",
            "import part.objects.thing  # noqa\n",
            id="import for its side effect",
        ),
        pytest.param(
            "from big.exception import *\n", "from part.exception import *\n", id="star import"
        ),
        pytest.param(
            "def f():\n    global thing\n    from big.objects import thing\n",
            "def f():\n    global thing\n    from part.objects import thing\n",
            id="global",
        ),
        pytest.param(
            "from big.api.part import lib\nfrom big.api.part import lib\nlib.x\n",
            "from part import lib\nlib.x\n",
            id="the same import twice",
        ),
        pytest.param(
            "from big.api import part\npart.util.x(part)\n",
            "import part\npart.util.x(part)\n",
            id="a package that becomes top-level",
        ),
        pytest.param(
            "from big.exception import Base\n\n\ndef f(PartError):\n    raise Base\n",
            "from part.exception import PartError as Base\n\n\ndef f(PartError):\n    raise Base\n",
            id="new name taken",
        ),
        pytest.param(
            "from big.exception import Base\n__all__ = ['Base']\n",
            "from part.exception import PartError\n__all__ = ['PartError']\n",
            id="exported",
        ),
        pytest.param(
            "from big import exception\n\nx = lambda exception: exception.Base\n"
            "[exception.Base for exception in y]\n(exception\n .Base)\n",
            "from part import exception\n\nx = lambda exception: exception.Base\n"
            "[exception.Base for exception in y]\n(exception\n .PartError)\n",
            id="shadowed here, spread over lines there",
        ),
        pytest.param(
            "from big import exception\n\nmock.patch.object(exception, 'Base')\n",
            "from part import exception\n\nmock.patch.object(exception, 'PartError')\n",
            id="attribute named by a string",
        ),
        pytest.param(
            "from big import exception\n\nf'{exception.Base} big.objects.thing "
            "{exception.Base!r}'\n",
            "from part import exception\n\nf'{exception.PartError} part.objects.thing "
            "{exception.PartError!r}'\n",
            id="f-string",
        ),
        pytest.param(
            "g(u'big.objects.'\n  # big.objects.thing\n  'thing.Y')\n",
            "g(u'part.objects.'\n  # part.objects.thing\n  'thing.Y')\n",
            id="comment between parts of a string",
        ),
        pytest.param(
            "# see big/api/part/util.py and big/api/part\n",
            "# see part/util.py and part\n",
            id="paths",
        ),
        pytest.param(
            "async = 1\nfrom big import exception\nexception.Base(async=True)\n",
            "async = 1\nfrom part import exception\nexception.PartError(async=True)\n",
            id="old grammar",
        ),
    ],
)
def test_forms(before, after):
    check_rewritten(run, before, after, python="async" not in before)


def test_uses_of_a_module_as_an_object():
    check_rewritten(
        run,
        "from big import exception\n\nf(exception, exception.NotFound)\n",
        "from part import exception\n\nf(exception, exception.NotFound)\n",
    )
    check_unchanged(
        run,
        "from big.objects import fields\n\nf(fields)\n",
        (
            Finding("still names big.objects.fields", 1),
            Finding("big.objects.fields is used as an object and has no new name", 3),
        ),
    )
    check_unchanged(
        run,
        "from big.objects.fields import *\n",
        (Finding("star import of big.objects.fields, whose names now differ", 1),),
    )


def test_class_attributes_and_methods_of_that_name_stay():
    check_rewritten(
        run,
        """
        from big import exception

        class NotFound(exception.Base):
            exception = exception.Base

            def f(self, exception=exception.Base):
                return exception.Base

            def g(self):
                return self.exception.Base, exception.Base
        """,
        """
        from part import exception

        class NotFound(exception.PartError):
            exception = exception.PartError

            def f(self, exception=exception.Base):
                return exception.Base

            def g(self):
                return self.exception.Base, exception.PartError
        """,
    )


def test_comments_move_with_their_imports_and_sorted_groups_stay_sorted():
    check_rewritten(
        run,
        """
        import six

        # Zebra.
        from big.api.part import util
        # Thing.
        from big.objects import thing
        from here import a
        from zoo import b

        util, thing, a, b, six
        """,
        """
        import six

        from here import a
        # Thing.
        from part.objects import thing
        # Zebra.
        from part import util
        from zoo import b

        util, thing, a, b, six
        """,
    )


def test_unsorted_groups_are_not_reordered():
    check_rewritten(
        run,
        "import zoo\nfrom big.objects import thing\nimport alpha\n\nzoo, thing, alpha\n",
        "import zoo\nfrom part.objects import thing\nimport alpha\n\nzoo, thing, alpha\n",
    )


def test_long_lines_are_wrapped_in_style():
    longer = Renames(
        {"big.objects.thing": "big.a_longer_package.with_several.parts_to_it.thing"},
        {},
        RENAMES.known_modules,
    )
    check_rewritten(
        partial(rewrite, module="big.x", is_package=False, renames=longer),
        """
        import big
        from big.objects import thing as local_name_for_it


        @mock.patch('big.objects.thing.some_function_with_a_long_name', value=1)
        @mock.patch('big.objects.thing.'
                    'an_attribute')
        def f(self):
            '''Do something with big.objects.thing.Name, which is described in the
            paragraph after this one.

            Really.
            '''
            # The comment says that big.objects.thing.Name is needed in this place
            # and why.
            return big.objects.thing.some_other_function_with_long_name(self, a_local)
        """,
        """
        from big.a_longer_package.with_several.parts_to_it import \\
            thing as local_name_for_it


        @mock.patch('big.a_longer_package.with_several.parts_to_it.thing.'
                    'some_function_with_a_long_name', value=1)
        @mock.patch('big.a_longer_package.with_several.parts_to_it.thing.'
                    'an_attribute')
        def f(self):
            '''Do something with
            big.a_longer_package.with_several.parts_to_it.thing.Name, which is
            described in the paragraph after this one.

            Really.
            '''
            # The comment says that
            # big.a_longer_package.with_several.parts_to_it.thing.Name is needed in
            # this place and why.
            return local_name_for_it.some_other_function_with_long_name(self, a_local)
        """,
    )


PARTS = {
    "big.api.part": "part",
    "big.api.part.util": "part.util",
    "big.api.part.sub": "part.sub",
    "big.api.part.sub.x": "part.sub.x",
    "big.objects.thing": "part.objects.thing",
}
KNOWN = RENAMES.known_modules | {"big.api.part.sub", "big.api.part.sub.x", "big.api.part.util"}


def test_relative_imports_stay_where_they_mean_the_same():
    moved = partial(
        rewrite,
        module="big.api.part.here",
        new_module="part.here",
        is_package=False,
        renames=Renames(PARTS, {}, KNOWN),
    )
    outcome = moved(b"from . import util\nfrom .sub import x\nfrom ...objects import thing\n")
    assert content_of(outcome) == (
        b"from . import util\nfrom .sub import x\nfrom part.objects import thing\n"
    )
    package = partial(
        rewrite,
        module="big.api.part",
        new_module="part",
        is_package=True,
        renames=Renames(PARTS, {}, KNOWN),
    )
    check_unchanged(package, "from . import util\nfrom .util import f\n")


def test_relative_imports_are_read_where_they_were_written():
    """A slice of a package's ``__init__`` may live in a module, and a second step sees it there."""
    sliced = partial(
        rewrite,
        module="big.api.part",
        is_package=True,
        renames=Renames(PARTS, {}, KNOWN),
        new_is_package=False,
    )
    check_unchanged(partial(sliced, new_module="part.all"), "from . import util\n")
    outcome = sliced(b"from . import util\n", new_module="part.sub.all")
    assert content_of(outcome) == b"from part import util\n"
    moved = partial(
        rewrite,
        module="part.here",
        is_package=False,
        formerly="big.api.part.here",
        renames=Renames({}, {"big.api.part.here:gone": "part.there:gone"}, KNOWN, False),
    )
    check_rewritten(
        moved,
        "from .util import f\n\nf(gone)\n",
        "from .util import f\nfrom part.there import gone\n\nf(gone)\n",
    )


def test_relative_imports_of_a_module_that_moves_alone_become_absolute():
    alone = Renames({"big.objects.thing": "big.thing"}, {}, KNOWN)
    outcome = rewrite(
        b"from . import fields\nfrom .base import B\n",
        module="big.objects.thing",
        new_module="big.thing",
        is_package=False,
        renames=alone,
    )
    assert (
        content_of(outcome) == b"from big.objects.base import B\nfrom big.objects import fields\n"
    )


def test_a_symbol_that_left_its_module_is_imported_back():
    left = Renames({}, {"big.objects.fields:Colour": "big.colours:Colour"}, KNOWN, False)
    home = partial(rewrite, module="big.objects.fields", is_package=False, renames=left)
    check_unchanged(home, "class Colour(object):\n    pass\n\n\nx = Colour()\n")
    check_rewritten(
        home,
        '"""Doc."""\n\nimport six\n\nfrom big import utils\n\nx = Colour(six, utils)\n',
        '"""Doc."""\n\nimport six\n\nfrom big.colours import Colour\nfrom big import utils\n\n'
        "x = Colour(six, utils)\n",
    )
    check_rewritten(
        home,
        '"""Doc."""\n\n\nclass F(Colour):\n    pass\n',
        '"""Doc."""\n\nfrom big.colours import Colour\n\n\nclass F(Colour):\n    pass\n',
    )


def test_a_module_does_not_import_itself():
    left = Renames({}, {"big.objects.fields:Colour": "big.colours:Colour"}, KNOWN, False)
    check_rewritten(
        partial(rewrite, module="big.x", new_module="big.colours", is_package=False, renames=left),
        "from big.objects import fields\n\n\nclass Colour(object):\n    x = fields.Colour\n",
        "class Colour(object):\n    x = Colour\n",
    )


def test_other_encodings_and_line_ends():
    source = "# coding: latin-1\r\nfrom big.objects import fields\r\nx = '\xe9', fields.Colour\r\n"
    after = source.replace("from big.objects import fields", "from part import colours as fields")
    check_rewritten(run, source.encode("latin-1"), after.encode("latin-1"))


STAYING = partial(
    rewrite,
    module="shop.till",
    is_package=False,
    renames=Renames(
        symbols={"shop.fields:Price": "shop.prices:Price"},
        known_modules=frozenset({"shop", "shop.fields", "shop.prices"}),
        staying=frozenset({"shop.fields"}),
    ),
)


@pytest.mark.parametrize(
    "source",
    [
        "from shop.fields import *\nNumber()\n",
        "from shop import fields\nf(fields)\n",
        "from shop import fields\n",
        "import shop.fields\nf(shop.fields)\n",
        "x = 'shop.fields'\n",
    ],
)
def test_a_module_that_only_loses_a_name_stays_what_it_is(source):
    check_unchanged(STAYING, source)


def test_names_of_a_module_that_stays():
    check_rewritten(
        STAYING,
        "from shop.fields import *\n\nPrice(Number())\n",
        "from shop.fields import *\nfrom shop.prices import Price\n\nPrice(Number())\n",
    )
    check_rewritten(
        STAYING,
        "from shop import fields\n\nfields.Price(fields)\n",
        "from shop import fields\nfrom shop import prices\n\nprices.Price(fields)\n",
    )


def test_the_project_tells_which_modules_stay():
    moved = Renames(symbols={"shop.fields:Price": "shop.prices:Price"})
    emptied = {"shop/fields.py": b"class Price:\n    pass\n"}
    left = {"shop/fields.py": b"import os\n\nclass Price:\n    pass\n\nNumber = int\n"}
    assert prepare(moved, project_of(emptied)).staying == frozenset()
    assert prepare(moved, project_of(left)).staying == {"shop.fields"}
    assert prepare(RENAMES, project_of(left)) == RENAMES


def test_the_quotes_of_a_wrapped_docstring_get_a_line_of_their_own():
    long = Renames({"big.api.part": "part." + "x" * 50})
    check_rewritten(
        partial(rewrite, module="here", is_package=False, renames=long),
        '''
        def f():
            """Words about `big.api.part` and a class."""
        ''',
        f'''
        def f():
            """Words about `part.{"x" * 50}`
            and a class.
            """
        ''',
    )


def test_a_library_that_takes_a_modules_place_is_imported_among_the_others():
    renames = Renames(
        modules={"shop.base": "library.base"},
        known_modules=frozenset({"shop", "shop.base", "shop.till"}),
        libraries=frozenset({"library"}),
    )
    source = b"import six\n\nfrom shop import base\nfrom shop import till\n\nbase.use(six, till)\n"
    outcome = rewrite(source, module="shop.app", is_package=False, renames=renames)
    assert outcome.content == (
        b"from library import base\nimport six\n\nfrom shop import till\n\nbase.use(six, till)\n"
    )
