from functools import partial

import pytest

from extractor.outcome import Failed, Finding
from extractor.rewrites.rename_references import Renames, may_mention, rewrite, rewrite_text
from tests.rewrites.tools import check_rewritten, check_unchanged

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
        "[entry]\na = big.api.part.util:main\nb = big.objects.thing\n",
        "[entry]\na = part.util:main\nb = part.objects.thing\n",
        python=False,
    )


def test_files_that_cannot_mention_a_name_are_not_parsed():
    quiet = Renames(RENAMES.modules, {}, RENAMES.known_modules, report_left=False)
    assert not may_mention(b"from big import conf\n", quiet)
    assert may_mention(b"from big import \\\n    thing\n", quiet)
    assert may_mention(b"from . import lib\n", quiet)
