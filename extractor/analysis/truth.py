"""What the static answer is worth: compared with what imports were seen to load."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from extractor.analysis.cascade import loaded
from extractor.analysis.graph import Graph


@dataclass(frozen=True)
class Observation:
    """What importing ``module`` was seen to load: first-party modules, others' packages.

    ``error`` says why it could not be imported; nothing else is known then.
    """

    module: str
    loaded: tuple[str, ...]
    third_party: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Comparison:
    """One module: how many were seen, and where the static answer differs.

    ``missing`` were seen and not foretold; ``configured`` are those among the seen that a
    name taken from configuration decides, with what they bring; ``extra`` were foretold
    and not seen. ``third_party`` are the other projects' packages that were loaded, by
    whomever; a kept table does not have them.
    """

    module: str
    seen: int
    missing: tuple[str, ...]
    configured: tuple[str, ...]
    extra: tuple[str, ...]
    third_party: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All comparisons, and the modules that could not be imported, with the reason."""

    compared: tuple[Comparison, ...]
    not_importable: tuple[tuple[str, str], ...]

    @property
    def holds(self) -> bool:
        """None missing, at most two too many for one module and one percent over all."""
        extra = sum(len(c.extra) for c in self.compared)
        seen = sum(c.seen for c in self.compared)
        return (
            not any(c.missing for c in self.compared)
            and all(len(c.extra) <= 2 for c in self.compared)
            and extra * 100 <= seen
        )


def compare(graph: Graph, observations: Iterable[Observation]) -> Report:
    """The static answers of ``graph`` against ``observations``, module by module."""
    compared = []
    failed = []
    for seen in observations:
        if seen.error:
            failed.append((seen.module, seen.error))
            continue
        static = loaded(graph, seen.module)
        missing = set(seen.loaded) - static
        configured: set[str] = set()
        for unknown in graph.unknown:
            if missing and not unknown.on_call and unknown.importer in static:
                for candidate in unknown.candidates:
                    if candidate in seen.loaded:
                        configured |= missing & loaded(graph, candidate)
        compared.append(
            Comparison(
                module=seen.module,
                seen=len(seen.loaded),
                missing=tuple(sorted(missing - configured)),
                configured=tuple(sorted(configured)),
                extra=tuple(sorted(static - set(seen.loaded))),
                third_party=seen.third_party,
            )
        )
    return Report(tuple(compared), tuple(failed))


def dump_observations(observations: Sequence[Observation]) -> str:
    """A table of observations to keep: small, and readable in a review.

    A line names a module, then what importing it loads: ``+name`` stands for all that the
    line of ``name`` says. Modules that could not be imported are comments.
    """
    good = sorted((o for o in observations if not o.error), key=lambda o: (len(o.loaded), o.module))
    lines = []
    sets: list[tuple[str, frozenset[str]]] = []
    for seen in good:
        whole = frozenset(seen.loaded)
        left = set(whole)
        words = []
        for name, inner in sorted(sets, key=lambda pair: (-len(pair[1]), pair[0])):
            if inner <= whole and len(inner & left) > 1:
                words.append(f"+{name}")
                left -= inner
        words += sorted(left)
        sets.append((seen.module, whole))
        lines.append(f"{seen.module}: {' '.join(words)}")
    lines += sorted(f"# {o.module}: {o.error}" for o in observations if o.error)
    return "\n".join(lines) + "\n"


def load_observations(text: str) -> list[Observation]:
    """The table that ``dump_observations`` wrote."""
    sets: dict[str, frozenset[str]] = {}
    found = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, _, rest = line.partition(": ")
        loaded_here: set[str] = set()
        for word in rest.split():
            loaded_here |= sets[word[1:]] if word.startswith("+") else {word}
        sets[name] = frozenset(loaded_here)
        found.append(Observation(name, tuple(sorted(loaded_here))))
    return found
