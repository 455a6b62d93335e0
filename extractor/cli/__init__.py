"""The command line: one module a verb, loaded only when called.

A verb is a module of this package holding a click command named ``command``.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Any

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


@click.group(cls=Verbs, epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="extractor")
def cli() -> None:
    """Lift one subsystem out of a large Python repository.

    With its history, without its old dependencies, and with proof that it still works.
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; every failure ends in one sentence and a documented exit code."""
    try:
        code = cli.main(arguments, prog_name="extractor", standalone_mode=False)
        return sys.exit(code if isinstance(code, int) else ExitCode.DONE)
    except click.exceptions.Abort:
        print("extractor: interrupted", file=sys.stderr)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except ExtractorError as error:
        print(f"extractor: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("extractor: interrupted", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        # Whatever was not foreseen is ours: the traceback is for the report to us.
        import traceback

        traceback.print_exc()
        print(f"extractor: a bug of ours: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(ExitCode.BUG)
