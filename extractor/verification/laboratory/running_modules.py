"""What test modules come to while their tests run: told module by module as each ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extractor.verification.laboratory.outcome_store import ModuleOutcomes
from extractor.verification.laboratory.test_runs import Group, Record, listed_as

# What a test comes to that is listed and of which its worker, though at its end, said nothing.
NO_OUTCOME = "no outcome"
FINE = frozenset({"passed", "skipped", "expected failure"})


class RunningModules:
    """Outcomes by the module in whose file the test was listed, while the tests run.

    ``owners`` maps files to modules; ``tests`` is how many were listed, ``ended`` how many of
    them have ended.
    """

    def __init__(self, groups: Sequence[Group], owners: Mapping[str, str]) -> None:
        self._owner = {test: owners[group.place] for group in groups for test in group.ids}
        self._waiting: dict[str, set[str]] = {name: set() for name in owners.values()}
        for group in groups:
            self._waiting[owners[group.place]].add(group.key)
        self._silent: dict[str, set[str]] = {name: set() for name in self._waiting}
        for test, name in self._owner.items():
            self._silent[name].add(test)
        self._of: dict[str, dict[str, str]] = {name: {} for name in self._waiting}
        self._said: dict[str, dict[str, str]] = {name: {} for name in self._waiting}
        self._whole: set[str] = set()
        self.tests = len(self._owner)
        self.ended = 0

    def hear(self, records: Sequence[Record]) -> dict[str, ModuleOutcomes]:
        """Take in what workers write; modules of which by now all groups have run to their end.

        Each is told once; one without tests with the first call.
        """
        for record in records:
            if "id" in record:
                self._test(record)
            elif "ended" in record:
                self._waiting[self._owner[record["ended"]]].discard(record["ended"])
        fresh = {name for name, left in self._waiting.items() if not left} - self._whole
        self._whole |= fresh
        return {name: self._outcomes(name) for name in sorted(fresh)}

    def unended(self) -> list[str]:
        """Modules with groups that have not run to their end, sorted."""
        return sorted(self._waiting.keys() - self._whole)

    def outcomes(self) -> dict[str, ModuleOutcomes]:
        """What every module came to, with or without its end."""
        return {name: self._outcomes(name) for name in sorted(self._of)}

    def _test(self, record: Record) -> None:
        test = record["id"]
        listed = listed_as(test, self._owner)
        name = self._owner.get(listed, "")
        if listed and listed in self._silent[name]:
            self._silent[name].remove(listed)
            self.ended += 1
        if not name and record["outcome"] not in FINE:
            # A class that cannot be set up is told under a name of its own.
            name = next((n for n in sorted(self._of, reverse=True) if n in test), "")
        if not name:
            return
        self._of[name][test] = record["outcome"]
        lines = record.get("detail", "").strip().splitlines()
        if record["outcome"] not in FINE and lines:
            self._said[name][test] = lines[-1][:300]

    def _outcomes(self, name: str) -> ModuleOutcomes:
        lost = dict.fromkeys(sorted(self._silent[name]), NO_OUTCOME)
        return ModuleOutcomes({**self._of[name], **lost}, self._said[name])
