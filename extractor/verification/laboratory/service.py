"""Start a service under a real WSGI server on a loopback port, talk to it, and stop it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from extractor.children import ends_with_us
from extractor.errors import DidNotHold
from extractor.plan.verify_settings import ServeSettings
from extractor.project.facts import project_of
from extractor.source.tree import FolderTree
from extractor.verification.laboratory.environment import Environment

_PROBES = Path(__file__).parent / "probes"


class ServiceDied(DidNotHold):
    """The service, or the command that makes its database, ended with an error."""


@dataclass(frozen=True)
class Answer:
    """One response: header names in lower case, in the order they came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """All values of a header joined by a comma, empty when it is not there."""
        return ", ".join(v for k, v in self.headers if k == name.lower())


class Process(Protocol):
    """What can be asked of a running process, whoever started it."""

    pid: int

    def poll(self) -> int | None:
        """``None`` while it runs."""

    def send_signal(self, sig: int) -> None:
        """Send a signal; nothing happens when it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; ``subprocess.TimeoutExpired`` when it does not come."""


@dataclass
class Forked:
    """A child of a nursery: not ours to wait for, so its end is looked up."""

    pid: int

    def poll(self) -> int | None:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def send_signal(self, sig: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, sig)

    def wait(self, timeout: float | None = None) -> int:
        deadline = time.monotonic() + (timeout or 60)
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 60)
            time.sleep(0.005)
        return 0


@dataclass
class Service:
    """A running service: its process and what it tells on stopping.

    ``send`` keeps one connection; further clients take ``connect``.
    """

    port: int
    process: Process
    report_path: Path
    log_path: Path
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def connect(self, timeout: float = 60) -> http.client.HTTPConnection:
        """A connection of one's own."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request on the kept connection; a lost one is opened again once."""
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = self.connect()
            try:
                return exchange(self._connection, method, path, headers or {}, body)
            except (http.client.HTTPException, OSError):
                self._connection.close()
                self._connection = None
                if attempt == 2 or self.process.poll() is not None:
                    raise ServiceDied(
                        f"no answer to {method} {path}: {last_line(self.log_path)}"
                    ) from None
        raise AssertionError("unreachable")

    def stop(self) -> dict[str, Any]:
        """End the service; gives modules, files, options and figures it tells at the end."""
        if self._connection is not None:
            self._connection.close()
        end(self.process)
        if not self.report_path.is_file():
            return {}
        told: dict[str, Any] = json.loads(self.report_path.read_text(encoding="utf-8"))
        return told

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)


