"""Write the contracts that keep a cut clean, the plan's own or drawn up from it, for both CIs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from extractor_contracts import baseline
from extractor_contracts.configuration import load
from extractor_contracts.run import run

from extractor.contracting.world import world_of
from extractor.plan.load import Plan
from extractor.plan.model import PlanData
from extractor.plan.moves import is_below
from extractor.source.tree import Tree

_SNIPPETS = Path(__file__).parent / "snippets"
_FROM_BEFORE = "There before the contract was."


def write_contracts(folder: Path, plan: Plan, trees: Mapping[str, Tree]) -> tuple[Path, ...]:
    """Write into ``folder`` a folder a configuration: it, what breaks it today, CI snippets.

    ``trees`` are the source's and the result's by a package of theirs: a configuration about
    neither has no baseline. A plan without contracts gets some about its own cut. Returns the
    files, sorted.
    """
    written = []
    for name, text in (plan.contracts or drawn_up(plan.data, trees)).items():
        file = folder / name / "contracts" / f"{name}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        configuration = load(file)
        tree = trees.get(configuration.packages[0])
        if tree is not None:
            verdicts = run(configuration, world_of(tree, configuration.packages), {})
            known = baseline.updated(verdicts, lambda _contract, _violation: _FROM_BEFORE)
            written += _with_baseline(file, text, known)
        for path, snippet in _snippets(plan).items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(snippet.replace("NAME", name), encoding="utf-8")
            written.append(target)
        written.append(file)
    return tuple(sorted(written))


def _with_baseline(file: Path, text: str, known: baseline.Baseline) -> list[Path]:
    """Name a baseline in the configuration ``file``, and write it, where there is anything."""
    if not any(known.values()):
        return []
    beside = file.with_name(f"{file.stem}.baseline.toml")
    head = "[tool.importlinter]\n"
    named = f'{head}baseline = "contracts/{beside.name}"\n'
    file.write_text(text.replace(head, named), encoding="utf-8")
    beside.write_text(baseline.dump(known), encoding="utf-8")
    return [beside]


def _snippets(plan: Plan) -> dict[str, str]:
    """What is to be pasted into a CI: ours, and what the plan has for the project's own."""
    ours = {path.name: path.read_text(encoding="utf-8") for path in sorted(_SNIPPETS.iterdir())}
    return ours | {path: content.decode("utf-8") for path, content in plan.snippets.items()}


def drawn_up(data: PlanData, trees: Mapping[str, Tree]) -> dict[str, str]:
    """Configurations by name for the source and the result of a plan, as its cut has it."""
    source, target = data.source_package, data.target_package.partition(".")[0]
    own = sorted({*data.roots.packages, *data.layout.whole})
    along = sorted(m for m in data.layout.modules if not is_below(m, [*own, *data.roots.tests]))
    first = _entry(data)
    contracts = [
        _contract(
            f"{data.name}-to-{source}",
            f"{data.name} imports nothing of {source}",
            "one_way",
            upper=[source],
            lower=own,
            shared=along,
            dynamic=True,
        ),
        _contract(
            f"{source}-to-{data.name}",
            f"{source} imports nothing of {data.name}",
            "one_way",
            upper=own,
            lower=[source, *data.roots.tests],
            shared=data.roots.tests,
            dynamic=True,
        ),
        _contract(
            f"{data.name}-cascade",
            f"Importing {first} loads nothing but {data.name}",
            "cascade_budget",
            module=first,
            at_most=0,
            own=[*own, *along],
            dynamic=True,
        ),
    ]
    apart = [
        _contract(
            f"no-{source}",
            f"Nothing imports {source}",
            "forbidden",
            source_modules=[target],
            forbidden_modules=[source.partition(".")[0]],
        )
    ]
    tops = list(dict.fromkeys(m.partition(".")[0] for m in (source, *own, *data.roots.tests)))
    drawn = {source: _configuration(tops, contracts)}
    if target != source.partition(".")[0] and not data.kept:
        drawn[target] = _configuration([target], apart)
    return {name: text for name, text in drawn.items() if name in trees}


def _entry(data: PlanData) -> str:
    """The module of the source that the first entry point is in, else the first root."""
    for entry in data.roots.entry_points:
        module = entry.partition(":")[0]
        for old, new in sorted(data.layout.modules.items(), key=lambda item: -len(item[1])):
            if is_below(module, [new]):
                return old + module[len(new) :]
    return data.roots.packages[0]


def _contract(identifier: str, name: str, type_: str, **options: object) -> str:
    values = {"id": identifier, "name": name, "type": type_, **options}
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items() if value != []]
    return "\n".join(["[[tool.importlinter.contracts]]", *lines, ""])


def _configuration(packages: list[str], contracts: Iterable[str]) -> str:
    head = (
        "# Drawn up from the plan of the extraction: edit it as the cut goes on.\n"
        f"[tool.importlinter]\nroot_packages = {json.dumps(packages)}\n"
        "include_external_packages = true\nexclude_type_checking_imports = true\n"
        "contract_types = [\n"
        '    "cascade_budget: extractor_contracts.cascade_budget.CascadeBudget",\n'
        '    "one_way: extractor_contracts.one_way.OneWay",\n]\n'
    )
    return "\n".join([head, *contracts])
