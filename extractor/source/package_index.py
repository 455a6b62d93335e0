"""Get a release's source distribution from wherever the user's pip would get it.

Pip itself would run the release's set-up script to learn its name, so only pip's
configuration is used: indexes, extra indexes, find-links, certificates, credentials.
"""

from __future__ import annotations

import ast
import hashlib
import json
import logging
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from extractor.cache_folder import cache_folder
from extractor.errors import SourceError, is_short
from extractor.progress import Progress, Stage
from extractor.scratch import locked_folder, remove_leftovers

if TYPE_CHECKING:
    from unearth import Link, PackageFinder

_CONFIG_LINE = re.compile(r"^(?P<section>[^=]+?)\.(?P<key>[^.=]+)=(?P<value>.*)$")
# What `pip download` would read, the later ones winning.
_SECTIONS = ("global", "download", ":env:")
_DIGESTS = ("sha512", "sha384", "sha256")
_ATTEMPTS = 3
_RECORD = "record.json"
_T = TypeVar("_T")


@dataclass(frozen=True)
class IndexSettings:
    """Where and how pip looks for packages; ``index`` None is everybody's default one.

    ``timeout`` is in seconds.
    """

    index: str | None = None
    extra_indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    certificates: str | None = None
    client_certificate: str | None = None
    proxy: str | None = None
    timeout: float = 15.0
    no_index: bool = False

    @property
    def digest(self) -> str:
        """Short name of the places looked at: what one index gave is not another's."""
        places = json.dumps([self.index, self.extra_indexes, self.find_links, self.no_index])
        return hashlib.sha256(places.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Sdist:
    """A source distribution on disk, its hash checked.

    ``uploaded`` is the index's upload time in seconds since the epoch, None when the
    index does not say (only its JSON form does: PEP 700).
    """

    path: Path
    name: str
    version: str
    sha256: str
    uploaded: int | None


def pip_settings(environment: Mapping[str, str] | None = None) -> IndexSettings:
    """What the user's pip is configured for: files, then ``PIP_*`` variables."""
    environment = os.environ if environment is None else environment
    found = _pip_config_list(environment)
    # Where no pip is installed its variables still say what the user wants.
    for name, value in environment.items():
        if name.startswith("PIP_"):
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return IndexSettings(
        index=found.get("index-url") or None,
        extra_indexes=tuple(found.get("extra-index-url", "").split()),
        find_links=tuple(found.get("find-links", "").split()),
        trusted_hosts=tuple(found.get("trusted-host", "").split()),
        certificates=found.get("cert") or environment.get("REQUESTS_CA_BUNDLE") or None,
        client_certificate=found.get("client-cert") or None,
        proxy=found.get("proxy") or None,
        timeout=float(found.get("timeout") or found.get("default-timeout") or 15),
        no_index=found.get("no-index", "").lower() in {"1", "true", "yes", "on", "t", "y"},
    )


def _pip_config_list(environment: Mapping[str, str]) -> dict[str, str]:
    """Pip's effective options by name, read by pip itself; empty where there is no pip."""
    pip = shutil.which("pip", path=environment.get("PATH"))
    for command in ([sys.executable, "-P", "-m", "pip"], [pip] if pip else None):
        if command is None:
            continue
        done = subprocess.run(
            [*command, "config", "list"],
            capture_output=True,
            text=True,
            env={**environment, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )
        if not done.returncode:
            return _parse_config_list(done.stdout)
    return {}


def _parse_config_list(printed: str) -> dict[str, str]:
    by_section: dict[str, dict[str, str]] = {}
    for line in printed.splitlines():
        matched = _CONFIG_LINE.match(line)
        if matched:
            value = ast.literal_eval(matched["value"])
            key = matched["key"].replace("_", "-")
            by_section.setdefault(matched["section"], {})[key] = str(value)
    merged: dict[str, str] = {}
    for section in _SECTIONS:
        merged |= by_section.get(section, {})
    return merged


def get_sdist(
    name: str,
    version: str,
    *,
    cache: Path | None = None,
    settings: IndexSettings | None = None,
    progress: Progress | None = None,
    spare: Path | None = None,
) -> Sdist:
    """The source distribution of ``name==version``, from the cache when it is there.

    ``cache`` is a folder that outlives the run (the user's cache folder when None), ``spare`` one
    to download to where the cache cannot be written.
    Raises ``SourceError`` when there is no such release, no network, or a wrong hash.
    """
    settings = pip_settings() if settings is None else settings
    cache = cache_folder() / "sdists" if cache is None else cache
    progress = progress or Progress()
    shelf = cache / settings.digest / f"{name}-{version}"
    known = _from_cache(shelf, name, version)
    if known is not None:
        return known
    with progress.stage(f"get {name} {version}") as stage, _IndexClient(settings) as client:
        link = client.find(name, version)
        try:
            sdist = _shelved(client, link, shelf, (name, version), stage)
        except OSError:
            if spare is None:
                raise
            sdist = _shelved(client, link, spare / shelf.name, (name, version), stage)
        if not link.hash_option:
            progress.warn(
                f"the index has no hash for {link.filename}: it is {sdist.sha256} (sha256)"
            )
    return sdist


def _shelved(
    client: _IndexClient, link: Link, shelf: Path, release: tuple[str, str], stage: Stage
) -> Sdist:
    shelf.mkdir(parents=True, exist_ok=True)
    remove_leftovers(shelf.parent, ".partial-")
    with locked_folder(shelf.parent, ".partial-") as partial:
        digest = client.download(link, partial / link.filename, stage)
        uploaded = int(link.upload_time.timestamp()) if link.upload_time else None
        record = {"file": link.filename, "sha256": digest, "uploaded": uploaded}
        (partial / link.filename).replace(shelf / link.filename)
        (partial / "record").write_text(json.dumps(record, sort_keys=True))
        # The record comes last: without it a file on the shelf counts for nothing.
        (partial / "record").replace(shelf / _RECORD)
    return Sdist(shelf / link.filename, *release, digest, uploaded)


def list_versions(name: str, *, settings: IndexSettings | None = None) -> list[str]:
    """The versions of ``name`` that have a source distribution, in no order.

    ``SourceError`` when there is none, or no network.
    """
    settings = pip_settings() if settings is None else settings
    with _IndexClient(settings) as client:
        return client.versions(name)


def day_of_lower_bounds(
    requirements: Iterable[str], *, settings: IndexSettings | None = None
) -> str:
    """The first day (ISO 8601) on which each requirement's oldest version was there.

    A release of a stable branch is as old as what it requires at least, whenever it was made.
    Requirements without a lower bound count for nothing; empty when none has one, or the index
    tells no upload times. ``SourceError`` when there is no network.
    """
    settings = pip_settings() if settings is None else settings
    with _IndexClient(settings) as client:
        days = [client.day_of_oldest(line) for line in sorted(set(requirements))]
    return max(days, default="")


def _from_cache(shelf: Path, name: str, version: str) -> Sdist | None:
    try:
        record = json.loads((shelf / _RECORD).read_text())
        path = shelf / record["file"]
        if _digest(path, "sha256") != record["sha256"]:
            return None
        return Sdist(path, name, version, record["sha256"], record["uploaded"])
    except (OSError, ValueError, KeyError, TypeError):
        # An unreadable cache is an empty one.
        return None


def _digest(path: Path, algorithm: str) -> str:
    found = hashlib.new(algorithm)
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            found.update(chunk)
    return found.hexdigest()


class _IndexClient:
    """Unearth's finder with the user's settings; its many errors become ``SourceError``."""

    def __init__(self, settings: IndexSettings) -> None:
        from unearth import PackageFinder
        from unearth.auth import MultiDomainBasicAuth
        from unearth.fetchers import PyPIClient

        self._settings = settings
        indexes: list[str] = []
        if not settings.no_index:
            # Unearth's own default is the index that pip has when nothing is configured.
            default = [source["url"] for source in PackageFinder().sources]
            indexes = [settings.index] if settings.index else default
            indexes += settings.extra_indexes
        options: dict[str, Any] = {}
        if settings.certificates or settings.client_certificate:
            context = ssl.create_default_context(cafile=settings.certificates)
            if settings.client_certificate:
                context.load_cert_chain(settings.client_certificate)
            options["verify"] = context
        if settings.proxy:
            options["proxy"] = settings.proxy
        # Any: unearth's declared protocol does not quite fit the client it ships.
        client: Any = PyPIClient(
            trusted_hosts=settings.trusted_hosts,
            timeout=settings.timeout,
            follow_redirects=True,
            **options,
        )
        client.auth = MultiDomainBasicAuth(prompting=False, index_urls=indexes)
        self._client = client
        self._finder: PackageFinder = PackageFinder(
            session=client,
            index_urls=indexes,
            find_links=[link for link in settings.find_links if _can_be_found(link)],
            trusted_hosts=settings.trusted_hosts,
            no_binary=[":all:"],
            ignore_compatibility=True,
        )
        if settings.no_index:
            # Given no place at all, the finder adds the default index on its own.
            self._finder.sources = [s for s in self._finder.sources if s["type"] == "find_links"]

    def __enter__(self) -> _IndexClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self._client.close()

    def find(self, name: str, version: str) -> Link:
        """The tar archive of a release; the first that any configured place offers."""
        with _collected_complaints() as complaints:
            packages = self._trying(
                f"find {name} {version}",
                lambda: list(
                    self._finder.find_matches(
                        f"{name}=={version}", allow_yanked=True, allow_prereleases=True
                    )
                ),
            )
        links = [package.link for package in packages if ".tar" in package.link.filename]
        links += [package.link for package in packages if package.link.filename.endswith(".tgz")]
        if not links:
            reason = f" ({complaints[0]})" if complaints else ""
            raise SourceError(f"pip's index has no source distribution of {name} {version}{reason}")
        return links[0]

    def versions(self, name: str) -> list[str]:
        """Every version that any configured place offers as a tar archive."""
        found = self._trying(
            f"list the releases of {name}",
            lambda: list(
                self._finder.find_all_packages(name, allow_yanked=True)  # also what was drawn back
            ),
        )
        versions = {p.version for p in found if p.version and ".t" in p.link.filename}
        if not versions:
            raise SourceError(f"pip's index has no source distribution of {name}")
        return sorted(versions)

    def day_of_oldest(self, requirement: str) -> str:
        """The day on which the oldest version that fits was uploaded; empty when none is told."""
        from packaging.requirements import Requirement
        from packaging.version import Version

        wanted = Requirement(requirement)
        if not any(spec.operator in {">=", ">", "~=", "=="} for spec in wanted.specifier):
            return ""
        found = self._trying(
            f"list the releases of {wanted.name}",
            lambda: list(
                self._finder.find_matches(
                    f"{wanted.name}{wanted.specifier}", allow_yanked=True, allow_prereleases=False
                )
            ),
        )
        told = [(Version(p.version), p.link.upload_time) for p in found if p.version]
        days = sorted((version, day.date().isoformat()) for version, day in told if day)
        return days[0][1] if days else ""

    def download(self, link: Link, target: Path, stage: Stage) -> str:
        """Write the file to ``target``, check its hash, give its SHA-256."""

        def fetch() -> None:
            with self._client.stream("GET", link.normalized) as response:
                if response.status_code >= 400:
                    raise OSError(f"the server answered {response.status_code}")
                length = response.headers.get("Content-Length", "")
                total = int(length) >> 10 if length.isdigit() else None
                with target.open("wb") as stream:
                    for chunk in response.iter_bytes(1 << 16):
                        stream.write(chunk)
                        stage.update(stream.tell() >> 10, total, "KiB")

        self._trying(f"download {link.filename}", fetch)
        promised = link.hash_option or {}
        strong = [name for name in _DIGESTS if name in promised]
        for algorithm in strong or [
            name for name in promised if name in hashlib.algorithms_available
        ]:
            if _digest(target, algorithm) not in promised[algorithm]:
                raise SourceError(
                    f"{link.filename} does not have the {algorithm} hash its index promises: "
                    "do not use it"
                )
        return _digest(target, "sha256")

    def _trying(self, what: str, attempt: Callable[[], _T]) -> _T:
        """Give a passing fault of the network a second chance."""
        for count in range(_ATTEMPTS):
            if count:
                time.sleep(count)
            try:
                return attempt()
            except Exception as error:
                if isinstance(error, MemoryError) or (
                    isinstance(error, OSError) and is_short(error)
                ):
                    # No other network would help.
                    raise
                # The HTTP client's errors share no base with the operating system's.
                failure = str(error).strip() or type(error).__name__
        raise SourceError(
            f"cannot {what}: {failure.splitlines()[0]}; is there a network, "
            "and is pip's index configured?"
        )


def _can_be_found(link: str) -> bool:
    return "://" in link or Path(link).expanduser().exists()


@contextmanager
def _collected_complaints() -> Iterator[list[str]]:
    """What unearth would log about places it cannot use, for our own error sentence."""
    complaints: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complaints.append(record.getMessage())

    logger = logging.getLogger("unearth.collector")
    handler, before = Collector(logging.WARNING), logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield complaints
    finally:
        logger.removeHandler(handler)
        logger.propagate = before
