"""Where signatures are kept, and the application that signs."""

import os

from nbformat.config.application import Application
from nbformat.utils.path import get_ipython_dir

base_flags = {"init": ({}, "")}


class ProfileDirError(Exception):
    """There is no such folder."""


class ProfileDir(object):
    """The folder that signatures are kept in."""

    def __init__(self, security_dir=None):
        self.security_dir = security_dir or os.path.join(get_ipython_dir(), "security")
        if not os.path.isdir(self.security_dir):
            os.makedirs(self.security_dir)


class BaseIPythonApplication(Application):
    """An application that has a folder for signatures."""

    profile_dir = None

    def initialize(self, argv=None):
        super(BaseIPythonApplication, self).initialize(argv)
        self.profile_dir = ProfileDir()


def get_ipython():
    """The application, in place of a shell."""
    app = BaseIPythonApplication()
    app.initialize(argv=[])
    return app
