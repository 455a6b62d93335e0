"""``extractor completion SHELL``: the script that makes a shell complete our command line."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_WHERE = {
    "bash": 'eval "$(extractor completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(extractor completion zsh)" in ~/.zshrc, after compinit',
    "fish": "extractor completion fish > ~/.config/fish/completions/extractor.fish",
}


@click.command(
    epilog="\b\nTo install it:\n"
    + "\n".join(f"  {shell}: {line}" for shell, line in _WHERE.items())
)
@click.argument("shell", type=click.Choice(list(_WHERE)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a script that completes verbs, options, plans, revisions and checks."""
    kind = get_completion_class(shell)
    assert kind is not None
    root = ctx.find_root().command
    click.echo(kind(root, {}, "extractor", "_EXTRACTOR_COMPLETE").source())
