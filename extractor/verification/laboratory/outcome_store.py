"""What each test came to in a tree that ran once: kept by content, one file a module.

A tree's tests end as they end; two processes may write at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from extractor.kept import keep, read_kept
from extractor.verification.laboratory.environment import cache_folder, text_key

# How tests are run and told: part of the name of what is kept.
_FORMAT = 3


@dataclass(frozen=True)
class ModuleOutcomes:
    """Test ids to outcomes of one module, and the last line of what the broken ones said."""

    of: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)


class OutcomeStore:
    """The modules of one tree that have run, under everything that decides how they end.

    ``tree`` is the tree's SHA-1, ``environment`` the environment's name, ``variables`` what is
    set for the tests.
    """

    def __init__(self, tree: str, environment: str, variables: Mapping[str, str]) -> None:
        set_for_them = f"{_FORMAT} {json.dumps(dict(sorted(variables.items())))}"
        self._folder = (
            cache_folder().parent / "outcomes" / f"{tree}-{text_key(environment + set_for_them)}"
        )

    def get(self, module: str) -> ModuleOutcomes | None:
        """What ``module`` came to; ``None`` when it has not run."""
        return read_kept(self._folder / f"{module}.json", _read)

    def put(self, module: str, outcomes: ModuleOutcomes) -> None:
        """Keep what ``module`` came to."""
        values = {"of": dict(outcomes.of), "said": dict(outcomes.said)}
        keep(self._folder / f"{module}.json", json.dumps(values, indent=1).encode("utf-8"))


def _read(text: str) -> ModuleOutcomes:
    values = json.loads(text)
    return ModuleOutcomes(of=dict(values["of"]), said=dict(values["said"]))
