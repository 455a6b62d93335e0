"""What a series' tests come to, as units of work: one for a package of tests at a revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.errors import MachineError
from extractor.execution.unit import Executor, Unit
from extractor.plan.moves import is_below
from extractor.refactor.revision_tests import RevisionTests
from extractor.scratch import workspace
from extractor.verification.laboratory.environment import text_key
from extractor.verification.laboratory.outcome_store import ModuleOutcomes


@dataclass(frozen=True)
class Bench:
    """What all units of a run have in common, as JSON values: see ``prove``."""

    output: str
    plan: str
    result: str | None = None
    python: str | None = None
    workers: int = 2


def run_first(
    executor: Executor,
    tests: RevisionTests,
    wanted: Iterable[tuple[str, Sequence[str]]],
    bench: Bench,
) -> None:
    """Have the ``wanted`` modules of each revision run that have not, and keep what they came to.

    ``MachineError`` names a unit that nobody could carry out.
    """
    by_revision: dict[str, set[str]] = {}
    for revision, modules in wanted:
        by_revision.setdefault(revision, set()).update(modules)
    units = []
    for revision, names in by_revision.items():
        for package, missing in _by_package(tests, revision, names).items():
            about = {"bench": vars(bench), "revision": revision, "modules": missing}
            key = text_key(f"{revision} {missing!r}")
            title = f"{revision[:12]}: {package}"
            units.append(Unit(key, title, f"{__name__}:run_package", about))
    for ending in executor.run(units):
        if ending.error:
            raise MachineError(f"{ending.unit.title} could not be run: {ending.error}")
        outcomes = {name: ModuleOutcomes(**one) for name, one in ending.value.items()}
        tests.keep(str(ending.unit.arguments["revision"]), outcomes)


def run_package(
    bench: Mapping[str, Any], revision: str, modules: Sequence[str]
) -> dict[str, dict[str, dict[str, str]]]:
    """What ``modules`` come to at ``revision``, by module: those that ran to their end."""
    from extractor.refactor.prove import revision_tests

    asked = Bench(**bench)
    with workspace() as scratch:
        tests = revision_tests(asked, scratch)
        found = tests.outcomes(revision, modules)[1]
        for name in tests.missing(revision, list(found)):
            del found[name]
    return {name: {"of": dict(one.of), "said": dict(one.said)} for name, one in found.items()}


def _by_package(
    tests: RevisionTests, revision: str, modules: Iterable[str]
) -> dict[str, list[str]]:
    """Modules that have not run at ``revision``, by the package whose processes they share."""
    found: dict[str, list[str]] = {}
    for name in tests.missing(revision, list(modules)):
        package = next((p for p in tests.settings.tests if is_below(name, [p])), "others")
        found.setdefault(package, []).append(name)
    return found
