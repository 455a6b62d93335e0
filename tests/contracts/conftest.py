"""Small projects written as texts, checked both ways: by our own reader and by lint-imports."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from extractor_contracts import baseline
from extractor_contracts.base import RatchetedContract
from extractor_contracts.configuration import load
from extractor_contracts.run import run
from extractor_contracts.verdict import Verdict
from importlinter.application import use_cases
from importlinter.configuration import configure
from importlinter.domain.contract import ContractCheck

from extractor.contracting.world import world_of
from extractor.source.tree import FolderTree


class Shop:
    """A project in a folder, and its contracts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(self, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    def check(self, known: baseline.Baseline | None = None) -> list[Verdict]:
        """What ``extractor contracts check`` finds."""
        configuration = load(self.folder / "contracts.toml")
        tree = FolderTree(self.folder)
        world = world_of(tree, configuration.packages)
        return run(configuration, world, known or {})

    def lint(self) -> list[Verdict]:
        """What ``lint-imports`` finds: the verdicts it would print."""
        configure()
        verdicts = []
        check = RatchetedContract.check

        def recording(contract: RatchetedContract, *args: Any, **options: Any) -> ContractCheck:
            result = check(contract, *args, **options)
            verdicts.append(result.metadata["verdict"])
            return result

        # Only the way in that users take has stayed the same over import-linter's releases.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RatchetedContract, "check", recording)
            use_cases.lint_imports(
                str(self.folder / "contracts.toml"), cache_dir=None, is_debug_mode=True
            )
        return verdicts


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(tmp_path, monkeypatch)


def configured(type_: str, options: str) -> str:
    """A configuration of one contract of ours."""
    class_ = "".join(word.title() for word in type_.split("_"))
    return f"""
[tool.importlinter]
root_packages = ["shop"]
include_external_packages = true
exclude_type_checking_imports = true
contract_types = ["{type_}: extractor_contracts.{type_}.{class_}"]

[[tool.importlinter.contracts]]
id = "it"
name = "It"
type = "{type_}"
{options}
"""


def keys(verdicts: list[Verdict]) -> list[str]:
    """Keys of all new violations."""
    return [violation.key for verdict in verdicts for violation in verdict.new]
