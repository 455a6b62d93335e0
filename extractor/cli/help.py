"""``extractor help VERB``: the same as ``extractor VERB --help``."""

from __future__ import annotations

import click


@click.command()
@click.argument("verbs", nargs=-1, metavar="[VERB] [NAME]")
@click.pass_context
def command(ctx: click.Context, verbs: tuple[str, ...]) -> None:
    """Show the help of a verb, or of one of its commands."""
    assert ctx.parent is not None
    context = ctx.parent
    for verb in verbs:
        if not isinstance(context.command, click.Group):
            raise click.UsageError(f"'{context.command_path}' has no commands of its own", ctx)
        name, found, _ = context.command.resolve_command(context, [verb])
        if found is None:
            raise click.UsageError(f"'{context.command_path}' has no command '{verb}'", ctx)
        context = click.Context(found, parent=context, info_name=name)
    click.echo(context.get_help())