def end(process: Process) -> None:
    """Ask a process to end, and make it after 20 s."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait(20)


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
) -> Answer:
    """One request and its answer on an open connection; what goes wrong is raised."""
    connection.putrequest(method, path, skip_host=False, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    lower = {name.lower() for name in headers}
    if "content-length" not in lower and (body or method in {"POST", "PUT", "PATCH"}):
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    response = connection.getresponse()
    content = response.read()
    named = tuple((name.lower(), value) for name, value in response.getheaders())
    return Answer(response.status, named, content)


@dataclass(frozen=True)
class Setup:
    """How one service is run: ``folder`` is its working directory, ``state`` holds its own files.

    ``folder`` is the tree it is run from, or anywhere when the distribution is ``installed`` in
    the environment. ``database`` is a URL in place of the one the settings name; ``libraries``
    are folders that are searched for modules besides the environment's.
    """

    settings: ServeSettings
    environment: Environment
    folder: Path
    state: Path
    installed: bool = False
    database: str = ""
    libraries: tuple[Path, ...] = ()

    def variables(self) -> dict[str, str]:
        """The variables that every command of the service sees."""
        more = {k: self.text(v) for k, v in self.settings.environment.items()}
        if self.libraries:
            more["PYTHONPATH"] = os.pathsep.join(map(str, self.libraries))
        return self.environment.variables(**more)

    def text(self, template: str) -> str:
        """``template`` with the places that the settings leave open filled in."""
        database = self.database or self.settings.database
        # In a configuration file a dollar sign begins a reference.
        filled = template.replace("{database}", database.replace("$", "$$"))
        return filled.replace("{state}", str(self.state))

    def configure(self) -> None:
        """Write the configuration file."""
        self.state.mkdir(parents=True, exist_ok=True)
        path = self.state / self.settings.config_name
        path.write_text(self.text(self.settings.config), encoding="utf-8")

    def sync(self) -> None:
        """Make the database's tables; raises ``ServiceDied``."""
        words = [self.text(word) for word in self.settings.sync]
        done = subprocess.run(
            _command(words, self),
            cwd=self.folder,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=600,
        )
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no message"]
            raise ServiceDied(f"{' '.join(self.settings.sync)} failed: {said[-1]}")

    def launch(self, threads: int = 1, nursery: Nursery | None = None) -> Service:
        """Start the service and wait until it listens; raises ``ServiceDied``."""
        number = len(list(self.state.glob("service-*.log")))
        log = self.state / f"service-{number}.log"
        port, report = self.state / f"service-{number}.port", self.state / f"service-{number}.json"
        process: Process
        if nursery is not None:
            variables = {k: self.text(v) for k, v in self.settings.environment.items()}
            process = nursery.fork(port, report, log, threads, variables)
        else:
            process = self._start(port, report, log, threads)
        try:
            return Service(_wait_for(port, process, log), process, report, log)
        except BaseException:
            end(process)
            raise

    def _start(self, port: Path, report: Path, log: Path, threads: int) -> Process:
        script = str(self.environment.root / "bin" / self.settings.script)
        target = script if self.installed else self.settings.factory
        words = [str(_PROBES / "serve_wsgi.py"), target, str(port), str(report), str(threads)]
        with log.open("wb") as output:
            return subprocess.Popen(
                [str(self.environment.python), *words],
                cwd=self.folder,
                env=self.variables(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=ends_with_us(),
            )


class Nursery:
    """A process that has imported a service and forks instances of it, each as good as new."""

    def __init__(self, setup: Setup) -> None:
        setup.state.mkdir(parents=True, exist_ok=True)
        self._log = setup.state / "nursery.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    str(setup.environment.python),
                    str(_PROBES / "serve_wsgi.py"),
                    "--nursery",
                    setup.settings.factory,
                ],
                cwd=setup.folder,
                env=setup.variables(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=ends_with_us(),
            )

    def fork(
        self, port: Path, report: Path, log: Path, threads: int, variables: Mapping[str, str]
    ) -> Forked:
        """One more instance; raises ``ServiceDied`` when the module could not be imported."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wanted = {
            "port_file": str(port),
            "report": str(report),
            "log": str(log),
            "threads": threads,
            "environment": dict(variables),
        }
        log.touch()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(wanted) + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise ServiceDied(f"the service cannot be imported: {last_line(self._log)}")
        return Forked(int(answer))

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(20)


@contextlib.contextmanager
def running(
    setup: Setup, *, threads: int = 1, sync: bool = True, nursery: Nursery | None = None
) -> Iterator[Service]:
    """A service that is stopped at the end whatever happens. Raises ``ServiceDied``."""
    setup.configure()
    if sync:
        setup.sync()
    service = setup.launch(threads, nursery)
    try:
        yield service
    finally:
        end(service.process)


def _command(words: Sequence[str], setup: Setup) -> list[str]:
    """A console script by its name: the installed one, or what the tree in ``folder`` declares."""
    if setup.installed:
        return [str(setup.environment.root / "bin" / words[0]), *words[1:]]
    target = words[0]
    if ":" not in target:
        points = project_of(FolderTree(setup.folder)).entry_points
        scripts = {p.name: p.target for p in points if p.group == "console_scripts"}
        if target not in scripts:
            raise ServiceDied(f"{setup.folder.name} declares no console script {target}")
        target = scripts[target]
    return [str(setup.environment.python), str(_PROBES / "call.py"), target, *words[1:]]


def _wait_for(port_file: Path, process: Process, log: Path) -> int:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if port_file.is_file():
            return int(port_file.read_text())
        if process.poll() is not None:
            raise ServiceDied(f"the service ended before it listened: {last_line(log)}")
        time.sleep(0.01)
    raise ServiceDied(f"the service did not listen within 90 s: {last_line(log)}")


def last_line(log: Path) -> str:
    """The last line with an error a process wrote, else its last words, for one sentence."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"\w(Error|Exception)\b.*:", line)]
    return (errors or lines or ["it said nothing"])[-1]
