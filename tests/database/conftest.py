"""Servers and services for the tests of this folder, each started when it is first asked for."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from extractor.database.servers import ENGINES, find, running
from extractor.verification.laboratory.environment import NoEnvironment
from tests.conftest import not_tried
from tests.database.drills import Subject, made_subject


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


@pytest.fixture(scope="session")
def subjects(request, tmp_path_factory):
    """The subject of a side, with a tree and an environment made when it is first asked for."""
    known = {}

    def get(side, tree=None, python=None):
        if tree is not None:
            return Subject(side, Path(tree), python)
        if side not in known:
            try:
                known[side] = made_subject(
                    side,
                    request.getfixturevalue("released"),
                    request.getfixturevalue("released_source"),
                    tmp_path_factory.mktemp("drivers"),
                )
            except NoEnvironment as error:
                known[side] = str(error)
        if isinstance(known[side], str):
            not_tried(known[side])
        return known[side]

    return get
