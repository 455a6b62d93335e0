"""The job of ``prove``: after every commit of a series the tests end as before the series.

Commit by commit: the subsystem's own suites, the test modules that the commit concerns, and the
linter's messages for its files. What a tree's tests came to is kept, so that a second look, or
one after a kill, runs only what has not run.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from extractor.errors import UsageError
from extractor.execution.unit import Executor
from extractor.manifest import (
    CheckRecord,
    Manifest,
    ProofRecord,
    SeriesRecord,
    read_manifest,
    write_manifest,
)
from extractor.outcome import CheckOutcome
from extractor.plan.load import Plan, load_plan
from extractor.plan.moves import is_below
from extractor.plan.verify_settings import SeriesSettings
from extractor.progress import Progress
from extractor.refactor.places import Places
from extractor.refactor.revision_tests import RevisionTests
from extractor.refactor.touched import modules_of_paths
from extractor.refactor.units import Bench, run_first
from extractor.verification import labs
from extractor.verification.check import Context
from extractor.verification.laboratory.outcome_store import ModuleOutcomes
from extractor.verification.laboratory.running_modules import FINE
from extractor.verification.laboratory.stepping_tree import SteppingTree
from extractor.wording import counted

Part: TypeAlias = Literal["suites", "touched", "style"]
PARTS: tuple[Part, ...] = get_args(Part)
# How often the modules of what ends otherwise run again, until it ends alike on both sides.
_REPEATS = 3


@dataclass(frozen=True)
class Comparison:
    """How tests end, against how they ended before the series: ids, sorted.

    ``differences`` are those that end otherwise, are lost, or are new and do not pass; ``gone``
    those of modules that are not there any more. All by the ids that tests have after.
    """

    same: int
    differences: tuple[str, ...]
    gone: int


def compare(
    before: Mapping[str, ModuleOutcomes], after: Mapping[str, ModuleOutcomes]
) -> Comparison:
    """Compare module by module and id by id; a module without tests is there all the same."""
    was, now = _by_id(before.values()), _by_id(after.values())
    differences = []
    gone = 0
    for module, outcomes in before.items():
        for test in outcomes.of:
            if test in now:
                continue
            if module in after:
                differences.append(test)
            else:
                gone += 1
    differences += [test for test, outcome in now.items() if test in was and was[test] != outcome]
    differences += [
        test for test, outcome in now.items() if test not in was and outcome not in FINE
    ]
    same = sum(1 for test, outcome in now.items() if was.get(test) == outcome)
    return Comparison(same, tuple(sorted(set(differences))), gone)


def parse_commits(text: str, last: int) -> range:
    """Which numbers ``A``, ``A..B``, ``A..`` or ``..B`` means, of 1 to ``last``."""
    found = re.fullmatch(r"(\d*)(\.\.)?(\d*)", text)
    if found is None or not (found[1] or found[2]) or (found[3] and not found[2]):
        raise UsageError(f"--commits {text!r}: give a number, A..B, A.. or ..B")
    first = int(found[1] or 1)
    end = int(found[3] or last) if found[2] else first
    if not 1 <= first <= end <= last:
        raise UsageError(f"--commits {text!r}: the series has the steps 1 to {last}")
    return range(first, end + 1)


def prove(
    output: Path,
    plan: Plan,
    *,
    commits: str = "",
    parts: Sequence[Part] = PARTS,
    below: Sequence[str] = (),
    result: Path | None = None,
    python: Path | None = None,
    workers: int = 2,
    scratch: Path,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> Manifest:
    """Look at each commit of the series in OUTPUT and note in its manifest what was seen.

    ``commits`` as ``parse_commits`` reads it (empty: all); ``below`` narrows which test modules
    a commit may concern; ``result`` is the extracted repository, on which the tests of the phase
    ``removed`` run. ``UsageError`` when OUTPUT has no series, nothing is ``below`` or the plan
    says nothing of how to prove one, ``NoEnvironment`` when its tests cannot run here. With an
    ``executor`` it runs the tests first, each package of a revision's as a unit.
    """
    progress = progress or Progress()
    path = output / "manifest.json"
    manifest = read_manifest(path)
    series = _series_of(manifest, plan, output)
    wanted = parse_commits(commits, max(r.number for r in series)) if commits else None
    chosen = [record for record in series if wanted is None or record.number in wanted]
    _require_result(chosen, parts, result)
    revisions = [manifest.source.revision, *(r.revision for r in series)]
    before = dict(zip((record.number for record in series), revisions, strict=False))
    bench = _bench(output, plan, result, python, workers)
    prover = _prover(bench, plan, scratch, progress, below)
    prover.check_below(series[-1].revision)
    if executor is not None:
        looks = [(part, record) for record in chosen for part in parts]
        asked = (prover.asked_for(part, one, before[one.number]) for part, one in looks)
        with progress.stage("tests"):
            run_first(executor, prover.tests, [s for sides in asked for s in sides.items()], bench)
    for record in chosen:
        for part in parts:
            with progress.stage(f"commit {record.number}: {part}"):
                started = time.monotonic()
                ran, proof = prover.look(part, record, before[record.number])
            # It may have taken an hour: another process can have noted something meanwhile.
            manifest = read_manifest(path)
            _note(manifest, record.number, proof, time.monotonic() - started if ran else None)
            manifest.checks = [
                *(c for c in manifest.checks if c.name != _check_name(part)),
                _verdict(manifest, part),
            ]
            write_manifest(path, manifest)
    return manifest


def revision_tests(bench: Bench, scratch: Path) -> RevisionTests:
    """What runs the tests of the series in ``bench.output``, in the empty folder ``scratch``."""
    return _prover(bench, load_plan(bench.plan), scratch, Progress(), ()).tests


def _bench(
    output: Path, plan: Plan, result: Path | None, python: Path | None, workers: int
) -> Bench:
    return Bench(
        output=str(output.resolve()),
        plan=f"{plan.folder}/",
        result=str(result.resolve()) if result else None,
        python=str(python) if python else None,
        workers=workers,
    )


def _prover(
    bench: Bench, plan: Plan, scratch: Path, progress: Progress, below: Sequence[str]
) -> _Prover:
    output = Path(bench.output)
    manifest = read_manifest(output / "manifest.json")
    context = Context(
        plan=plan,
        settings=plan.data.verify,
        scratch=scratch,
        shared=scratch,
        python=Path(bench.python) if bench.python else None,
        workers=bench.workers,
        report=progress.note,
    )
    git_dir = output / manifest.results[0].path / ".git"
    result = Path(bench.result) if bench.result else None
    return _Prover(git_dir, manifest, context, below, result, progress)


def _series_of(manifest: Manifest, plan: Plan, output: Path) -> list[SeriesRecord]:
    """The commits of the series; ``UsageError`` where there is none, or no way to prove it."""
    series = [record for record in manifest.series if record.revision]
    if not series:
        raise UsageError(f"{output} holds no series: give a folder written by `extractor refactor`")
    if manifest.plan.name != plan.data.name:
        raise UsageError(f"{output} was made with plan {manifest.plan.name}: give it with --plan")
    settings = plan.data.verify.series
    if not settings.tests or not settings.suites:
        raise UsageError(f"plan {plan.data.name!r} has no [verify.series], which says what to run")
    return series


def _require_result(
    chosen: Sequence[SeriesRecord], parts: Sequence[Part], result: Path | None
) -> None:
    leaving = [record for record in chosen if record.phase == "removed"]
    if leaving and result is None and set(parts) != {"style"}:
        raise UsageError(
            f"the tests of commit {leaving[0].number} and of those after it use what was "
            "extracted: give its folder with --result"
        )


def summary(manifest: Manifest) -> str:
    """A table with a line a commit, and what to look at first."""
    rows = [("commit", *PARTS, "seconds")]
    for record in manifest.series:
        if not record.revision:
            continue
        told = {proof.part: proof for proof in record.proofs}
        seconds = sum(
            took
            for name, took in manifest.timing.seconds.items()
            if name in {_timing_name(record.number, part) for part in PARTS}
        )
        cells = [_cell(told.get(part)) for part in PARTS]
        rows.append((str(record.number), *cells, f"{seconds:.0f}"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    broken = [
        (record, proof)
        for record in manifest.series
        for proof in record.proofs
        if proof.outcome == "did not hold"
    ]
    lines += ["", *manifest.ending()]
    if broken:
        record, proof = broken[0]
        lines += ["", f"Look first at commit {record.number} ({record.title}): {proof.findings[0]}"]
    return "\n".join(lines)


# Private functions


class _Prover:
    """Looks at one commit after another: has its tests and the linter run, and judges."""

    def __init__(
        self,
        git_dir: Path,
        manifest: Manifest,
        context: Context,
        below: Sequence[str],
        result: Path | None,
        progress: Progress,
    ) -> None:
        self.base = manifest.source.revision
        self.context = context
        self.settings: SeriesSettings = context.settings.series
        self.below = tuple(below)
        self._moved = {r.number: r.moved for r in manifest.series}
        self._last = {r.phase: r.revision for r in manifest.series if r.revision}.values()
        self._plain = SteppingTree(context.scratch / "plain", git_dir)
        leaving = {r.revision for r in manifest.series if r.phase == "removed"}
        self.tests = RevisionTests(
            git_dir, self.base, context, result, leaving, self._plain, progress
        )

    def check_below(self, last: str) -> None:
        """``UsageError`` for a name below which neither the source nor ``last`` has tests."""
        if not self.below:
            return
        there = {n for revision in (self.base, last) for n in self.tests.modules(revision).names}
        for name in self.below:
            if not any(is_below(module, {name}) for module in there):
                raise UsageError(
                    f"--below {name!r}: no test module of that name or below it, before the "
                    f"series or after it; tests are below {', '.join(self.settings.tests)}"
                )

    def look(self, part: Part, record: SeriesRecord, before: str) -> tuple[bool, ProofRecord]:
        """Whether anything had to run, and what was seen."""
        if part == "style":
            return True, self._style(record, before)
        return self._judge(part, record, self._chosen(part, record, before))

    def asked_for(self, part: Part, record: SeriesRecord, before: str) -> dict[str, list[str]]:
        """The test modules that ``look`` will want, by revision; none for the linter."""
        if part == "style":
            return {}
        sides = self._sides(record, self._chosen(part, record, before))[1:]
        return {
            revision: sorted(modules)
            for revision, modules in zip((self.base, record.revision), sides, strict=True)
        }

    def _chosen(self, part: Part, record: SeriesRecord, before: str) -> frozenset[str]:
        """The modules that are looked at after a commit, by their names on either side."""
        if part == "suites":
            packages = self.settings.suites
            at_base = self.tests.modules(self.base).below(packages)
            return at_base | self.tests.modules(record.revision).below(packages)
        earlier, later = self.tests.modules(before), self.tests.modules(record.revision)
        touched = modules_of_paths(record.paths)
        whole = [
            run.tests
            for run in self.settings.whole
            if touched & set(run.touching) or record.revision in self._last
        ]
        chosen = earlier.concerned(touched) | later.concerned(touched)
        chosen |= earlier.below(whole) | later.below(whole)
        return chosen - {
            name
            for name in chosen
            if (self.below and not is_below(name, self.below))
            or is_below(name, self.settings.suites)
        }

    def _sides(
        self, record: SeriesRecord, chosen: frozenset[str]
    ) -> tuple[Places, frozenset[str], frozenset[str]]:
        """What has moved by then, and those of the ``chosen`` modules that each side has."""
        places = Places(moved for number, moved in self._moved.items() if number <= record.number)
        chosen = places.with_other_ends(chosen)
        at_base = chosen & self.tests.modules(self.base).names.keys()
        return places, at_base, chosen & self.tests.modules(record.revision).names.keys()

    # Tests.

    def _judge(
        self, part: Part, record: SeriesRecord, chosen: frozenset[str]
    ) -> tuple[bool, ProofRecord]:
        """Run those of the ``chosen`` modules that are there, on both sides of the commit.

        What moved since is looked for at both of its places.
        """
        places, at_base, now = self._sides(record, chosen)
        ran_before, source = self.tests.outcomes(self.base, at_base)
        ran_after, after = self.tests.outcomes(record.revision, now)
        before = places.followed(source)
        compared = compare(before, after)
        unsteady, freed = set[str](), set[str]()
        if compared.differences:
            differing = set(compared.differences)
            unsteady = self._unsteady(record.revision, differing, source, after, places)
            freed = self._freed(record.revision, differing - unsteady, source, after, places)
        was, ended, said = _by_id(before.values()), _by_id(after.values()), _said(after.values())
        ids = ((t, places.test(t, module)) for module, one in source.items() for t in one.of)
        moved = sum(1 for old, new in ids if old != new and new in ended)
        findings = tuple(
            f"{test}: {was.get(test, 'not there')} before the series, "
            f"{ended.get(test, 'lost')} now" + (f": {said[test]}" if test in said else "")
            for test in compared.differences
            if test not in unsteady | freed
        )
        counts = Counter(ended.values())
        evidence = [", ".join(f"{n} {outcome}" for outcome, n in sorted(counts.items())) or "none"]
        if compared.gone:
            evidence.append(f"{compared.gone} left with their modules")
        if moved:
            evidence.append(f"{moved} have moved")
        evidence += [
            f"has the same outcome when its module runs again: {test}" for test in sorted(unsteady)
        ]
        evidence += [
            f"{was.get(test, 'not there')} before the series behind tests that have parted from "
            f"it, {ended[test]} without them: {test}"
            for test in sorted(freed)
        ]
        below = self.below if part == "touched" else ()
        if below:
            evidence.append(f"only test modules below {', '.join(below)}")
        return ran_before or ran_after, ProofRecord(
            part=part,
            outcome="did not hold" if findings else "held",
            modules=len(now),
            tests=len(ended),
            below=below,
            findings=findings,
            evidence=tuple(evidence),
        )

    def _unsteady(
        self,
        revision: str,
        tests: set[str],
        before: Mapping[str, ModuleOutcomes],
        after: Mapping[str, ModuleOutcomes],
        places: Places,
    ) -> set[str]:
        """Those of ``tests`` that end alike when their modules run again alone on both sides.

        They need, or suffer from, what ran before them in their process, or the hour. Chance has
        ``_REPEATS`` chances.
        """
        left = tests
        for _ in range(_REPEATS):
            sides = (places.followed(before), after)
            both = {m for side in sides for m, one in side.items() if left & one.of.keys()}
            both |= places.with_other_ends(both)
            here = sorted(both & after.keys())
            there = sorted(both & before.keys())
            now = self.tests.run(revision, here) if here else {}
            was = self.tests.run(self.base, there) if there else {}
            left = left & set(compare(places.followed(was), now).differences)
            if not left:
                break
        return tests - left

    def _freed(
        self,
        revision: str,
        tests: set[str],
        before: Mapping[str, ModuleOutcomes],
        after: Mapping[str, ModuleOutcomes],
        places: Places,
    ) -> set[str]:
        """Those of ``tests`` that other tests of their module broke, which are elsewhere now.

        They are fine now, and are so on both sides when only what both modules hold runs.
        """
        freed: set[str] = set()
        for home, ended in after.items():
            cured = {t for t in tests if ended.of.get(t) in FINE}
            for module, was in before.items() if cured else ():
                olds = [old for old in was.of if places.test(old, module) in ended.of]
                shared = {places.test(old, module) for old in olds}
                if not cured & shared or len(olds) == len(was.of) == len(ended.of):
                    continue
                then = places.followed(self.tests.run(self.base, [module], only=olds))
                now = self.tests.run(revision, [home], only=shared)
                alike = cured & shared - set(compare(then, now).differences)
                freed |= {t for t in alike if _by_id(now.values()).get(t) == ended.of[t]}
        return freed

    # Style.

    def _style(self, record: SeriesRecord, before: str) -> ProofRecord:
        """The linter's messages for the commit's files: none that were not there before."""
        paths = [path for path in record.paths if path.endswith(".py")]
        was = Counter(text for _, text in self._messages(before, paths))
        said = self._messages(record.revision, paths)
        findings = []
        for place, text in said:
            if was[text]:
                was[text] -= 1
            else:
                findings.append(f"{place}: {text}")
        return ProofRecord(
            part="style",
            outcome="did not hold" if findings else "held",
            modules=len(paths),
            findings=tuple(findings),
            evidence=(f"{len(said)} messages in {len(paths)} files, {len(findings)} of them new",),
        )

    def _messages(self, revision: str, paths: Sequence[str]) -> list[tuple[str, str]]:
        """``path:line:column`` and text of each message of the linter, as the tree has it."""
        top = self._plain.go(revision)
        there = [path for path in paths if (top / path).is_file()]
        if not there:
            return []
        made = labs.style_checker_of_source(self.context)
        done = subprocess.run(
            [str(made.python), "-m", "flake8", *(f"./{path}" for path in there)],
            cwd=top,
            env=made.variables(),
            capture_output=True,
            text=True,
        )
        messages = [
            (found[1].removeprefix("./"), found[2])
            for line in done.stdout.splitlines()
            if (found := re.match(r"(.+?:\d+:\d+): (.+)", line))
        ]
        if done.returncode and not messages:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise UsageError(f"the linter could not run at {revision[:12]}: {last}")
        return messages


def _by_id(modules: Iterable[ModuleOutcomes]) -> dict[str, str]:
    return {test: outcome for module in modules for test, outcome in module.of.items()}


def _said(modules: Iterable[ModuleOutcomes]) -> dict[str, str]:
    return {test: line for module in modules for test, line in module.said.items()}


def _note(manifest: Manifest, number: int, proof: ProofRecord, seconds: float | None) -> None:
    """Put ``proof`` in its commit's record; what did not run keeps the time it once took."""
    if seconds is not None:
        manifest.timing.seconds[_timing_name(number, proof.part)] = seconds
    manifest.series = [
        record.model_copy(
            update={
                "proofs": tuple(
                    sorted(
                        [*(p for p in record.proofs if p.part != proof.part), proof],
                        key=lambda one: PARTS.index(one.part),
                    )
                )
            }
        )
        if record.number == number
        else record
        for record in manifest.series
    ]


