"""``extractor report``: what a reviewer reads, after a run or of a change under review."""

from __future__ import annotations

import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from extractor.cli._options import ExtraGroup, Reporting, plan_option, reporting_options
from extractor.errors import ExitCode, SourceError, UsageError
from extractor.scratch import workspace

if TYPE_CHECKING:
    from extractor_contracts.configuration import Configuration


class _OutputOrVerb(ExtraGroup):
    """``report OUTPUT`` and ``report diff ...``: what is no verb is an OUTPUT."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h")):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("report", cls=_OutputOrVerb, extra="pages", needs=("jinja2", "pydeps"))
def command() -> None:
    """Write OUTPUT/report for a reviewer: index.html, report.md and report.json.

    extractor report OUTPUT [--source SOURCE] [--open]

    extractor report diff SOURCE REV1 REV2
    """


@command.command("run")
@click.argument("output", metavar="OUTPUT", type=click.Path(path_type=Path))
@click.option(
    "--source",
    metavar="SOURCE",
    help="The source of OUTPUT.   [default: its releases, this folder's repository, "
    "or where it was then]",
)
@click.option("--plan", metavar="PLAN", help="Its plan.  [default: the one named in its manifest]")
@click.option(
    "--series",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Folder written by `extractor refactor`: include its commits.",
)
@click.option("--blame", is_flag=True, help="Also compare the blame of every file (takes minutes).")
@click.option("--no-pictures", is_flag=True, help="Leave out the dependency graphs.")
@click.option("--open", "show", is_flag=True, help="Open the page in a browser.")
@reporting_options
def of_run(
    output: Path,
    source: str | None,
    plan: str | None,
    series: Path | None,
    blame: bool,
    no_pictures: bool,
    show: bool,
    reporting: Reporting,
) -> int:
    """Report on the finished run in OUTPUT (the word ``run`` may be left out)."""
    from extractor.locks import only_one
    from extractor.manifest import read_manifest
    from extractor.plan.load import load_plan
    from extractor.reporting.run import build_run_report, known_source
    from extractor.reporting.write import write_report
    from extractor.source.opening import open_source

    manifest = read_manifest(output / "manifest.json")
    # What a manifest says is no path of the user's.
    chosen = load_plan(plan or Path(manifest.plan.name).name)
    spec = source or known_source(manifest, output, Path.cwd())
    with workspace() as scratch, ExitStack() as stack:
        stack.enter_context(only_one(output, shared=True, note=reporting.progress.warn))
        opened = None
        if spec is not None:
            revision = None if manifest.source.releases else manifest.source.revision
            try:
                opened = stack.enter_context(
                    open_source(
                        spec, revision, workspace=Path(scratch), progress=reporting.progress
                    )
                )
            except SourceError:
                # A source we guessed may be gone; the report says what is missing.
                if source is not None:
                    raise
        report = build_run_report(
            output,
            chosen,
            opened,
            series=series,
            with_blame=blame,
            pictures=not no_pictures,
            progress=reporting.progress,
        )
    page = write_report(output / "report", report)
    reporting.result({"page": str(page), "caveats": list(report.caveats)}, f"{page}")
    if show and not webbrowser.open(page.resolve().as_uri()):
        reporting.progress.warn(f"no browser was found: open {page} yourself")
    return ExitCode.DONE


@command.command("diff")
@click.argument("source", metavar="SOURCE")
@click.argument("rev1", metavar="REV1")
@click.argument("rev2", metavar="REV2")
@plan_option
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Also write index.html, report.md and report.json there.",
)
@click.option(
    "--link",
    metavar="URL",
    default="",
    help="Link to the whole report, for a comment that is cut off at 60 lines.",
)
@click.option(
    "--contracts",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also list new and fixed violations of these contracts; a new one fails.",
)
@reporting_options
def of_change(
    source: str,
    rev1: str,
    rev2: str,
    plan: str,
    output: Path | None,
    link: str,
    contracts: Path | None,
    reporting: Reporting,
) -> int:
    """Show how the change from REV1 to REV2 affects the boundary, as Markdown for a comment."""
    from extractor_contracts.verdict import ContractMistake
    from extractor_reports.markdown import render_markdown

    from extractor.plan.load import load_plan
    from extractor.reporting.change import build_change_report
    from extractor.source.opening import open_source
    from extractor.source.repository import Source

    chosen = load_plan(plan)
    rules = _rules(contracts) if contracts is not None else None
    with workspace() as scratch, ExitStack() as stack:
        sources: list[Source] = []
        for name, revision in (("before", rev1), ("after", rev2)):
            folder = Path(scratch) / name
            folder.mkdir()
            sources.append(
                stack.enter_context(
                    open_source(
                        source,
                        revision,
                        workspace=folder,
                        progress=reporting.progress,
                        need_history=False,
                    )
                )
            )
        try:
            report = build_change_report(sources[0], sources[1], chosen, rules)
        except ContractMistake as error:
            raise UsageError(f"{contracts}: {error}") from None
    if output is not None:
        from extractor.reporting.write import write_report

        write_report(output, report)
    reporting.result(report.model_dump(mode="json"), render_markdown(report, link).rstrip("\n"))
    broken = any(violation.broken for violation in report.violations)
    return ExitCode.DID_NOT_HOLD if broken else ExitCode.DONE


def _rules(path: Path) -> Configuration:
    from extractor_contracts.configuration import BadConfiguration, load

    try:
        return load(path)
    except BadConfiguration as error:
        raise UsageError(str(error)) from None
