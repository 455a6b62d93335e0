import pytest

from extractor.cli import main
from extractor.database.connect import engine_for, hidden, parse
from extractor.database.schema import reflect
from extractor.errors import SourceError, UsageError
from tests.database.tables import SETTINGS, make


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mysql://u:p@h/d", "mysql+pymysql"),
        ("mysql+pymysql://u:p@h/d?charset=utf8", "mysql+pymysql"),
        ("mariadb://u:p@h/d", "mysql+pymysql"),
        ("postgresql://u:p@h/d", "postgresql+psycopg2"),
        ("sqlite:///d", "sqlite"),
    ],
)
def test_a_driver_of_ours_is_taken(url, expected):
    assert parse(url).drivername == expected


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "not a database URL"),
        ("oracle://u:secret@h/d", "unknown kind of database"),
        ("mysql+mysqldb://u:secret@h/d", "driver mysqldb is not supported"),
        ("mysql://u:secret@h", "names no database"),
        ("mysql://u:secret@h:port/d", "not a database URL"),
    ],
)
def test_other_urls_are_refused_without_their_password(url, message):
    with pytest.raises(UsageError, match=message) as caught:
        parse(url)
    assert "secret" not in str(caught.value)


def test_a_url_is_shown_without_password_and_query():
    shown = hidden("mysql+pymysql://u:p%40ss@h:1/d?ssl_key=secret&password=other")

    assert shown == "mysql+pymysql://u:***@h:1/d"


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_not_there_is_not_made(tmp_path, read_only):
    url = f"sqlite:///{tmp_path}/no ne.sqlite"
    with pytest.raises(SourceError, match=r"no ne\.sqlite: unable to open"):
        reflect(engine_for(url, read_only=read_only), SETTINGS.tables)
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_an_odd_name_is_opened(tmp_path):
    url = f"sqlite:///{tmp_path}/o%64d # one.sqlite"
    make(url)
    assert reflect(engine_for(url), SETTINGS.tables).tables


@pytest.mark.parametrize(
    "arguments",
    [
        ["schema", "check", "f.json"],
        ["data", "copy", "--from", "sqlite:///a", "--to", "sqlite:///b"],
    ],
)
def test_without_the_extra_it_says_what_to_install(monkeypatch, capsys, arguments):
    monkeypatch.setattr("extractor.cli._options.importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "pip install 'extractor-toolkit[database]'" in capsys.readouterr().err


def test_bad_urls_on_the_command_line_end_in_one_sentence(capsys):
    url = "mysql://user:secret@127.0.0.1:1/d"
    with pytest.raises(SystemExit) as caught:
        main(["data", "copy", "--from", url, "--to", "sqlite:///b"])
    error = capsys.readouterr().err
    assert caught.value.code == 3
    assert "secret" not in error
    assert error.count("\n") == 1
