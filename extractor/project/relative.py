"""Where a relative import leads: asked by all who read imports."""

from __future__ import annotations


def absolute(module: str, is_package: bool, level: int, target: str | None) -> str:
    """The module that ``from <level dots><target> import`` names within ``module``.

    With more dots than there are packages, which Python refuses, it is given back as written:
    ``...target``, the name of no module.
    """
    parts = module.split(".") if module else []
    kept = len(parts) - level + is_package
    if not level:
        return target or ""
    if kept < 1:
        return "." * level + (target or "")
    return ".".join([*parts[:kept], *([target] if target else [])])
