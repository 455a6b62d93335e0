"""Write the reference from the code: ``python -m docs.reference_pages``.

The pages are made when the site is built and are not kept in the repository.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import click
from extractor_contracts.configuration import OWN_TYPES

from extractor.cli import cli
from extractor.cli._summaries import SECTIONS
from extractor.errors import ExitCode
from extractor.plan.model import PlanData
from extractor.rewrites import registered

_EXIT_CODES = {
    ExitCode.DONE: "Done; everything that was checked holds.",
    ExitCode.DID_NOT_HOLD: "Done, but something did not hold. OUTPUT is there: see `failed` and "
    "`checks` in `manifest.json`.",
    ExitCode.USAGE: "Wrong command line or wrong plan. Nothing was written.",
    ExitCode.SOURCE: "The source cannot be used. Nothing was written.",
    ExitCode.NOTHING_TO_DO: "Nothing to do: the input already is as asked.",
    ExitCode.BUG: "A bug in extractor. Please report the traceback.",
}


def write_pages(folder: Path) -> None:
    """Write every page into ``folder``; a page that is the same already is not touched."""
    folder.mkdir(exist_ok=True)
    pages = {
        "commands": commands_page(),
        "plan-keys": plan_page(PlanData.model_json_schema(by_alias=True)),
        "exit-codes": exit_codes_page(),
        "rewrites": list_page(
            "Rewrites", "rewrites", [(one.name, one.summary) for one in registered()]
        ),
        "contracts": list_page("Contract types", "contracts", contract_types()),
    }
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def exit_codes_page() -> str:
    """Every exit code with its meaning."""
    rows = [f"| {code.value} | {_EXIT_CODES[code]} |" for code in ExitCode]
    return "\n".join(
        [
            "# Exit codes",
            "",
            "The same for every verb.",
            "",
            "| code | meaning |",
            "|---|---|",
            *rows,
            "| 128 + N | Ended by signal N, as shells report it: 130 for ctrl-C, 143 for a kill. |",
            "",
        ]
    )


def list_page(title: str, folder: str, rows: list[tuple[str, str]]) -> str:
    """A list of the pages in ``docs/<folder>``, which are made from cases that run as tests."""
    listed = [f"| [{name}](../{folder}/{name}.md) | {_words(words)} |" for name, words in rows]
    toctree = ["```{toctree}", ":hidden:", *(f"/{folder}/{name}" for name, _ in rows), "```"]
    return "\n".join(
        [f"# {title}", "", "| name | what it does |", "|---|---|", *listed, "", *toctree, ""]
    )


def contract_types() -> list[tuple[str, str]]:
    """Our contract types, each with the first sentence of its module."""
    rows = []
    for name in sorted(OWN_TYPES):
        module = importlib.import_module(f"extractor_contracts.{name}")
        rows.append((name, (module.__doc__ or "").split("\n")[0]))
    return rows


def commands_page() -> str:
    """Every verb with its arguments and options."""
    parts = [
        "# Commands and options",
        "`extractor VERB --help` and `extractor help VERB` show the same. Defaults of options can "
        "be set in [`pyproject.toml`](../ci.md#defaults-in-pyprojecttoml).",
    ]
    root = click.Context(cli, info_name="extractor")
    for title, verbs in SECTIONS.items():
        parts.append(f"## {title}")
        for name in verbs:
            command = cli.get_command(root, name)
            assert command is not None
            parts += _command(command, click.Context(command, parent=root, info_name=name), 3)
    return "\n\n".join(parts) + "\n"


def _command(command: click.Command, context: click.Context, level: int) -> list[str]:
    usage = command.collect_usage_pieces(context)
    parts = [
        f"{'#' * level} {context.command_path.removeprefix('extractor ')}",
        f"    {' '.join([context.command_path, *usage])}",
        _prose(inspect.cleandoc(command.help or "")),
    ]
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record and "--help" not in parameter.opts:
            rows.append(f"| `{_cell(record[0])}` | {_cell(record[1])} |")
    if rows:
        parts.append("\n".join(["| option | meaning |", "|---|---|", *rows]))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                inner = click.Context(below, parent=context, info_name=name)
                parts += _command(below, inner, min(level + 1, 5))
    return parts


def _prose(text: str) -> str:
    return re.sub(r"([<>*_])", r"\\\1", text.replace("\b\n", "").replace("\b", ""))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def plan_page(schema: dict[str, Any]) -> str:
    """Every table and key of plan.toml."""
    parts = [
        "# Keys of plan.toml",
        "[Write a plan](../plan.md) explains how to choose them; "
        "[plan.schema.json](../plan.schema.json) is for editors.",
        "## The top of the file",
        _keys(schema, schema),
    ]
    for name, table in sorted(_tables(schema).items()):
        definition = schema["$defs"][table]
        parts += [
            f"## {name}",
            _words(definition.get("description", "")),
            _keys(definition, schema),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _tables(schema: dict[str, Any]) -> dict[str, str]:
    """Definition by the header it has in a plan, ``[roots]`` or ``[[cut]]``."""
    found: dict[str, str] = {}

    def walk(part: dict[str, Any], prefix: str) -> None:
        for key, value in part.get("properties", {}).items():
            target = _reference(value)
            if target is None:
                continue
            many = value.get("type") == "array"
            header = f"{prefix}{key}"
            found[f"[[{header}]]" if many else f"[{header}]"] = target
            walk(schema["$defs"][target], f"{header}.")

    walk(schema, "")
    return found


def _reference(value: dict[str, Any]) -> str | None:
    """The definition that ``value`` is, holds, or may be."""
    for one in (value, value.get("items", {}), *value.get("anyOf", [])):
        if isinstance(one, dict) and "$ref" in one:
            return str(one["$ref"]).rpartition("/")[2]
    return None


def _keys(definition: dict[str, Any], schema: dict[str, Any]) -> str:
    required = set(definition.get("required", ()))
    rows = []
    for key, value in definition.get("properties", {}).items():
        if _reference(value) is not None:
            continue
        kind = "required" if key in required else _default(value)
        rows.append(
            f"| `{key}` | {_kind(value)} | {kind} | {_words(value.get('description', ''))} |"
        )
    if not rows:
        return ""
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows])


def _kind(value: dict[str, Any]) -> str:
    kinds = [str(one.get("type", "")) for one in value.get("anyOf", [value])]
    return " or ".join(kind for kind in kinds if kind and kind != "null") or "value"


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    return "" if default in (None, "", [], {}) else f"`{default}`"


def _words(text: str) -> str:
    return _cell(text.replace("``", "`"))


if __name__ == "__main__":
    write_pages(Path(__file__).parent / "reference")
