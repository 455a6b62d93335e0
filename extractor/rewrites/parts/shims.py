"""Callables that stay under an old name, and only when called import what has the new one."""

from __future__ import annotations

from collections.abc import Sequence

from extractor.rewrites.parts.import_statements import Import, fold
from extractor.rewrites.parts.source_text import PLAIN


def shim(name: str, new: str, methods: Sequence[str] = ()) -> str:
    """The text of a function ``name``, or of a class with ``methods``, for ``new`` (module:name).

    It warns that there is a new name and hands its arguments on. The old name is not written
    out with its module, so that no renaming finds it. The file has to import ``warnings``.
    """
    home = new.partition(":")[0]
    indent = "    "
    said = f'"""Moved to ``{home}``; the old name is for configuration."""'
    doc = [indent + said]
    if len(doc[0]) > PLAIN.line_length:
        doc = [
            f'{indent}"""Moved to ``{home}``.',
            "",
            f"{indent}The old name is for configuration.",
        ]
        doc.append(f'{indent}"""')
    if not methods:
        return (
            "\n".join([f"def {name}(*args, **kwargs):", *doc, *_call(name, new, "", indent)]) + "\n"
        )
    lines = [f"class {name}(object):", *doc]
    for method in methods:
        lines += ["", f"{indent}@staticmethod", f"{indent}def {method}(*args, **kwargs):"]
        lines += _call(name, new, f".{method}", indent * 2)
    return "\n".join(lines) + "\n"


def _call(name: str, new: str, method: str, indent: str) -> list[str]:
    module, _, symbol = new.partition(":")
    head, tail = f"{name}{method} is now ", f"{new}{method}"
    lines = [f"{indent}warnings.warn({head + tail!r}, DeprecationWarning, stacklevel=2)"]
    if len(lines[0]) > PLAIN.line_length:
        inner = indent + "    "
        parts = [tail] if len(f"{inner}{tail!r},") <= PLAIN.line_length else _halves(tail)
        lines = [f"{indent}warnings.warn(", *(f"{inner}{part!r}" for part in [head, *parts])]
        lines[-1] += ","
        lines.append(f"{inner}DeprecationWarning, stacklevel=2)")
    lines.append(indent + fold(Import(module, symbol, "moved").code, len(indent)))
    lines.append(f"{indent}return moved{method}(*args, **kwargs)")
    return lines


def _halves(new: str) -> list[str]:
    module, colon, symbol = new.partition(":")
    return [module + colon, symbol]
