"""The command line: one module a verb, loaded only when called.

A verb is a module of this package holding a click command named ``command``.
"""

from __future__ import annotations

import difflib
import errno
import gc
import importlib
import os
import pkgutil
import signal
import sys
import traceback
from typing import Any, NoReturn

import click

from extractor import __version__
from extractor.errors import ExitCode, ExtractorError

EXIT_CODES = """\b
Exit codes: 0 done; 1 done, but something did not hold; 2 wrong usage or plan;
3 the source cannot be used; 4 nothing to do; 70 a bug of ours."""


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
            near = difflib.get_close_matches(args[0], known, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
            ctx.fail(f"there is no verb {args[0]!r}: {hint}")
        return super().resolve_command(ctx, args)

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


# Not ours and not the source's: the user's machine has no room or no permission.
_MACHINE_SAYS_NO = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line; every failure ends in one sentence and a documented exit code."""
    # A polite kill unwinds like ctrl-C does, so that half-made folders are removed.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    # Syntax trees are millions of objects without a cycle: looking for one after every 700 of
    # them, as Python does unasked, takes a quarter of the time of reading them.
    gc.set_threshold(50_000, 20, 20)
    try:
        code = cli.main(arguments, prog_name="extractor", standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else ExitCode.DONE)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _give_up("interrupted", 128 + signal.SIGINT)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except ExtractorError as error:
        _give_up(str(error), error.exit_code)
    except BrokenPipeError:
        _reader_left()
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _MACHINE_SAYS_NO:
            _give_up(f"{error.filename or 'this machine'}: {error.strerror}", ExitCode.USAGE)
        # Whatever was not foreseen is ours: the traceback is for the report to us.
        traceback.print_exc()
        _give_up(f"a bug of ours: {type(error).__name__}: {error}", ExitCode.BUG)


def _reader_left() -> NoReturn:
    """Whoever read our output has seen enough; the interpreter must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(128 + signal.SIGPIPE)


def _give_up(sentence: str, code: int) -> NoReturn:
    print(f"extractor: {sentence}", file=sys.stderr)
    sys.exit(code)
