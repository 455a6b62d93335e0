"""What the static answer is worth: compared with what imports were seen to load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from extractor.analysis.cascade import loaded
from extractor.analysis.graph import Graph, Unknown


@dataclass(frozen=True)
class Observation:
    """What importing ``module`` was seen to load: first-party modules, others' packages.

    ``error`` says why it could not be imported; nothing else is known then. ``by`` gives for a
    module the lines, as ``module:line``, that were running when it was loaded: innermost first,
    the last one at the top level of the module that loads it. ``otherwise`` are first-party
    modules that were there already, as a ``.pth`` file may see to, or under a second name.
    """

    module: str
    loaded: tuple[str, ...]
    third_party: tuple[str, ...] = ()
    error: str = ""
    by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    otherwise: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """One module: how many were seen, and where the static answer differs.

    ``missing`` were seen and not foretold; ``configured`` are those among the seen that a
    place listed as unknown has loaded, with what they bring; ``extra`` were foretold
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
    """All comparisons, and the modules that could not be imported, with the reason.

    ``chosen`` says which place listed as unknown, ``module:line``, loaded which modules.
    """

    compared: tuple[Comparison, ...]
    not_importable: tuple[tuple[str, str], ...]
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()

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
    places = Places(graph)
    chosen: dict[str, set[str]] = {}
    for seen in observations:
        if seen.error:
            failed.append((seen.module, seen.error))
            continue
        static = loaded(graph, seen.module)
        missing = set(seen.loaded) - static
        configured = places.explained(seen, static, missing, chosen)
        compared.append(
            Comparison(
                module=seen.module,
                seen=len(seen.loaded),
                missing=tuple(sorted(missing - configured)),
                configured=tuple(sorted(configured)),
                extra=tuple(sorted(static.difference(seen.loaded, seen.otherwise))),
                third_party=seen.third_party,
            )
        )
    found = tuple((place, tuple(sorted(modules))) for place, modules in sorted(chosen.items()))
    return Report(tuple(compared), tuple(failed), found)


class Places:
    """The places of a graph that are listed as unknown, and what they account for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.lines: set[str] = set()
        self.by_importer: dict[str, list[Unknown]] = {}
        for unknown in graph.unknown:
            self.lines.add(f"{unknown.importer}:{unknown.line}")
            if unknown.via:
                self.lines.add(f"{unknown.via.partition(':')[0]}:{unknown.via_line}")
            if not unknown.on_call:
                self.by_importer.setdefault(unknown.importer, []).append(unknown)

    def explained(
        self,
        seen: Observation,
        static: frozenset[str],
        missing: set[str],
        chosen: dict[str, set[str]],
    ) -> set[str]:
        """Those of ``missing`` that an unknown place has loaded, with all that they bring.

        Where it was noted which lines were running that decides; else the candidates do.
        """
        found: set[str] = set()
        pending = set(missing)
        roots = set(static)
        while True:
            new = set()
            for module in pending:
                by = seen.by.get(module)
                place = next((line for line in by or () if line in self.lines), None)
                if by and place is None:
                    continue
                if place is None:
                    place = self._candidate(module, roots)
                if place is not None:
                    chosen.setdefault(place, set()).add(module)
                    new.add(module)
            for module in tuple(new):
                new |= pending & loaded(self.graph, module)
            if not new:
                return found
            found |= new
            roots |= new
            pending -= new

    def _candidate(self, module: str, importers: set[str]) -> str | None:
        for importer in importers:
            for unknown in self.by_importer.get(importer, ()):
                if module in unknown.candidates:
                    return f"{importer}:{unknown.line}"
        return None


def dump_observations(
    observations: Sequence[Observation], chosen: Iterable[tuple[str, Sequence[str]]] = ()
) -> str:
    """A table of observations to keep: small, and readable in a review.

    A line names a module, then what importing it loads: ``+name`` stands for all that the
    line of ``name`` says. A line of ``chosen`` begins with ``@`` and a place listed as unknown,
    ``module:line``, and names what that loaded. Modules that could not be imported are comments.
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
    lines += [f"@{place}: {' '.join(modules)}" for place, modules in chosen]
    lines += sorted(f"# {o.module}: {o.error}" for o in observations if o.error)
    return "\n".join(lines) + "\n"


def load_observations(text: str) -> list[Observation]:
    """The table that ``dump_observations`` wrote."""
    sets: dict[str, frozenset[str]] = {}
    by: dict[str, tuple[str, ...]] = {}
    rows = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, _, rest = line.partition(": ")
        if name.startswith("@"):
            for module in rest.split():
                by[module] = (*by.get(module, ()), name[1:])
            continue
        loaded_here: set[str] = set()
        for word in rest.split():
            loaded_here |= sets[word[1:]] if word.startswith("+") else {word}
        sets[name] = frozenset(loaded_here)
        rows.append((name, tuple(sorted(loaded_here))))
    return [
        Observation(name, modules, by={m: by[m] for m in modules if m in by})
        for name, modules in rows
    ]
