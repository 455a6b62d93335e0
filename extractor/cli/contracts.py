"""``extractor contracts``: rules that keep a cut clean, and a ratchet for what is left."""

from __future__ import annotations

import gc
import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from extractor.cli._options import (
    Executing,
    Reporting,
    executor_options,
    reporting_options,
    rev_option,
    tell,
)
from extractor.errors import ExitCode, MachineError, UsageError
from extractor.files import replace_file
from extractor.scratch import workspace
from extractor.terminal import in_json, printable

if TYPE_CHECKING:
    from extractor_contracts.configuration import Configuration
    from extractor_contracts.verdict import Unread, Verdict

    from extractor.source.tree import Tree

FORMATS = ("text", "json", "sarif", "zuul")

_source = click.argument("source", metavar="[SOURCE]", default=".")
_config = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An import-linter configuration, TOML or INI.  [default: contracts.toml, setup.cfg, "
    ".importlinter or pyproject.toml of the project]",
)
_baseline = click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Baseline of known violations.  [default: the one named in the configuration]",
)


@click.group()
def command() -> None:
    """Check rules about imports on any state of a repository, without running its code."""


@command.command()
@_source
@rev_option
@_config
@_baseline
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write.  [default: standard output]",
)
@click.option("--no-cache", is_flag=True, help="Do not use the cache.")
@reporting_options
def check(
    source: str,
    rev: str | None,
    config: Path | None,
    baseline: Path | None,
    form: str,
    output: Path | None,
    no_cache: bool,
    reporting: Reporting,
) -> int:
    """Check SOURCE's working tree, or its revision REV, against the contracts.

    It fails on new violations, and on entries of the baseline that nothing needs any more. With
    --output the file is in --format, and the text is printed all the same.
    """
    from extractor_contracts import as_json, as_sarif, as_zuul
    from extractor_contracts.as_text import report_text

    configuration = _configuration(config, source)
    known = baseline or configuration.baseline
    if known is not None and not known.exists():
        raise UsageError(f"there is no baseline {known}; 'extractor contracts baseline' writes one")
    place = _place(source, rev, configuration)
    verdicts, unreadable = _verdicts(place, rev, configuration, known, no_cache, reporting)
    form = "json" if reporting.as_json else form
    names = (str(known or "baseline"), str(configuration.path))
    update = ["extractor", "contracts", "baseline", source, *(["--rev", rev] if rev else ())]
    update += ["--config", names[1], "--baseline", names[0] if known else "FILE"]
    text = report_text(verdicts, unreadable, names[0], shlex.join(update))
    if form == "text":
        result = text
    else:
        if form == "json":
            values = as_json.report_values(verdicts, unreadable)
        else:
            renderer = as_sarif if form == "sarif" else as_zuul
            values = renderer.report_values(verdicts, *names, unreadable)
        result = json.dumps(values, indent=2, sort_keys=True)
    if output is None:
        click.echo(in_json(result) if form != "text" else printable(result))
    else:
        _write(output, result + "\n")
        # Who looks at the log sees what was found.
        tell(text)
    kept = all(verdict.kept for verdict in verdicts)
    return ExitCode.DONE if kept else ExitCode.DID_NOT_HOLD


@command.command()
@_source
@rev_option
@_config
@_baseline
@click.option(
    "--reason", metavar="TEXT", help="Accept new violations too, for this reason; edit it later."
)
@click.option("--no-cache", is_flag=True, help="Do not use the cache.")
@reporting_options
def baseline(
    source: str,
    rev: str | None,
    config: Path | None,
    baseline: Path | None,
    reason: str | None,
    no_cache: bool,
    reporting: Reporting,
) -> int:
    """Write today's violations to the baseline, each with a reason.

    An existing baseline only gets shorter, unless --reason explains the new entries.
    """
    from extractor_contracts import baseline as ratchet

    configuration = _configuration(config, source)
    file = baseline or configuration.baseline
    if file is None:
        raise UsageError("name a file with --baseline, or set baseline in [tool.importlinter]")
    if reason is None and not file.exists():
        raise UsageError("give a --reason for today's violations; you can edit each one later")
    place = _place(source, rev, configuration)
    verdicts, _ = _verdicts(place, rev, configuration, file, no_cache, reporting)
    entries = ratchet.updated(verdicts, (lambda _c, _v: reason) if reason else None)
    _write(file, ratchet.dump(entries))
    counts = {
        "kept": sum(len(v.accepted) for v in verdicts),
        "added": sum(len(v.new) for v in verdicts) if reason else 0,
        "taken_out": sum(len(v.unused) for v in verdicts),
        "refused": 0 if reason else sum(len(v.new) for v in verdicts),
    }
    text = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    reporting.result({"file": str(file), **counts}, f"{file}: {text}")
    return ExitCode.DID_NOT_HOLD if counts["refused"] else ExitCode.DONE


