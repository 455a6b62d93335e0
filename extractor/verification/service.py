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
from typing import Any

from extractor.errors import DidNotHold
from extractor.source.tree import FolderTree
from extractor.verification.entry_points import entry_points_of
from extractor.verification.environment import Environment
from extractor.verification.settings import ServeSettings

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


@dataclass
class Service:
    """A running service: one kept connection, its process and what it told on stopping."""

    port: int
    process: subprocess.Popen[bytes]
    report_path: Path
    log_path: Path
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send one request on the kept connection; a lost one is opened again once."""
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                return _exchange(self._connection, method, path, headers or {}, body)
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
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if not self.report_path.is_file():
            return {}
        told: dict[str, Any] = json.loads(self.report_path.read_text(encoding="utf-8"))
        return told


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
) -> Answer:
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


@contextlib.contextmanager
def running(
    settings: ServeSettings,
    environment: Environment,
    folder: Path,
    state: Path,
    *,
    installed: bool = False,
    threads: int = 1,
    sync: bool = True,
) -> Iterator[Service]:
    """A service whose state lies in ``state``, stopped at the end whatever happens.

    ``folder`` is its working directory: the tree it is run from, or anywhere when the
    distribution is ``installed`` in the environment. Raises ``ServiceDied``.
    """
    state.mkdir(parents=True, exist_ok=True)
    config = state / settings.config_name
    config.write_text(settings.config.replace("{state}", str(state)), encoding="utf-8")
    variables = environment.variables(
        **{k: v.replace("{state}", str(state)) for k, v in settings.environment.items()}
    )
    if sync:
        words = [w.replace("{state}", str(state)) for w in settings.sync]
        command = _command(words, environment, folder, installed)
        done = subprocess.run(
            command, cwd=folder, env=variables, capture_output=True, text=True, timeout=600
        )
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no reason given"]
            raise ServiceDied(f"{' '.join(settings.sync)} failed: {said[-1]}")
    number = len(list(state.glob("service-*.log")))
    log = state / f"service-{number}.log"
    port_file, report = state / f"service-{number}.port", state / f"service-{number}.json"
    target = str(environment.root / "bin" / settings.script) if installed else settings.factory
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                str(environment.python),
                str(_PROBES / "serve_wsgi.py"),
                target,
                str(port_file),
                str(report),
                str(threads),
            ],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        port = _wait_for(port_file, process, log)
        service = Service(port, process, report, log)
        yield service
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _command(
    words: Sequence[str], environment: Environment, folder: Path, installed: bool
) -> list[str]:
    """A console script by its name: the installed one, or what the tree in ``folder`` declares."""
    if installed:
        return [str(environment.root / "bin" / words[0]), *words[1:]]
    target = words[0]
    if ":" not in target:
        declared = entry_points_of(FolderTree(folder)).get("console_scripts", {})
        if target not in declared:
            raise ServiceDied(f"setup.cfg declares no console script {target}")
        target = declared[target]
    return [str(environment.python), str(_PROBES / "call.py"), target, *words[1:]]


def _wait_for(port_file: Path, process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if port_file.is_file():
            return int(port_file.read_text())
        if process.poll() is not None:
            raise ServiceDied(f"the service ended before it listened: {last_line(log)}")
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    raise ServiceDied(f"the service did not listen within 90 s: {last_line(log)}")


def last_line(log: Path) -> str:
    """The last line with an error a process wrote, else its last words, for one sentence."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"\w(Error|Exception)\b.*:", line)]
    return (errors or lines or ["it said nothing"])[-1]
