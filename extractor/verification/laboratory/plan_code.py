"""Code that lies beside a plan: loaded by its path, known to nobody else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from extractor.errors import UsageError


def load_class(path: Path, name: str) -> Any:
    """The class ``name`` of the plan's file ``path``; ``UsageError`` when it is not there."""
    module_name = f"_plan_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"the plan has no file {path.name}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(
            f"the plan's {path.name} cannot be loaded: {type(error).__name__}: {error}"
        ) from None
    if not hasattr(module, name):
        raise UsageError(f"the plan's {path.name} has no class {name}")
    return getattr(module, name)
