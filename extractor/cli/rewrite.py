"""``extractor rewrite``: one rewrite on files of any project; a dry run by default."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import click

from extractor import in_place
from extractor.cli._options import Reporting, near_miss, reporting_options
from extractor.cli._rewrite_help import setting_help
from extractor.errors import ExitCode
from extractor.outcome import Failed
from extractor.rewrites import Rewrite, load, registered


class Rewrites(click.Group):
    """One command for every registered rewrite, with its settings as options."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [rewrite.name for rewrite in registered()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        try:
            return command_for(load(cmd_name.replace("-", "_")))
        except KeyError:
            return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            known = self.list_commands(ctx)
            ctx.fail(f"there is no rewrite {args[0]!r}: {near_miss(args[0], known)}")
        return super().resolve_command(ctx, args)


@click.group("rewrite", cls=Rewrites, subcommand_metavar="NAME [OPTIONS] PATHS...")
def command() -> None:
    """Run one rewrite on files or folders of any project.

    The default is a dry run that shows the difference; --write makes the changes.
    """


def command_for(rewrite: Rewrite) -> click.Command:
    """The command of one rewrite: its settings are options that may be repeated."""

    # Not called "paths": that is a setting of some rewrites.
    @click.argument(
        "files_or_folders",
        nargs=-1,
        required=True,
        metavar="PATHS...",
        type=click.Path(exists=True, path_type=Path),
    )
    @click.option("--write", is_flag=True, help="Change the files; without it show a diff.")
    @click.option(
        "--settings",
        "chosen",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Read settings from a TOML file; options win over it.",
    )
    @click.option(
        "--root",
        metavar="FOLDER",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Where the top-level packages are.  [default: above the folders with __init__.py]",
    )
    @reporting_options
    def call(
        files_or_folders: tuple[Path, ...],
        write: bool,
        chosen: Path | None,
        root: Path | None,
        reporting: Reporting,
        **values: Any,
    ) -> int:
        given = {} if chosen is None else in_place.read_settings(chosen)
        given |= {name: value for name, value in values.items() if value not in (None, ())}
        return _run(rewrite, files_or_folders, root, given, write, reporting)

    made = click.command(
        rewrite.name,
        help="\n\n".join(
            [
                rewrite.summary,
                rewrite.reason,
                inspect.cleandoc(rewrite.settings.__doc__ or "").replace("``", ""),
                f"Afterwards: {rewrite.review.value}.",
            ]
        ),
        short_help=rewrite.summary.split(":")[0].rstrip("."),
    )(call)
    for name, kind in reversed(in_place.setting_kinds(rewrite).items()):
        words = setting_help(rewrite, name)
        if kind == "flag":
            switch = f"--{_dashed(name)}/--no-{_dashed(name)}"
            made = click.option(switch, name, default=None, help=words)(made)
        else:
            metavar = "OLD=NEW" if kind == "mapping" else "VALUE"
            words = f"{words} May be repeated."
            option = f"--{_singular(name)}"
            made = click.option(option, name, multiple=True, metavar=metavar, help=words)(made)
    return made


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _singular(name: str) -> str:
    return _dashed(name).removesuffix("s")


def _run(
    rewrite: Rewrite,
    paths: tuple[Path, ...],
    root: Path | None,
    values: dict[str, Any],
    write: bool,
    reporting: Reporting,
) -> int:
    settings = in_place.settings_from(rewrite, values)
    files = in_place.files_below(paths, rewrite.suffixes)
    changed: list[str] = []
    failed: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    for change in in_place.run(rewrite, settings, files, root):
        name, outcome = change.path.as_posix(), change.outcome
        if isinstance(outcome, Failed):
            failed.append({"path": name, "error": outcome.error, "line": outcome.line})
            continue
        for found in getattr(outcome, "findings", ()):
            findings.append({"path": name, "line": found.line, "message": found.message})
        if change.is_one:
            changed.append(name)
            if write:
                change.write()
            elif not reporting.as_json:
                click.echo(change.diff(), nl=False)
    if reporting.as_json:
        summary = {"rewrite": rewrite.name, "written": write, "changed": changed}
        click.echo(json.dumps({**summary, "failed": failed, "findings": findings}, indent=2))
    else:
        for entry in failed:
            click.echo(f"{entry['path']}:{entry['line']}: {entry['error']}", err=True)
        for entry in findings:
            click.echo(f"{entry['path']}:{entry['line']}: {entry['message']}", err=True)
        done = "changed" if write else "would change"
        total = len({*changed, *(path.as_posix() for path in files)})
        click.echo(f"{rewrite.name}: {len(changed)} of {total} files {done}", err=True)
    if failed:
        return ExitCode.DID_NOT_HOLD
    return ExitCode.DONE if changed else ExitCode.NOTHING_TO_DO
