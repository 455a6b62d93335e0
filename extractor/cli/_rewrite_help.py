"""One sentence of help for each setting of a rewrite."""

from __future__ import annotations

import inspect
import re

from extractor.rewrites import Rewrite

# `name`: the sentence, up to the next setting, the next paragraph or the end.
_SETTING = re.compile(r"``(\w+)``: (.*?)(?=\n\n|[;.]\s``\w+``:|$)", re.DOTALL)
# Where the docstring explains settings together.
_HELP = {
    "move_statements": {
        "sources": "The module that the statements leave.",
        "targets": "The module that they move to.",
        "through": "The one module that holds them; the targets import from it.",
    },
    "rename_references": {
        "modules": "A module or package to rename.",
        "symbols": "A symbol that moves, as old.module:name=new.module:name; overrides --module.",
        "known_modules": "A module of the project that is not among the files.",
        "reexports": "A package and the module whose names it re-exports.",
        "quieted": "A package whose __init__ no longer imports its submodules.",
        "staying": "A symbol that stays where it is although its module moves.",
        "move_files": "Move the files of renamed modules too.",
        "keep_local_names": "Import a renamed module under its old name in each file.",
        "report_left": "Report references to modules without a new name.",
    },
}


def setting_help(rewrite: Rewrite, name: str) -> str:
    """The sentence for the setting ``name`` of ``rewrite``; empty if nobody wrote one."""
    known = _HELP.get(rewrite.name, {}).get(name)
    if known:
        return known
    document = inspect.cleandoc(rewrite.settings.__doc__ or "")
    for match in _SETTING.finditer(document):
        if match[1] == name:
            text = " ".join(match[2].replace("``", "").split()).rstrip(".")
            return f"{text[:1].upper()}{text[1:]}."
    return ""
