"""Servers and services for the tests of this folder, each started when it is first asked for."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from extractor.database.servers import ENGINES, find, running
from tests.conftest import not_tried


@pytest.fixture(scope="session")
def servers():
    """The server of a kind; all stop with the session."""
    with ExitStack() as stack:
        started = {}

        def get(engine):
            if engine not in started:
                if engine != "sqlite" and find(engine) is None:
                    not_tried(f"no {engine} server is installed")
                started[engine] = stack.enter_context(running(engine))
            return started[engine]

        yield get


@pytest.fixture(params=ENGINES)
def server(request, servers):
    """One server after the other."""
    return servers(request.param)
