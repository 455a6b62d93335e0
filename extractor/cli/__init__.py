"""The command line: one module a verb, loaded only when called.

A verb is a module of this package holding a click command named ``command``.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import pkgutil
import resource
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import click

from extractor import __version__
from extractor.cli._summaries import SECTIONS
from extractor.errors import ExitCode, ExtractorError, machine_complaint, machine_error
from extractor.reading.depth import FRAMES
from extractor.terminal import printable

EXIT_CODES = """\b
Exit codes: 0 done; 1 done, but something did not hold; 2 wrong usage or plan, or the
machine is out of resources; 3 the source cannot be used; 4 nothing to do; 70 a bug in extractor."""

_STACK = 64 << 20


class Verbs(click.Group):
    """Finds verbs by module name, so that one verb does not pay for another's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(
            info.name.replace("_", "-")
            for info in pkgutil.iter_modules(__path__)
            if not info.name.startswith("_")
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            from extractor.cli._options import near_miss

            ctx.fail(f"there is no verb {args[0]!r}: {near_miss(args[0], known)}")
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and name is not None and not ctx.resilient_parsing:
            self._set_defaults(ctx, name, command)
        return name, command, rest

    def _set_defaults(self, ctx: click.Context, name: str, command: click.Command) -> None:
        from extractor.cli._defaults import defaults_of, read_defaults

        table = read_defaults(Path.cwd())
        if table:
            ctx.default_map = {name: defaults_of(command, name, table)}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs by what they are for; those nobody put in a section last."""
        known = set(self.list_commands(ctx))
        for title, verbs in SECTIONS.items():
            rows = [(name, words) for name, words in verbs.items() if name in known]
            known -= set(verbs)
            with formatter.section(title):
                formatter.write_dl(rows)
        others = [(name, self.get_command(ctx, name)) for name in sorted(known)]
        if others:
            with formatter.section("Others"):
                formatter.write_dl([(n, c.get_short_help_str(70)) for n, c in others if c])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Click would exit with 1, which means something else here.
            _reader_left()


@click.group(cls=Verbs, epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="extractor")
def cli() -> None:
    """Lift one subsystem out of a large Python repository.

    With its history, without its old dependencies, and with proof that it still works.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; every failure ends in one sentence and a documented exit code."""
    _heed_signals()
    # Syntax trees are millions of objects without a cycle: looking for one after every 700 of
    # them, as Python does unasked, takes a quarter of the time of reading them.
    gc.set_threshold(50_000, 20, 20)
    _make_room_for_deep_code()
    try:
        code = cli.main(arguments, prog_name="extractor", standalone_mode=False)
        sys.stdout.flush()
        # All is done: whoever wants the process to end now may have it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.exit(code if isinstance(code, int) else ExitCode.DONE)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _give_up("interrupted", 128 + signal.SIGINT)
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        print(printable(said.getvalue()), end="", file=sys.stderr)
        sys.exit(ExitCode.USAGE)
    except ExtractorError as error:
        _give_up(str(error), error.exit_code)
    except BrokenPipeError:
        _reader_left()
    except RecursionError:
        _give_up("a file is nested too deeply for Python to compile", ExitCode.SOURCE)
    except Exception as error:
        # Libraries put errors of the system into their own: the words are still its.
        machines = machine_error(error) or machine_complaint(str(error))
        if machines is not None:
            _give_up(str(machines), machines.exit_code)
        # Whatever was not foreseen is ours: the traceback is for the report to us.
        print(printable(traceback.format_exc()), end="", file=sys.stderr)
        _give_up(f"a bug in extractor: {type(error).__name__}: {error}", ExitCode.BUG)


def _make_room_for_deep_code() -> None:
    """Python compiles expressions of thousands of levels: what walks them calls itself as often."""
    sys.setrecursionlimit(FRAMES)
    with contextlib.suppress(ValueError, OSError):
        soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
        if 0 <= soft < _STACK and (hard == resource.RLIM_INFINITY or hard >= _STACK):
            # The system lets the main thread's stack grow as far as the limit is now.
            resource.setrlimit(resource.RLIMIT_STACK, (_STACK, hard))


def _heed_signals() -> None:
    """Let ctrl-C and a polite kill unwind, so that half-made folders are removed."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = _lost_error


def _interrupt(number: int, frame: object) -> NoReturn:
    # Who asks a second time does not want to wait for the tidying up.
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))
    raise KeyboardInterrupt


def _lost_error(lost: Any) -> None:
    """Python drops an error where nobody can catch it; ctrl-C must not get lost that way."""
    if lost.exc_type is not None and issubclass(lost.exc_type, KeyboardInterrupt | SystemExit):
        os._exit(128 + signal.SIGINT)
    sys.__unraisablehook__(lost)


def _reader_left() -> NoReturn:
    """Whoever read our output has seen enough; the interpreter must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(128 + signal.SIGPIPE)


def _give_up(sentence: str, code: int) -> NoReturn:
    print(f"extractor: {printable(sentence)}", file=sys.stderr)
    sys.exit(code)
