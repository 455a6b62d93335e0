import hashlib
import io
import json
import os
import subprocess
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from extractor.progress import Progress
from extractor.source.tree import git_environment

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in [
        ("NAME", "A Person"),
        ("EMAIL", "person@example.org"),
        ("DATE", "2018-02-28T12:00:00+0000"),
    ]
}


class Checkout:
    """A git checkout made by the real git, under no configuration but its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: object) -> str:
        environment = git_environment() | IDENTITY
        # Making a partial clone needs what using one must not do.
        del environment["GIT_NO_LAZY_FETCH"]
        done = subprocess.run(
            ["git", "-C", self.root, "-c", "protocol.file.allow=always", *map(str, arguments)],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
        return done.stdout.strip()

    def write(self, path: str, content: str) -> None:
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(content)

    def commit(self, message: str, **files: str) -> str:
        for path, content in files.items():
            self.write(path, content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "checkout"
    root.mkdir()
    made = Checkout(root)
    made.git("init", "-q", "-b", "main")
    made.commit("one", module="x = 1\n")
    made.commit("two", module="x = 2\n", other="y = 1\n")
    return made


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


class Notes:
    """A display that remembers what a person would have seen."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)

    begin = update = end = warn = note


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def progress(notes):
    return Progress(notes)


def fingerprint(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything below ``root`` that a write would change, folder times included."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, names, files in os.walk(root):
        for name in [".", *names, *files]:
            path = Path(folder, name)
            status = path.lstat()
            digest = ""
            if path.is_file() and not path.is_symlink():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
            key = str(path.relative_to(root))
            found[key] = (status.st_mode, status.st_mtime_ns, status.st_size, digest)
    return found


@pytest.fixture
def unwritten():
    return fingerprint


class Index:
    """A package index on this machine: HTML or JSON pages, over HTTP or as files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pages: dict[str, dict[str, dict[str, object]]] = {}
        self.asked: list[str] = []
        self.answers: dict[str, int] = {}
        self.address = ""

    def add(self, name: str, version: str, *, hashed: bool = True, uploaded: str = "", **files):
        """Release ``name-version`` with ``files`` (path to text); gives the archive's path."""
        archive = self.root / "files" / f"{name}-{version}.tar.gz"
        archive.parent.mkdir(exist_ok=True)
        with tarfile.open(archive, "w:gz") as tar:
            everything = {"setup.cfg": f"[metadata]\nversion={version}\n", "PKG-INFO": "x", **files}
            for path, text in everything.items():
                info = tarfile.TarInfo(f"{name}-{version}/{path}")
                info.size, info.mtime = len(text.encode()), 1_500_000_000
                tar.addfile(info, io.BytesIO(text.encode()))
        record: dict[str, object] = {"filename": archive.name, "url": f"/files/{archive.name}"}
        if hashed:
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
            record["hashes"] = {"sha256": digest}
        if uploaded:
            record["upload-time"] = uploaded
        self.pages.setdefault(name, {})[archive.name] = record
        return archive

    def write_html(self) -> str:
        """The index as a folder of HTML pages; gives its file URL."""
        for name, records in self.pages.items():
            page = self.root / "simple" / name / "index.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            lines = []
            for filename, record in records.items():
                hashes = record.get("hashes", {})
                mark = "".join(f"#{key}={value}" for key, value in hashes.items())
                lines.append(f'<a href="../../files/{filename}{mark}">{filename}</a>')
            page.write_text("<html><body>" + "\n".join(lines) + "</body></html>")
        return (self.root / "simple").as_uri()


@pytest.fixture
def index(tmp_path):
    root = tmp_path / "index"
    root.mkdir()
    return Index(root)


@pytest.fixture
def served(index):
    """The index, answering over HTTP at ``served.address``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)
            parts = self.path.strip("/").split("/")
            if self.path in index.answers:
                self.send_error(index.answers[self.path])
            elif parts[0] == "simple" and parts[1] in index.pages:
                files = list(index.pages[parts[1]].values())
                page = {"meta": {"api-version": "1.1"}, "name": parts[1], "files": files}
                self.reply(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
            elif parts[0] == "moved":
                self.send_response(302)
                self.send_header("Location", "/" + "/".join(parts[1:]))
                self.end_headers()
            elif parts[0] == "files" and (index.root / self.path[1:]).is_file():
                self.reply((index.root / self.path[1:]).read_bytes(), "application/gzip")
            else:
                self.send_error(404)

        def reply(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        index.address = f"http://127.0.0.1:{server.server_port}/simple"
        yield index
        server.shutdown()
