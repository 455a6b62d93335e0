"""A mistake in a configuration is one sentence and exit code 2, and no verdict."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from extractor.cli.contracts import command
from extractor.errors import UsageError

FILES = {
    "shop/__init__.py": "",
    "shop/high.py": (
        "from typing import TYPE_CHECKING\nimport json\n"
        "if TYPE_CHECKING:\n    from shop import low\n"
    ),
    "shop/low.py": "if __name__ == '__main__':\n    import shop.side\n",
    "shop/side/__init__.py": "from . import inner\n",
    "shop/side/inner.py": "",
}
HEAD = '[tool.importlinter]\nroot_package = "shop"\n'
ONE = '[[tool.importlinter.contracts]]\nname = "one"\n'
FORBIDDEN = (
    ONE + 'type = "forbidden"\nsource_modules = ["shop.low"]\nforbidden_modules = ["shop.side"]\n'
)

MISTAKES = {
    "no TOML": "[tool.importlinter\n",
    "no table": '[tool]\nimportlinter = "shop"\n',
    "contracts that are no list": HEAD + "[tool.importlinter.contracts]\nname = 1\n",
    "contracts that are no tables": '[tool.importlinter]\nroot_package = "shop"\ncontracts = [1]\n',
    "no contracts": HEAD,
    "no packages": FORBIDDEN,
    "packages that are no names": (
        FORBIDDEN + "[tool.importlinter]\nroot_packages = [1]\n".replace("[", "[", 1)
    ),
    "a package that is a path": '[tool.importlinter]\nroot_package = "./shop"\n' + FORBIDDEN,
    "a package that is not there": '[tool.importlinter]\nroot_package = "shup"\n' + FORBIDDEN,
    "no name": HEAD + '[[tool.importlinter.contracts]]\ntype = "forbidden"\n',
    "no type": HEAD + ONE,
    "a type that is none": HEAD + ONE + 'type = "forbiden"\n',
    "a type declared in a strange way": (
        '[tool.importlinter]\nroot_package = "shop"\ncontract_types = ["x"]\n' + FORBIDDEN
    ),
    "a type that is no contract": (
        '[tool.importlinter]\nroot_package = "shop"\ncontract_types = ["x: json.JSONDecoder"]\n'
        + ONE
        + 'type = "x"\n'
    ),
    "an id with a colon": HEAD + FORBIDDEN + 'id = "a:b"\n',
    "two of one id": HEAD + 2 * (FORBIDDEN + 'id = "a"\n'),
    "an option that is none": HEAD + FORBIDDEN + "exhaustiv = true\n",
    "an option that is missing": HEAD + ONE + 'type = "forbidden"\nsource_modules = ["shop"]\n',
    "a table where a list belongs": (
        HEAD + ONE + 'type = "layers"\nlayers = {a = 1}\ncontainers = ["shop"]\n'
    ),
    "a number where a list belongs": HEAD + ONE + 'type = "independence"\nmodules = 5\n',
    "a source module that is not there": HEAD + FORBIDDEN.replace("shop.low", "shop.lwo"),
    "a forbidden module that is not there": HEAD + FORBIDDEN.replace("shop.side", "shop.sid"),
    "a forbidden package of others, not included": HEAD + FORBIDDEN.replace("shop.side", "json"),
    "a container that is not there": (
        HEAD + ONE + 'type = "layers"\nlayers = ["high", "low"]\ncontainers = ["shup"]\n'
    ),
    "a layer that is not there": (
        HEAD + ONE + 'type = "layers"\nlayers = ["high", "lwo"]\ncontainers = ["shop"]\n'
    ),
    "an ignored import that is none": (
        HEAD + FORBIDDEN + 'ignore_imports = ["shop.low -> shop.high"]\n'
    ),
    "an ignored import without an arrow": HEAD + FORBIDDEN + 'ignore_imports = ["shop.low"]\n',
    "an independent module that is not there": (
        HEAD + ONE + 'type = "independence"\nmodules = ["shop.low", "shop.hgih"]\n'
    ),
    "a protected module that is not there": (
        HEAD
        + ONE
        + 'type = "protected"\nprotected_modules = ["shop.sid"]\nallowed_importers = ["shop.low"]\n'
    ),
    "an alert of no level": (HEAD + FORBIDDEN + 'unmatched_ignore_imports_alerting = "loud"\n'),
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / ".cache"))
    return tmp_path


def check(*arguments: str) -> tuple[int, str]:
    runner = CliRunner()
    result = runner.invoke(command, ["check", ".", *arguments], standalone_mode=False)
    if isinstance(result.exception, UsageError):
        return 2, str(result.exception)
    assert result.exception is None, result.exception
    return int(result.return_value or 0), result.output


def lint_imports(folder: Path, config: str) -> int:
    program = "from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--config", config],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_a_sentence(shop: Path, text: str) -> None:
    (shop / "c.toml").write_text(text)
    code, said = check("--config", "c.toml", "--no-cache")
    assert code == 2, said
    assert said.startswith(("c.toml", "no package")) and "\n" not in said


# What stands in a contract besides its name; import-linter's verdict is asked for as well.
SAME = {
    "nothing forbidden": FORBIDDEN.replace("shop.low", "shop.high"),
    "what never runs counts": FORBIDDEN,
    "what only type checkers see counts": FORBIDDEN.replace("shop.low", "shop.high").replace(
        "shop.side", "shop.low"
    ),
    "an ignored import": FORBIDDEN + 'ignore_imports = ["shop.low -> shop.side"]\n',
    "an ignored import by a wildcard": FORBIDDEN + 'ignore_imports = ["shop.* -> shop.side"]\n',
    "an unmatched one that is only warned of": (
        FORBIDDEN
        + 'ignore_imports = ["shop.low -> shop.high"]\nunmatched_ignore_imports_alerting = "warn"\n'
    ),
    "as packages": FORBIDDEN + "as_packages = false\n",
    "a wildcard": FORBIDDEN.replace("shop.low", "shop.*").replace(
        '["shop.side"]', '["shop.side.*"]'
    ),
    "layers": ONE + 'type = "layers"\nlayers = ["side", "low", "high"]\ncontainers = ["shop"]\n',
    "layers, exhaustive": (
        ONE
        + 'type = "layers"\nlayers = ["low", "high"]\ncontainers = ["shop"]\nexhaustive = true\n'
    ),
    "independence": ONE + 'type = "independence"\nmodules = ["shop.low", "shop.high"]\n',
    "protected": (
        ONE
        + 'type = "protected"\nprotected_modules = ["shop.side"]\n'
        + 'allowed_importers = ["shop.high"]\n'
    ),
    "acyclic siblings": ONE + 'type = "acyclic_siblings"\nancestors = ["shop"]\n',
}
SESSIONS = {
    "plain": "",
    "without type checking": "exclude_type_checking_imports = true\n",
    "with others": "include_external_packages = true\n",
}


@pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)
@pytest.mark.parametrize("contract", SAME.values(), ids=SAME)
def test_the_verdict_is_that_of_lint_imports(shop: Path, contract: str, session: str) -> None:
    (shop / "c.toml").write_text(HEAD + session + contract)
    code, said = check("--config", "c.toml", "--no-cache")
    assert (code == 0) == (lint_imports(shop, "c.toml") == 0), said


INI = (
    "[importlinter]\nroot_package = shop\n\n[importlinter:contract:one]\nname = one\n"
    "type = forbidden\nsource_modules = shop.low\nforbidden_modules = shop.side\n"
)
FOUND = {
    "pyproject.toml": HEAD + FORBIDDEN,
    "setup.cfg": INI,
    ".importlinter": INI,
    "contracts.toml": HEAD + FORBIDDEN,
}


@pytest.mark.parametrize("name", FOUND)
def test_a_configuration_is_found_from_any_folder(
    shop: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = check("--no-cache")
    assert code == 2 and "--config" in said
    # A file of that name that is about something else is passed over.
    (shop / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    (shop / name).write_text(FOUND[name])
    assert check("--no-cache")[0] == 1
    monkeypatch.chdir(shop / "shop" / "side")
    assert check("--no-cache")[0] == 1
