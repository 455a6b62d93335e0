"""The series: in which steps the source lets go of the subsystem, as validated data.

It stands in ``series.toml`` beside the plan. Each step carries out decisions that the plan has
taken already, inside the source; only their order and their grouping are said here, and what
the source's other code needs besides.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from extractor.errors import UsageError
from extractor.plan.load import Plan, parse_table
from extractor.plan.model import Table, TextRule
from extractor.plan.moves import target_module
from extractor.plan.values import Branch, Expression, Glob, Line, Module, Path, Subject

Phase: TypeAlias = Literal["decoupled", "removed"]
PHASES: tuple[Phase, ...] = ("decoupled", "removed")
FILE = "series.toml"


class RewriteCall(Table):
    """A registered rewrite over the whole tree, with its settings as the command line has them."""

    name: str
    settings: dict[str, list[str] | dict[str, str] | bool] = Field(default={})


class Edit(TextRule):
    """A person's change of the source's text; where nothing matches, a person is asked."""

    unless: Expression = Field(
        default="",
        description="A regular expression found in those files where the change is not wanted, "
        "because it was made already or what it is for is not there; nor is it where they are not.",
    )


class SeriesStep(Table):
    """One commit; what it does is done in the order of these fields."""

    title: Line = Field(min_length=5, max_length=72)
    reason: str = Field(min_length=10)
    phase: Phase = "decoupled"
    first: list[Edit] = Field(
        default=[], description="What is easier to say of the text before anything is done to it."
    )
    rewrite: list[RewriteCall] = Field(
        default=[], description="Rewrites that the extraction has no need of."
    )
    share: list[Module] = Field(
        default=[], description="Carried symbols of these modules move; everybody follows."
    )
    own: list[Module] = Field(
        default=[],
        description="The subsystem gets the carried symbols of these modules for itself; those "
        "that nothing else uses leave the old place.",
    )
    keep: list[Module] = Field(
        default=[], description="Modules of ``own`` that keep their definitions in any case."
    )
    move: list[Module] = Field(
        default=[], description="Whole modules move to where they live from now on."
    )
    cut: list[Subject] = Field(default=[], description="Cuts of the plan: calls are dropped.")
    replace: list[Subject] = Field(
        default=[], description="Replacements of the plan: the subsystem uses what stands there."
    )
    bring: list[Module] = Field(
        default=[], description="Modules of the result that come in without being asked for."
    )
    retain: dict[Subject, Subject] = Field(
        default={},
        description="Symbols of the subsystem that the rest uses: it gets copies of its own.",
    )
    relocate: dict[Module, Module] = Field(
        default={}, description="Modules of the rest that lie among the subsystem's move out."
    )
    outside: list[Glob] = Field(
        default=[],
        description="Files, by pattern, that use the result from now on, as anybody would.",
    )
    add: list[Path] = Field(
        default=[], description="Files that a person wrote for the source: they are in ``inside``."
    )
    follow: list[Glob] = Field(
        default=[], description="Files, by pattern, that leave if the result has them."
    )
    leave: list[Glob] = Field(
        default=[], description="Files, by pattern, that leave; what the result lacks is told."
    )
    edit: list[Edit] = Field(
        default=[], description="What the source's other code needs for it, path by path."
    )


class Series(Table):
    """The whole of ``series.toml``."""

    branch: Branch = "series"
    probes: list[Module] = Field(
        min_length=1, description="Modules whose import is measured after each step."
    )
    homes: dict[Module, Module] = Field(
        description="Where modules of the result live inside the source; the longest match wins."
    )
    texts: list[TextRule] = Field(
        default=[], description="What is different in a brought file while it is inside."
    )
    step: list[SeriesStep] = Field(min_length=1)

    def home(self, module: str) -> str:
        """Where ``module`` of the result lives inside the source."""
        home = target_module(module, self.homes)
        if home is None:
            raise UsageError(f"{FILE}: no home for {module}: add one to [homes]")
        return home


def load_series(plan: Plan) -> Series:
    """The series of a plan; ``UsageError`` when it has none or a wrong one."""
    path = plan.folder / FILE
    if not path.is_file():
        raise UsageError(f"the plan {plan.data.name!r} has no {FILE}: write one to refactor by it")
    series = parse_table(Series, path.read_bytes(), str(path))
    _check(series, plan, str(path))
    return series


def _check(series: Series, plan: Plan, where: str) -> None:
    """The layout must take back every home; steps may only name decisions that exist."""
    for module, home in series.homes.items():
        back = target_module(home, plan.data.layout.modules)
        if back != module:
            raise UsageError(
                f"{where}: homes: {module} lives in {home}, but the plan's layout takes that to "
                f"{back or 'nowhere'}"
            )
    cuts = {cut.subject for cut in plan.data.cut}
    replaced = {rule.subject for rule in plan.data.replace}
    for step in series.step:
        for kind, names, known in (("cut", step.cut, cuts), ("replace", step.replace, replaced)):
            for name in names:
                if name not in known:
                    raise UsageError(f"{where}: {step.title}: the plan has no {kind} of {name}")
        for path in step.add:
            if path not in plan.inside:
                raise UsageError(f"{where}: {step.title}: the plan has no file inside/{path}")
    phases = [PHASES.index(step.phase) for step in series.step]
    if phases != sorted(phases):
        raise UsageError(f"{where}: steps of phase {PHASES[1]!r} come after all others")
