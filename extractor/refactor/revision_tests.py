"""The tests of a series' revisions: which modules there are, and what they come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from extractor.analysis.project import Project
from extractor.plan.moves import is_below
from extractor.plan.verify_settings import SeriesSettings
from extractor.progress import Progress
from extractor.refactor.touched import TestModules, find_test_modules, tests_in
from extractor.source.tree import GitTree, run_git
from extractor.verification import labs
from extractor.verification.check import Context
from extractor.verification.laboratory.environment import Environment
from extractor.verification.laboratory.outcome_store import ModuleOutcomes, OutcomeStore
from extractor.verification.laboratory.running_modules import RunningModules
from extractor.verification.laboratory.stepping_tree import SteppingTree
from extractor.verification.laboratory.test_runs import (
    Record,
    Suite,
    limited,
    list_tests,
    run_tests,
)

_HOURS = 6 * 3600.0
# Seconds after which a worker that says nothing is ended; what was only slow is run again.
_SILENCE = 180.0


class RevisionTests:
    """Runs test modules in one tree that goes from revision to revision of ``git_dir``.

    ``base`` is the revision whose environment all run in, ``plain`` a tree to read it from. From
    the revisions ``leaving`` on, tests run on ``result``, the extracted repository.
    """

    def __init__(
        self,
        git_dir: Path,
        base: str,
        context: Context,
        result: Path | None,
        leaving: Collection[str],
        plain: SteppingTree,
        progress: Progress,
    ) -> None:
        self.git_dir = git_dir
        self.base = base
        self.context = context
        self.settings: SeriesSettings = context.settings.series
        self.result = result.resolve() if result else None
        self.progress = progress
        self._leaving = leaving
        self._plain = plain
        self._project = Project((context.plan.data.source_package,))
        self._read: dict[str, tuple[TestModules, dict[str, str]]] = {}
        self._ready: tuple[SteppingTree, Environment] | None = None

    def modules(self, revision: str) -> TestModules:
        """The test modules of ``revision``."""
        return self._modules_and_paths(revision)[0]

    def outcomes(
        self, revision: str, modules: Collection[str]
    ) -> tuple[bool, dict[str, ModuleOutcomes]]:
        """Whether something had to run, and what each module came to at ``revision``."""
        store = self._store(revision)
        found = {name: kept for name in sorted(modules) if (kept := store.get(name)) is not None}
        missing = sorted(set(modules) - found.keys())
        if missing:
            found |= self.run(revision, missing, store)
        return bool(missing), dict(sorted(found.items()))

    def missing(self, revision: str, modules: Collection[str]) -> list[str]:
        """Those of ``modules`` that have not run at ``revision``."""
        store = self._store(revision)
        return [name for name in sorted(modules) if store.get(name) is None]

    def keep(self, revision: str, outcomes: Mapping[str, ModuleOutcomes]) -> None:
        """Keep what modules came to at ``revision`` elsewhere, where they ran to their end."""
        store = self._store(revision)
        for name, one in outcomes.items():
            store.put(name, one)

    def run(
        self,
        revision: str,
        modules: Sequence[str],
        store: OutcomeStore | None = None,
        only: Collection[str] = (),
    ) -> dict[str, ModuleOutcomes]:
        """What each module comes to at ``revision``; what ran to its end is kept in ``store``.

        ``only`` are the ids that run, if not all. Each of the settings' packages of tests has
        processes to itself: what one does to its process when it is imported, eventlet's patches
        say, is not meant for another's tests.
        """
        found: dict[str, ModuleOutcomes] = {}
        for package in self.settings.tests:
            inside = [m for m in modules if m not in found and is_below(m, [package])]
            if inside:
                found |= self._run_together(revision, inside, store, only)
        rest = [name for name in modules if name not in found]
        return found | self._run_together(revision, rest, store, only) if rest else found

    def _run_together(
        self,
        revision: str,
        modules: Sequence[str],
        store: OutcomeStore | None,
        only: Collection[str],
    ) -> dict[str, ModuleOutcomes]:
        """As ``run``, in the same processes.

        A module in which a worker died or stood still is run again without those that did not.
        """
        tree, environment = self._lab()
        top = tree.go(revision)
        paths = self._modules_and_paths(revision)[1]
        suite = Suite(
            top,
            tuple(paths[name] for name in modules),
            environment,
            # The tree stays: what is compiled once need not be again.
            {
                **self.context.settings.test_environment,
                "PYTHONDONTWRITEBYTECODE": "",
                **({"PYTHONPATH": str(self.result)} if self._uses_result(revision) else {}),
            },
        )
        groups = list_tests(suite, self.context.scratch)
        if only:
            groups = limited(groups, only)
        running = RunningModules(groups, {paths[name]: name for name in modules})
        with self.progress.stage(
            f"{revision[:12]}: {running.tests} tests of {len(modules)} modules"
        ) as stage:

            def hear(records: Sequence[Record]) -> None:
                for name, outcomes in running.hear(records).items():
                    if store is not None:
                        store.put(name, outcomes)
                stage.update(running.ended, running.tests)

            hear(())
            run_tests(
                suite,
                groups,
                self.context.scratch,
                workers=self.context.workers,
                timeout=_HOURS,
                silence=_SILENCE,
                hear=hear,
            )
        outcomes, again = running.outcomes(), running.unended()
        if again and len(again) < len(modules):
            outcomes |= self._run_together(revision, again, store, only)
        return outcomes

    def _lab(self) -> tuple[SteppingTree, Environment]:
        if self._ready is None:
            source = self._plain.go(self.base)
            made = labs.environment_of_source(replace(self.context, against=source))
            version = self.context.settings.source.version
            tree = SteppingTree(self.context.scratch / "lab", self.git_dir, made, version)
            self._ready = tree, made
        return self._ready

    def _store(self, revision: str) -> OutcomeStore:
        tree = run_git(self.git_dir, "rev-parse", f"{revision}^{{tree}}").decode("ascii").strip()
        environment = self._lab()[1]
        variables = dict(self.context.settings.test_environment)
        if self._uses_result(revision):
            assert self.result is not None
            names = [str(path.relative_to(self.result)) for path in self.result.rglob("*.py")]
            variables["result"] = labs.content_key(self.result, names)
        return OutcomeStore(tree, environment.root.name, variables)

    def _uses_result(self, revision: str) -> bool:
        return self.result is not None and revision in self._leaving

    def _modules_and_paths(self, revision: str) -> tuple[TestModules, dict[str, str]]:
        if revision not in self._read:
            packages = {*self.settings.tests, *self.settings.suites}
            with GitTree(self.git_dir, revision) as tree:
                graph = self._project.graph(tree)
                paths = {name: graph.modules[name].path or "" for name in tests_in(graph, packages)}
                texts = {n: tree.read(p).decode("utf-8", "replace") for n, p in paths.items()}
            self._read[revision] = find_test_modules(graph, texts, packages), paths
        return self._read[revision]
