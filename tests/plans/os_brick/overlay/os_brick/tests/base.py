"""The base of the unit tests: stubs that are undone, and a folder for locks."""

import fixtures
import mox
import stubout
import testtools
from oslo.config import fixture as config_fixture
from oslo_concurrency import lockutils


class TestCase(testtools.TestCase):
    def setUp(self):
        super(TestCase, self).setUp()
        self.useFixture(fixtures.NestedTempfile())
        self.mox = mox.Mox()
        self.stubs = stubout.StubOutForTesting()
        self.addCleanup(self.mox.UnsetStubs)
        self.addCleanup(self.stubs.UnsetAll)
        self.addCleanup(self.stubs.SmartUnsetAll)
        self.addCleanup(self.mox.VerifyAll)
        conf = self.useFixture(config_fixture.Config(lockutils.CONF))
        conf.config(lock_path=self.useFixture(fixtures.TempDir()).path, group="oslo_concurrency")

    def flags(self, **options):
        """Options of a service: a library reads none."""

    def assertDictMatch(self, d1, d2):
        self.assertEqual(d1, d2)
