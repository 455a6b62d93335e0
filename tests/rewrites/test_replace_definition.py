from extractor.outcome import Finding
from extractor.rewrites import replace_definition
from tests.rewrites.tools import check_rewritten, check_unchanged


def rewrite(source):
    return replace_definition.rewrite(
        source, name="_path", replacement="small.conf.paths:config_file"
    )


def test_leaves_alone_what_defines_no_such_name():
    check_unchanged(rewrite, "import os\n\n\ndef f(path):\n    return path\n")
    missing = (Finding("_path is not defined here"),)
    check_unchanged(rewrite, "def f(_path):\n    return _path\n", missing)


def test_the_import_stands_in_order_and_users_stay():
    check_rewritten(
        rewrite,
        """
        import os

        from small import app
        from small import conf
        from small.zoo import x


        # About the path.
        def _path():
            return os.sep


        def main():
            return _path()
        """,
        """
        import os

        from small import app
        from small import conf
        from small.conf.paths import config_file as _path
        from small.zoo import x


        def main():
            return _path()
        """,
    )


def test_after_the_last_import_when_none_of_the_package_is_there():
    check_rewritten(
        rewrite,
        "import os\n\n\ndef _path():\n    return 1\n\n\nX = _path()\n",
        "import os\nfrom small.conf.paths import config_file as _path\n\n\nX = _path()\n",
    )
