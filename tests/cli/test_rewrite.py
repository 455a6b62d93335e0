import json
import subprocess

import click
import pytest
from click.testing import CliRunner

from extractor.cli import cli
from extractor.cli.rewrite import command_for
from extractor.errors import ExitCode
from extractor.rewrites import registered

FILES = {
    "shop/__init__.py": "",
    "shop/stock.py": "COUNT = 1\n",
    "shop/till.py": "from shop import stock\n\nstock.COUNT\n",
    "docs/index.rst": "See :mod:`shop.stock`.\n",
    ".hidden/x.py": "from shop import stock\n",
}
RENAME = ["rewrite", "rename_references", "--module", "shop.stock=shop.parts.stock"]


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)


def contents(project):
    return {name: (project / name).read_text() for name in FILES}


def test_nothing_to_do(project):
    result = call("rewrite", "drop_calls", "--call", "shop.stock:absent", project)
    assert result.return_value == ExitCode.NOTHING_TO_DO
    assert contents(project) == FILES


def test_dry_run_shows_a_diff_and_writes_nothing(project):
    result = call(*RENAME, project)
    assert result.return_value == ExitCode.DONE
    assert "-from shop import stock\n+from shop.parts import stock\n" in result.output
    assert "+See :mod:`shop.parts.stock`.\n" in result.output
    assert contents(project) == FILES


def test_write_changes_the_files_and_keeps_their_mode(project):
    (project / "shop/till.py").chmod(0o755)
    result = call(*RENAME, "--write", project)
    assert result.return_value == ExitCode.DONE
    assert contents(project) == FILES | {
        "shop/till.py": "from shop.parts import stock\n\nstock.COUNT\n",
        "docs/index.rst": "See :mod:`shop.parts.stock`.\n",
    }
    assert (project / "shop/till.py").stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in (project / "shop").iterdir()) == [
        "__init__.py",
        "stock.py",
        "till.py",
    ]
    again = call(*RENAME, "--write", project)
    assert again.return_value == ExitCode.NOTHING_TO_DO


def test_unreadable_files_are_told_and_the_others_done(project):
    (project / "shop/old.py").write_text("from shop import stock\nprint 'x'\n")
    result = call(*RENAME, "--write", "--json", project)
    assert result.return_value == ExitCode.DID_NOT_HOLD
    told = json.loads(result.output)
    assert [entry["line"] for entry in told["failed"]] == [2]
    assert len(told["changed"]) == 2


def test_findings_are_told(project):
    (project / "shop/back.py").write_text("from shop import till\n")
    result = call(*RENAME, "--report-left", "--json", project / "shop")
    told = json.loads(result.output)
    assert {
        "path": (project / "shop/back.py").as_posix(),
        "line": 1,
        "message": "still names shop.till",
    } in told["findings"]


def test_settings_from_a_file(project):
    settings = project / "settings.toml"
    settings.write_text('[modules]\n"shop.stock" = "shop.parts.stock"\n')
    result = call("rewrite", "rename_references", "--settings", settings, project / "shop")
    assert result.return_value == ExitCode.DONE
    assert "+from shop.parts import stock\n" in result.output
    won = ["--module", "shop.stock=shop.goods"]
    result = call("rewrite", "rename_references", "--settings", settings, *won, project / "shop")
    assert "+from shop import goods\n" in result.output


def test_namespace_packages_need_a_root(project):
    (project / "shop/__init__.py").unlink()
    sibling = project / "shop/till.py"
    sibling.write_text("from . import stock\n\nstock.COUNT\n")
    renames = [*RENAME, "--root", project]
    result = call(*renames, project)
    assert "-from . import stock\n+from .parts import stock\n" in result.output


def test_a_module_moves_with_its_file(project, monkeypatch):
    monkeypatch.chdir(project)
    (project / "shop/parts").mkdir()
    (project / "shop/parts/__init__.py").write_text("")
    (project / "shop/stock.py").write_text("from . import till\n\nCOUNT = till\n")
    move = [*RENAME, "--move-files"]
    shown = call(*move, ".")
    assert "rename from shop/stock.py\nrename to shop/parts/stock.py\n" in shown.output
    (project / "change.diff").write_text(shown.output)
    applies = ["git", "apply", "--check", "--include=shop/*", "--include=docs/*", "change.diff"]
    subprocess.run(applies, check=True)
    assert call(*move, "--write", ".").return_value == ExitCode.DONE
    assert not (project / "shop/stock.py").exists()
    moved = (project / "shop/parts/stock.py").read_text()
    assert moved == "from .. import till\n\nCOUNT = till\n"
    again = call(*move, "--write", ".")
    assert again.return_value == ExitCode.NOTHING_TO_DO


def test_new_files_are_made(project, monkeypatch):
    monkeypatch.chdir(project)
    move = ["rewrite", "move_definitions", "--symbol", "shop.stock:COUNT=shop.counts:COUNT"]
    shown = call(*move, "shop")
    assert "new file mode 100644\n--- /dev/null\n+++ b/shop/counts.py\n" in shown.output
    assert not (project / "shop/counts.py").exists()
    call(*move, "--write", "shop")
    assert (project / "shop/counts.py").read_text() == "COUNT = 1\n"
    assert (project / "shop/counts.py").stat().st_mode & 0o111 == 0


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("shop.till", "shop.till exists already: shop.stock cannot be renamed to it"),
        ("far.stock", "there is no package far for far.stock"),
    ],
)
def test_a_module_that_cannot_move(project, new, says):
    move = ["rewrite", "rename_references", "--module", f"shop.stock={new}", "--move-files"]
    assert says in str(call(*move, project).exception)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rename_reference", "."], "there is no rewrite 'rename_reference': did you mean"),
        (["rename_references", "--module", "a", "."], "write modules as OLD=NEW, not 'a'"),
        (["rename_references", "--module", "a=b", "no-such-file"], "does not exist"),
        (["drop_calls"], "Missing parameter: files_or_folders"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments, says):
    result = call("rewrite", *arguments)
    assert result.exception is not None
    assert says in str(getattr(result.exception, "message", "") or result.exception)


def test_every_option_of_every_rewrite_has_help():
    bare = [
        f"{rewrite.name} {parameter.opts[0]}"
        for rewrite in registered()
        for parameter in command_for(rewrite).params
        if isinstance(parameter, click.Option) and len(parameter.help or "") < 15
    ]
    assert bare == []


def test_no_setting_has_the_name_of_an_argument():
    for rewrite in registered():
        names = [parameter.name for parameter in command_for(rewrite).params]
        assert len(names) == len(set(names)), rewrite.name