def _verdict(manifest: Manifest, part: Part) -> CheckRecord:
    """What is to be said of the whole series: it holds when all of every commit was seen to."""
    records = [record for record in manifest.series if record.revision]
    seen = [proof for record in records for proof in record.proofs if proof.part == part]
    broken = sum(proof.outcome == "did not hold" for proof in seen)
    findings = sum(len(proof.findings) for proof in seen)
    whole = sum(not proof.below for proof in seen)
    told = f"{whole} of {len(records)} commits seen, {counted(findings, 'difference')}"
    if whole < len(seen):
        told += f", {len(seen) - whole} more seen in part"
    if part != "style":
        told += f", {sum(proof.tests for proof in seen)} tests run"
    seen_all = CheckOutcome.HELD if whole == len(records) else CheckOutcome.CANNOT_RUN
    outcome = CheckOutcome.BROKEN if broken else seen_all
    return CheckRecord(name=_check_name(part), outcome=outcome, evidence=(told,))


def _check_name(part: Part) -> str:
    return f"series_{part}"


def _timing_name(number: int, part: Part) -> str:
    return f"commit {number}: {part}"


def _cell(proof: ProofRecord | None) -> str:
    if proof is None:
        return "-"
    is_style = proof.part == "style"
    count = counted(proof.modules, "file") if is_style else counted(proof.tests, "test")
    found = len(proof.findings)
    narrowed = ", in part" if proof.below else ""
    told = counted(found, "difference") if found else "no difference"
    return f"{count}, {told}{narrowed}"
