"""Where the tests of a source are once a series has moved them: their ids and modules.

Pure: what each commit moved in, names out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from extractor.verification.laboratory.outcome_store import ModuleOutcomes
from extractor.verification.laboratory.test_runs import FAILED_IMPORT


class Places:
    """What was moved by commits in their order; ``moved`` maps modules and ``module:name``."""

    def __init__(self, moved: Iterable[Mapping[str, str]]) -> None:
        places: dict[str, str] = {}
        for moves in moved:
            places = {old: _follow(new, moves) for old, new in places.items()}
            places |= {old: new for old, new in moves.items() if old not in places}
        self._places = {old.replace(":", "."): new for old, new in places.items()}
        self._ends = [{old.partition(":")[0], new.partition(":")[0]} for old, new in places.items()]

    def with_other_ends(self, modules: Collection[str]) -> frozenset[str]:
        """``modules``, and those that something moved to or from one of them."""
        wanted = set(modules)
        return frozenset(wanted.union(*(ends for ends in self._ends if ends & wanted)))

    def test(self, test: str, module: str) -> str:
        """The id that ``test``, of the source's ``module``, has now."""
        return self._test(test, module)[1]

    def followed(self, before: Mapping[str, ModuleOutcomes]) -> dict[str, ModuleOutcomes]:
        """Outcomes under the modules and ids that the tests have now."""
        of: dict[str, dict[str, str]] = {module: {} for module in before}
        said: dict[str, dict[str, str]] = {}
        for module, outcomes in before.items():
            for test, outcome in outcomes.of.items():
                home, name = self._test(test, module)
                of.setdefault(home, {})[name] = outcome
                if test in outcomes.said:
                    said.setdefault(home, {})[name] = outcomes.said[test]
        return {home: ModuleOutcomes(of[home], said.get(home, {})) for home in sorted(of)}

    def _test(self, test: str, module: str) -> tuple[str, str]:
        """Module and id of a test of ``module``."""
        failed = f"{FAILED_IMPORT}." if test.startswith(f"{FAILED_IMPORT}.") else ""
        name, rest = test[len(failed) :], ""
        # A package whose ``__init__`` alone moves takes no test of the modules below it along.
        while len(name) >= len(module):
            if name in self._places:
                home, _, symbol = self._places[name].partition(":")
                return home, failed + ".".join(filter(None, [home, symbol])) + rest
            name, dot, last = name.rpartition(".")
            rest = dot + last + rest
        return module, test


# Private functions


def _follow(place: str, moves: Mapping[str, str]) -> str:
    if place in moves:
        return moves[place]
    module, colon, name = place.partition(":")
    return moves.get(module, module) + colon + name