@command.command()
@_source
@rev_option
@_config
@click.option("--since", metavar="REV", required=True, help="The commit before the first one.")
@executor_options
@reporting_options
def history(
    source: str,
    rev: str | None,
    config: Path | None,
    since: str,
    executor: Executing,
    reporting: Reporting,
) -> None:
    """Show which commits from --since to --rev the contracts would have stopped, and why.

    Each commit except merges is compared with its parent; no baseline is needed.
    """
    from dataclasses import asdict

    from extractor.contracting.history import replay, summary
    from extractor.contracting.spans import History, replay_by
    from extractor.source.opening import open_source

    configuration = _configuration(config, source)
    with workspace() as scratch:
        opened = open_source(source, rev, workspace=Path(scratch), progress=reporting.progress)
        with opened as found:
            if executor.is_asked_for:
                asked = History(source, found.git_dir, since, found.revision)
                judged = list(replay_by(executor, asked, configuration.path))
            else:
                judged = list(replay(found.git_dir, since, found.revision, configuration))
    values = [asdict(commit) for commit in judged]
    reporting.result({"commits": values}, summary(judged))


def _write(file: Path, text: str) -> None:
    try:
        replace_file(file, text.encode("utf-8"))
    except OSError as error:
        raise MachineError(f"cannot write {file}: {error.strerror}") from None


def _configuration(config: Path | None, source: str) -> Configuration:
    from extractor_contracts.configuration import BadConfiguration, find, load

    if config is None:
        folder = Path(source)
        config = find(Path(), *([folder] if folder.is_dir() else []))
        if config is None:
            raise UsageError("no contracts for import-linter here: name a file with --config")
    try:
        return load(config)
    except BadConfiguration as error:
        raise UsageError(str(error)) from None


def _place(source: str, rev: str | None, configuration: Configuration) -> str:
    """The source: where nothing was named, the folder of a configuration found further up."""
    folder = configuration.path.resolve().parent
    inside = Path().resolve() != folder and Path().resolve().is_relative_to(folder)
    return str(folder) if source == "." and rev is None and inside else source


def _verdicts(
    source: str,
    rev: str | None,
    configuration: Configuration,
    baseline: Path | None,
    no_cache: bool,
    reporting: Reporting,
) -> tuple[list[Verdict], list[Unread]]:
    from extractor_contracts import baseline as ratchet
    from extractor_contracts.file_facts import Store
    from extractor_contracts.run import run
    from extractor_contracts.verdict import ContractMistake

    from extractor.contracting.helper import helped
    from extractor.contracting.world import store_for, world_of

    try:
        known = ratchet.load(baseline) if baseline is not None and baseline.exists() else {}
    except ratchet.BadBaseline as error:
        raise UsageError(str(error)) from None
    # Most objects made from here on live until the end: looking for dead ones only costs.
    gc.disable()
    with _tree(source, rev, reporting) as tree:
        store = Store() if no_cache else store_for(tree, configuration.path)
        with helped(world_of(tree, configuration.packages, store), tree) as world:
            try:
                verdicts = run(configuration, world, known)
            except ContractMistake as error:
                raise UsageError(f"{configuration.path}: {error}") from None
        store.save()
        # Nor need the interpreter look at them once more when it ends.
        gc.freeze()
        return verdicts, sorted(world.unreadable)


@contextmanager
def _tree(source: str, rev: str | None, reporting: Reporting) -> Iterator[Tree]:
    from extractor.source.tree import FolderTree

    folder = Path(source)
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir()
    if rev is None and folder.is_dir() and not bare:
        yield FolderTree(folder)
        return
    from extractor.source.opening import open_source

    with workspace() as scratch:
        opened = open_source(
            source, rev, workspace=Path(scratch), progress=reporting.progress, need_history=False
        )
        with opened as found:
            yield found.tree
