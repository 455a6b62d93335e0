"""What several folders of tests share: one real release, and a loud word on what was not tried."""

from __future__ import annotations

import builtins
import fcntl
import hashlib
import json
import os
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in each CI run; by hand they vary, and find more.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

RELEASE = "pypi:nova==17.0.13"
_NOT_TRIED = "NOT TRIED: "


# They start servers, browsers or clusters: left out of ./run-tests --fast, as the slow ones are.
_SERVICES = {
    "tests/analysis/test_skeleton.py",
    "tests/database/test_copy.py",
    "tests/database/test_schema.py",
    "tests/documents/test_tutorial.py",
    "tests/execution/test_cluster.py",
    "tests/execution/test_processes.py",
    "tests/refactor/test_prove.py",
    "tests/reports/test_browser.py",
    "tests/sweep/test_sweeping.py",
}


def pytest_collection_modifyitems(items):
    for item in items:
        if item.nodeid.partition("::")[0] in _SERVICES:
            item.add_marker(pytest.mark.service)


def not_tried(why):
    """Skip the test in hand and count it at the end of the run; where CI is set, fail."""
    if os.environ.get("CI"):
        pytest.fail(_NOT_TRIED + why)
    pytest.skip(_NOT_TRIED + why)


def pytest_terminal_summary(terminalreporter):
    reasons = Counter(
        report.longrepr[2].partition(_NOT_TRIED)[2]
        for report in terminalreporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple) and _NOT_TRIED in report.longrepr[2]
    )
    for why, count in sorted(reasons.items()):
        terminalreporter.write_sep("!", f"{count} TESTS NOT TRIED: {why}", red=True)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A folder of this session that all its worker processes see."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def _once(path, make):
    """``path``, made by whichever worker asks first; ``make`` leaves it whole or not at all."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            make(path)
    return path


@contextmanager
def _parsed_texts():
    """Counts how often this process parses each text of a file: those are bytes."""
    texts, compile_it = Counter(), builtins.compile

    def counting(source, *arguments, **options):
        if isinstance(source, bytes):
            texts[hashlib.sha256(source).digest()] += 1
        return compile_it(source, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builtins, "compile", counting)
        yield texts


@pytest.fixture(scope="session")
def released(shared_folder) -> Path:
    """OUTPUT of a run on ``RELEASE``."""
    from extractor.cli import main

    def make(output):
        with _parsed_texts() as texts, pytest.raises(SystemExit) as ended:
            main(["run", RELEASE, str(output), "--quiet"])
        assert ended.value.code == 0, f"the run ended with {ended.value.code}"
        counted = {"parsed": texts.total(), "texts": len(texts)}
        output.with_suffix(".parsed.json").write_text(json.dumps(counted))

    return _once(shared_folder / "released", make)


@pytest.fixture(scope="session")
def released_source(shared_folder) -> Path:
    """The tree of ``RELEASE``."""
    from extractor.progress import Progress
    from extractor.source.opening import open_source
    from extractor.verification.run import export

    def make(tree):
        workspace = tree.with_name(f"{tree.name}-workspace")
        workspace.mkdir()
        with open_source(RELEASE, None, workspace=workspace, progress=Progress()) as source:
            export(source.tree, workspace / "tree").rename(tree)

    return _once(shared_folder / "released-source", make)
