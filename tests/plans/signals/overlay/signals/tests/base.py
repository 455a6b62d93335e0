"""What the tests use of a site's test framework."""

import re
import unittest
from unittest import mock

from signals.conf import settings


def override_settings(**values):
    """Set ``values`` while the decorated test runs."""
    return mock.patch.multiple(settings, **values)


class SimpleTestCase(unittest.TestCase):
    """A test that needs nothing but the dispatcher."""

    def assertRaisesMessage(self, error, message):
        """Within the block ``error`` is raised, and says ``message``."""
        return self.assertRaisesRegex(error, re.escape(message))
