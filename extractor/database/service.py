"""A small HTTP client for a JSON service, and what a service's plug-in may raise."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from extractor.errors import SourceError, UsageError

_SECONDS = 60.0


class Conflict(Exception):
    """Somebody else wrote at the same time: look again and try again."""


class NotYet(Exception):
    """Something must be there first that others make; the message says what."""


class Cannot(Exception):
    """The service's interface cannot do it; the message says why."""


class Unreadable(Cannot, SourceError):
    """The service fails to tell something: an error of its own, not of who asks."""


@dataclass(frozen=True)
class Response:
    """An answer: ``data`` is the decoded body, ``None`` without one."""

    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def reason(self) -> str:
        """The service's own words for a refusal, on one line."""
        text = self.data
        if isinstance(text, dict) and text.get("errors"):
            text = text["errors"][0].get("detail", "")
        elif isinstance(text, dict) and len(text) == 1:
            # {"someFault": {"code": 500, "message": "..."}}
            (inner,) = text.values()
            text = inner.get("message", text) if isinstance(inner, dict) else text
        return " ".join(str(text or f"status {self.status}").split())


class Client:
    """Requests to one service over one connection; not for several threads."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError("not the URL of a service: write http://host:port or https://...")
        try:
            port = parts.port
        except ValueError:
            raise UsageError("the port in the service's URL is not a number") from None
        self._headers = {"Accept": "application/json", **(headers or {})}
        if parts.username:
            pair = f"{parts.username}:{parts.password or ''}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.shown = f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"
        self._base = parts.path.rstrip("/")
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connection = kind(parts.hostname, port, timeout=_SECONDS)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One request; ``SourceError`` when the service cannot be talked to at all.

        A connection that the service closed in between is opened once more.
        """
        content = None if body is None else json.dumps(body).encode()
        sent = {**self._headers, **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        for attempt in (1, 2):
            try:
                self._connection.request(method, self._base + path, content, sent)
                answer = self._connection.getresponse()
                raw = answer.read()
                break
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                # Only a connection that had been idle may have been closed unseen.
                retry = isinstance(error, http.client.RemoteDisconnected | ConnectionResetError)
                if attempt == 2 or not retry:
                    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
                    raise SourceError(f"cannot talk to {self.shown}: {why}") from None
        data: Any = raw.decode("utf-8", "replace")
        if data and "json" in (answer.getheader("Content-Type") or ""):
            try:
                data = json.loads(data)
            except ValueError:
                raise SourceError(f"{self.shown}{path} did not answer with JSON") from None
        if answer.status in {401, 403}:
            raise SourceError(
                f"{self.shown} refuses {method} {path} ({answer.status}): "
                "give a token in the environment variable named by --token-variable"
            )
        return Response(answer.status, data or None, dict(answer.getheaders()))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
