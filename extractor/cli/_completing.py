"""Values that a shell can complete."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    _Type = click.ParamType[str]
else:
    # Not generic in older releases of click.
    _Type = click.ParamType


class PlanName(_Type):
    """A plan that is shipped, or a folder."""

    name = "plan"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from extractor.plan.load import known_plans

        found = [CompletionItem(name) for name in known_plans() if name.startswith(incomplete)]
        return found or [CompletionItem(incomplete, type="dir")]


class SourceName(_Type):
    """A folder, or releases of a project."""

    name = "source"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        if incomplete and "pypi:".startswith(incomplete):
            return [CompletionItem("pypi:")]
        return [CompletionItem(incomplete, type="dir")]


class Revision(_Type):
    """A branch or tag of SOURCE, where that is a repository on this machine."""

    name = "revision"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        # An option without its value yet keeps click from reading the arguments before it.
        given = ctx.params.get("source") or next(iter(ctx.args), ".")
        place = Path(given).expanduser()
        if not place.is_dir():
            return []
        try:
            listed = subprocess.run(
                ["git", "-C", place, "for-each-ref", "--format=%(refname:short)"],
                capture_output=True,
                text=True,
                timeout=2,
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            return []
        return [CompletionItem(ref) for ref in listed.split() if ref.startswith(incomplete)]


class CheckName(_Type):
    """A check of ``extractor verify``."""

    name = "check"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from extractor.verification.run import CHECKS

        return [CompletionItem(name) for name in CHECKS if name.startswith(incomplete)]
