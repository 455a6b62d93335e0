"""Which modules go with a subsystem: those that serve nobody else, and its tests.

Suggestions, each with its figures: told from who uses what, and from how tests are called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from extractor.analysis.uses import Uses
from extractor.project.facts import Project
from extractor.project.named_tests import is_test


@dataclass(frozen=True)
class Test:
    """A test module: of the lines where it uses production code, how many use the subsystem's.

    ``mirrors`` is the module of the subsystem whose name it bears, or empty.
    """

    module: str
    uses_subsystem: int
    uses_any: int
    mirrors: str

    @property
    def belongs(self) -> bool:
        """More than half of its uses are of the subsystem; or it bears its name and has none."""
        if not self.uses_any:
            return bool(self.mirrors)
        return 2 * self.uses_subsystem > self.uses_any


def tests_beside(project: Project, top: str) -> tuple[str, ...]:
    """Top-level names of the tests that lie beside the package ``top``, not in it."""
    found: dict[str, set[bool]] = {}
    for module, path in project.modules.items():
        found.setdefault(module.partition(".")[0], set()).add(project.kind_of(path).of_tests)
    return tuple(
        sorted(
            name
            for name, kinds in found.items()
            if name != top and True in kinds and (name not in project.tops or False not in kinds)
        )
    )


def find_owned(
    subsystem: Collection[str], reached: Iterable[str], uses: Mapping[str, Uses]
) -> tuple[str, ...]:
    """Modules outside of ``subsystem`` that only it and each other use, tests left out.

    ``reached`` are modules of which it needs something.
    """
    users: dict[str, set[str]] = {}
    for module, counts in _uses_of_modules(uses).items():
        for used in counts:
            if not is_test(module):
                users.setdefault(used, set()).add(module)
    own = set(subsystem)
    candidates = {m for m in reached if m in users and m not in own and not is_test(m)}
    while more := {module for module in candidates - own if users[module] <= own}:
        own |= more
    return tuple(sorted(own - set(subsystem)))


def find_tests(
    own: Collection[str], common: Collection[str], uses: Mapping[str, Uses]
) -> tuple[Test, ...]:
    """Test modules that use ``own`` or bear the name of one of them, sorted.

    ``common`` are modules of which both sides use something: they tell nothing.
    """
    counts = _uses_of_modules(uses)
    named = _mirrors(own)
    # What lies beside tests, outside of the packages, serves them, whatever it is called.
    tops = {module.partition(".")[0] for module in own}
    beside = {module.partition(".")[0] for module in uses if is_test(module)} - tops
    tests = []
    for module in sorted(uses):
        if not is_test(module) or module in own:
            continue
        telling = {
            used: count
            for used, count in counts.get(module, Counter()).items()
            if not is_test(used)
            and used.partition(".")[0] not in beside
            and (used in own or used not in common)
        }
        mine = sum(count for used, count in telling.items() if used in own)
        mirrors = _mirrored(module, named)
        if mine or mirrors:
            tests.append(Test(module, mine, sum(telling.values()), mirrors))
    return tuple(tests)


def _uses_of_modules(uses: Mapping[str, Uses]) -> dict[str, Counter[str]]:
    """For each module, how many lines use each other one, re-exports not followed."""
    found: dict[str, Counter[str]] = {}
    for module, keys in uses.items():
        counts = found[module] = Counter()
        for key, lines in keys.items():
            used = _module_of(key, uses.keys()) if lines else ""
            if used and used != module:
                counts[used] += len(lines)
    return found


def _module_of(key: str, modules: Collection[str]) -> str:
    """The longest module that a key of ``Uses`` spells."""
    parts = key.lstrip("*").replace(":", ".").strip(".").split(".")
    while parts and ".".join(parts) not in modules:
        parts.pop()
    return ".".join(parts)


def _mirrors(own: Iterable[str]) -> dict[tuple[str, ...], str]:
    """What a test of each module may be called, without the top package."""
    return {tuple(module.split(".")[1:]): module for module in sorted(own) if "." in module}


def _mirrored(test: str, named: Mapping[tuple[str, ...], str]) -> str:
    """The module that ``test`` is named after: ``top.tests.unit.a.b.test_c`` after ``top.a.b.c``,
    or else the package of the subsystem that its folder is named after; ``tests.test_a_b_c``
    after ``top.a.b.c``."""
    parts = test.split(".")
    last = parts[-1].removeprefix("test_")
    for start in range(1, len(parts)):
        for tail in ((*parts[start:-1], last), tuple(parts[start:-1]), tuple(parts[start:])):
            if tail and tail in named:
                return named[tail]
    return next((module for tail, module in named.items() if "_".join(tail) == last), "")
