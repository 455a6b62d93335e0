"""oslo: configuration options of oslo.config, and what its tools look up by entry points."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from extractor.project.convention import Convention
from extractor.project.files import ProjectFiles

_MODULES = ("oslo_config.cfg", "oslo.config.cfg")


class Oslo(Convention):
    """Options are objects of ``oslo_config.cfg`` that bear their name as the first argument."""

    name = "oslo"

    def is_used(self, files: ProjectFiles) -> bool:
        return any(b"oslo" in files.content(path) for path in files.python)

    def option_of(self, call: ast.Call, imports: Mapping[str, str]) -> ast.Constant | None:
        called = _dotted(call.func, imports)
        module, _, what = called.rpartition(".")
        # An old name of some option is declared to be understood, never to be read.
        if module not in _MODULES or not what.endswith("Opt") or what == "DeprecatedOpt":
            return None
        name = call.args[0] if call.args else None
        if name is None:
            name = next((k.value for k in call.keywords if k.arg == "name"), None)
        is_name = isinstance(name, ast.Constant) and isinstance(name.value, str)
        return name if is_name and isinstance(name, ast.Constant) else None


def _dotted(node: ast.expr, imports: Mapping[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    if node.id not in imports:
        star = next((module for module in _MODULES if f"*{module}" in imports), "")
        return f"{star}.{node.id}" if star and not parts else ""
    return ".".join([imports[node.id], *reversed(parts)])


CONVENTION = Oslo()
