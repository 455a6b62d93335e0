"""``extractor rewrite``: one rewrite on files of any project; a dry run by default."""

from __future__ import annotations

import dataclasses
import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from extractor import in_place
from extractor.cli._options import Reporting, near_miss, reporting_options, tell
from extractor.cli._rewrite_help import setting_help
from extractor.errors import ExitCode
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


_SHOWN = 20  # files in a line


@dataclass(frozen=True)
class Mode:
    """Whether files are written, and whether even if something would break."""

    write: bool
    force: bool


@dataclass(frozen=True)
class Places:
    """What the rewrite is given, where top-level packages are, and what is to import them."""

    paths: tuple[Path, ...]
    root: Path | None
    python: Path | None


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
    @click.option("--write", is_flag=True, help="Change the files. Without this, only show a diff.")
    @click.option("--force", is_flag=True, help="Write even if the result would be broken.")
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
    @click.option(
        "--python",
        metavar="PY",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Import the changed modules before and after, with this interpreter.",
    )
    @reporting_options
    def call(
        files_or_folders: tuple[Path, ...],
        write: bool,
        force: bool,
        chosen: Path | None,
        root: Path | None,
        python: Path | None,
        reporting: Reporting,
        **values: Any,
    ) -> int:
        given = {} if chosen is None else in_place.read_settings(chosen)
        given |= {name: value for name, value in values.items() if value not in (None, ())}
        places = Places(files_or_folders, root, python)
        return _run(rewrite, places, given, Mode(write, force), reporting)

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
    places: Places,
    values: dict[str, Any],
    mode: Mode,
    reporting: Reporting,
) -> int:
    settings = in_place.settings_from(rewrite, values)
    found = in_place.attempt(rewrite, settings, places.paths, places.root, places.python)
    refused = bool(found.broken) and not mode.force
    written = mode.write and not refused and bool(found.changes)
    if written:
        found.write()
    elif not reporting.as_json and not mode.write:
        for change in found.changes:
            # Bytes: lines of files in other encodings are shown as they are.
            click.echo(change.diff().encode("utf-8", "surrogateescape"), nl=False)
    if reporting.as_json:
        click.echo(json.dumps(_as_json(rewrite, found, written, refused), indent=2))
    else:
        _tell(rewrite, found, mode, refused)
    if found.failed or refused:
        return ExitCode.DID_NOT_HOLD
    return ExitCode.DONE if found.changes else ExitCode.NOTHING_TO_DO


def _as_json(
    rewrite: Rewrite, found: in_place.Attempt, written: bool, refused: bool
) -> dict[str, Any]:
    return {
        "rewrite": rewrite.name,
        "written": written,
        "refused": refused,
        "changed": [change.path.as_posix() for change in found.changes],
        "failed": [
            {"path": one.path, "error": one.message, "line": one.line} for one in found.failed
        ],
        "broken": [dataclasses.asdict(one) for one in found.broken],
        "findings": [dataclasses.asdict(one) for one in found.findings],
        "mentions": list(found.mentions),
    }


def _tell(rewrite: Rewrite, found: in_place.Attempt, mode: Mode, refused: bool) -> None:
    for one in [*found.failed, *found.findings, *found.broken]:
        tell(f"{one.path}:{one.line}: {one.message}", err=True)
    if found.mentions:
        count = len(found.mentions)
        files = "1 file mentions" if count == 1 else f"{count} files mention"
        shown = ", ".join(found.mentions[:_SHOWN]) + (", ..." if count > _SHOWN else "")
        tell(f"not looked at: {files} {found.named}: {shown}", err=True)
    if refused:
        places = "1 place" if len(found.broken) == 1 else f"{len(found.broken)} places"
        click.echo(
            f"{rewrite.name}: refused, nothing written: {places} would break (named above); "
            "change the code there first, or do it all the same with --force",
            err=True,
        )
        return
    done = "changed" if mode.write else "would change"
    besides = [one.path for one in found.changes if one.path.suffix not in (".py", ".pyi")]
    if besides and rewrite.file_names:
        click.echo(f"{done} besides Python: {', '.join(map(str, besides))}", err=True)
    click.echo(f"{rewrite.name}: {len(found.changes)} of {found.total} files {done}", err=True)
