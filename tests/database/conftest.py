"""Servers for the tests of this folder: started once, skipped loudly where they cannot be had."""

from __future__ import annotations

import os

import pytest

from extractor.database.servers import ENGINES, find, running

_MISSING = "NO SERVER"


@pytest.fixture(scope="session")
def servers():
    """Start a server when it is first asked for; all stop with the session."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        started = {}

        def get(engine):
            if engine not in started:
                if engine != "sqlite" and find(engine) is None:
                    text = f"{_MISSING}: {engine} is not installed"
                    if os.environ.get("CI"):
                        pytest.fail(text)
                    pytest.skip(text)
                started[engine] = stack.enter_context(running(engine))
            return started[engine]

        yield get


@pytest.fixture(params=ENGINES)
def server(request, servers):
    """One server after the other."""
    return servers(request.param)


def pytest_terminal_summary(terminalreporter):
    skipped = [r for r in terminalreporter.stats.get("skipped", ()) if _MISSING in str(r.longrepr)]
    if skipped:
        terminalreporter.write_sep("!", f"{len(skipped)} TESTS WITHOUT THEIR DATABASE SERVER")
