"""The ``__init__`` of a package costs everyone who wants anything below it: keep it quiet."""

from __future__ import annotations

from extractor_contracts.base import RatchetedContract, texts
from extractor_contracts.selection import any_covers, matches
from extractor_contracts.verdict import Finding, Violation
from extractor_contracts.words import counted
from extractor_contracts.world import PARENT, World


class QuietInit(RatchetedContract):
    """Named packages' ``__init__`` import nothing, or only what is listed.

    Configuration options:

    - packages: Packages, wildcards allowed; ``a.b`` is that package alone.
    - allowed:  Module expressions that their ``__init__`` may import. (Optional.)
    """

    type_name = "quiet_init"

    packages: list[str] = texts()
    allowed: list[str] = texts([])

    def find(self, world: World) -> Finding:
        wanted = self.packages
        packages = [
            module
            for module, place in world.modules.items()
            if place.is_package and any(matches(expression, module) for expression in wanted)
        ]
        found = []
        for expression in wanted:
            if not any(matches(expression, package) for package in packages):
                found.append(
                    Violation(
                        f"no package {expression}", "", 0, f"there is no package {expression}"
                    )
                )
        for package in packages:
            for edge in (*world.imports_of(package), *world.outside_of(package)):
                if not edge.loads or edge.how == PARENT or (edge.dynamic and not self.dynamic):
                    continue
                own = edge.imported in world.modules
                name = edge.imported if own else edge.imported.partition(".")[0]
                if any_covers(self.allowed, edge.imported):
                    continue
                found.append(
                    Violation(
                        key=f"{package} -> {name}",
                        path=world.path(package),
                        line=edge.line,
                        message=f"the __init__ of {package} imports {name}",
                        way_out=self.way_out
                        or f"import {name} where it is needed, in a module below {package}",
                    )
                )
        return Finding(tuple(found), counted(len(packages), "package"))
