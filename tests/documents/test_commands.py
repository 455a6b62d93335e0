"""Every command that a document shows has verbs and options that exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

from extractor.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "results").glob("*.md")]
)
COMMAND = re.compile(r"(?:^(?: {4,}|\$ )|`)(extractor [a-z][^`\n]*)", re.M)


def commands(page):
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    # A synopsis goes on in the next line, which begins with a bracket.
    text = re.sub(r"\n\s+\[", " [", text)
    return [match[1] for match in COMMAND.finditer(text)]


def wrong_in(line):
    """What is wrong with a command line that may be a synopsis; empty when nothing is."""
    words = shlex.split(re.sub(r"[\[\]|]", " ", line.split("#")[0]), posix=False)
    command, context = cli, click.Context(cli, info_name="extractor")
    for word in words[1:]:
        if not isinstance(command, click.Group) or word.startswith("-"):
            break
        found = command.get_command(context, word)
        if found is None:
            if command is cli:
                return f"no verb {word}"
            break
        context = click.Context(found, parent=context, info_name=word)
        command = found
    if isinstance(command, click.Group) and "run" in getattr(command, "commands", {}):
        command = command.commands["run"]
    known = {name for p in command.get_params(context) for name in (*p.opts, *p.secondary_opts)}
    if isinstance(command, click.Group):
        return ""
    for word in words:
        option = word.split("=")[0].rstrip(",.;:)")
        if option.startswith("--") and option != "--" and option not in known:
            return f"{context.info_name} has no option {option}"
    return ""


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("extractor run SOURCE OUTPUT [--plan PLAN]", ""),
        ("extractor report diff SOURCE A B --link URL", ""),
        ("extractor report OUTPUT --open", ""),
        ("extractor rewrite drop_calls --call a:b PATHS", ""),
        ("extractor contracts check --no-cache", ""),
        ("extractor walk", "no verb walk"),
        ("extractor run SOURCE OUTPUT --pln x", "run has no option --pln"),
        ("extractor rewrite drop_calls --cal x", "drop_calls has no option --cal"),
    ],
)
def test_a_wrong_command_is_found(line, wrong):
    assert wrong_in(line) == wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page):
    found = [f"{line}: {wrong}" for line in commands(page) if (wrong := wrong_in(line))]
    assert found == []


def test_there_are_commands():
    assert sum(len(commands(page)) for page in PAGES) > 40
