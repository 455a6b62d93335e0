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


def relative_to(target: str, module: str, is_package: bool) -> str:
    """``target`` as ``module`` may name it from where it is; absolute in another package."""
    here = module.split(".") if is_package else module.split(".")[:-1]
    there = target.split(".")
    common = 0
    while common < min(len(here), len(there)) and here[common] == there[common]:
        common += 1
    if not common:
        return target
    return "." * (len(here) - common + 1) + ".".join(there[common:])
