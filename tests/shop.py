"""A shop whose till is to leave: a monolith small enough to read, and the plan for it."""

import pytest

from extractor.cli import main

PLAN = """
name = "till"
source_package = "shop"
target_package = "till"
description = "The till"

[roots]
packages = ["shop.till"]
entry_points = ["till.door:open_it"]

[[cut]]
subject = "shop.stock:count_all"
reason = "Counting is the shop's own business."

[layout.modules]
"shop.till" = "till"
"shop.errors" = "till.errors"

[packaging]
distribution = "till"
requirements = "requirements.txt"
test_requirements = "requirements.txt"
"""

FILES = {
    "requirements.txt": "",
    "shop/__init__.py": "",
    "shop/errors.py": "class Broken(Exception):\n    pass\n\n\nclass Other(Exception):\n    pass\n",
    "shop/stock.py": "from shop import heavy\n\n\ndef count_all():\n    return heavy.x\n",
    "shop/heavy.py": "x = 1\n" * 50,
    "shop/user.py": "from shop import errors\n\n\ndef f():\n    raise errors.Broken()\n",
    "shop/till/__init__.py": "",
    "shop/till/door.py": (
        "from shop import errors\nfrom shop import stock\n\n\n"
        "def open_it():\n    stock.count_all()\n    raise errors.Broken()\n"
    ),
}


def call(*arguments):
    """The exit code of the command line."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    return caught.value.code
