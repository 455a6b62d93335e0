"""What strangers send: repositories that git takes and hardly anybody has seen, and archives."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator

from tests.hostile.places import VERBS, Place, Tally, nothing_left, remove

# They must say so of each of these, or do without what is odd.
READERS = ("run", "rewritten", "plan", "analyze", "contracts", "diff")


def repositories(place: Place, share: int, tally: Tally) -> None:
    """Trees, commits and files that git takes and hardly anybody has seen."""
    shutil.copytree(place.root / "src", place.root / "kept/src", symlinks=True)
    for number, (name, make) in enumerate(_repositories()):
        if number % share:
            continue
        make(place)
        # What the drill itself made is the source from now on.
        state = place.state("src", "precious")
        for verb in READERS:
            code, said = place.call(VERBS[verb].split())
            tally.judge(f"{name}: {verb}", code, said)
            nothing_left(place, tally, f"{name}: {verb}")
            place.restore()
        if place.state("src", "precious") != state:
            tally.blame(name, "the source changed")
        remove(place.root / "src")
        shutil.copytree(place.root / "kept/src", place.root / "src", symlinks=True)


def _repositories() -> Iterator[tuple[str, Callable[[Place], None]]]:
    def file(path: bytes, content: bytes) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            target = os.fsencode(place.root / "src") + b"/" + path
            os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
            with open(target, "wb") as out:  # noqa: PTH123
                out.write(content)
            place.commit()

        return make

    for content in (
        b"\0" * 100, b"\xff\xfe", b"x = (", b"x = " + b"[" * 500, b"# coding: nonsense\n",
        b"x = " + b" + ".join([b"1"] * 2500), b"x = a" + b".b" * 2500, b"x = " + b"-" * 2500 + b"1",
        b"if a: pass\n" + b"elif b: pass\n" * 2500, b"\x0c" * 999, b"\r" * 999, b"def f(:\n",
        b"x = '" + b"a" * 3_000_000 + b"'\n", b"from . import *\n" * 500, b"\xef\xbb\xbfx = 1\n",
        b"from shop.till import odd\n", b"import shop.till.odd.odd\n", b"x = " + b"9" * 10_000,
        b"x = lambda: " * 90 + b"1", b"@x\n" * 3000 + b"def f(): pass\n",
    ):  # fmt: skip
        yield f"odd.py of {content[:12]!r}", file(b"shop/till/odd.py", content)
    for name in (
        b"caf\xe9.py", b"new\nline.py", b"esc\x1b[31m.py", b"-rf.py", b"a b.py", b"'.py", b"\\.py",
        b"x" * 250 + b".py", b"\xe2\x80\xae.py", b"class.py", b"1.py", b".py", b"*.py", b"$(id).py",
        b"/".join([b"d"] * 300) + b"/x.py",
    ):  # fmt: skip
        yield f"a file {name[:12]!r}", file(b"shop/till/" + name, b"x = 1\n")

    def linked(target: str) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            (place.root / "src/shop/till/link.py").symlink_to(target)
            place.commit()

        return make

    for target in ("/etc/passwd", "../../../precious/key", "link.py", "nowhere", "."):
        yield f"a link to {target}", linked(target)

    def piped(place: Place) -> None:
        os.mkfifo(place.root / "src/shop/till/pipe.py")

    yield "a pipe", piped

    def tree(*entries: str) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            blob = place.git("hash-object", "-w", "--stdin", stdin=b"x = 1\n")
            raw = b"".join(
                mode.encode() + b" " + name.encode() + b"\0" + bytes.fromhex(blob)
                for mode, name in (entry.split(" ", 1) for entry in entries)
            )
            made = place.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)
            commit = place.git("commit-tree", made, "-p", "HEAD", "-m", "odd")
            place.git("update-ref", "refs/heads/main", commit)

        return make

    for entries in (
        ["100644 .."], ["100644 .git"], ["100644 ."], ["100644 a/b"], ["100644 a", "120000 a"],
        ["777777 a"], ["100644 "], ["160000 sub"],
    ):  # fmt: skip
        yield f"a tree with {entries}", tree(*entries)

    def commit(*headers: str) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            top = place.git("rev-parse", "HEAD^{tree}"), place.git("rev-parse", "HEAD")
            text = "\n".join([f"tree {top[0]}", f"parent {top[1]}", *headers, "", "odd\n"])
            made = place.git(
                "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=text.encode()
            )
            place.git("update-ref", "refs/heads/main", made)

        return make

    for date in ("", " 999999999999999 +0000", " -99 +0000", " 1 +9999", " x y"):
        yield f"a commit of {date!r}", commit(f"author A <a@b>{date}", f"committer A <a@b>{date}")

    def configured(text: str) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            config = place.root / "src/.git/config"
            config.write_bytes(config.read_bytes() + text.encode())

        return make

    harm = "touch ../precious/harm"
    for text in (
        f'[core]\n\tfsmonitor = "{harm}"\n', f'[core]\n\tpager = "{harm}"\n',
        f'[filter "x"]\n\tclean = "{harm}"\n\tsmudge = "{harm}"\n',
        "[include]\n\tpath = /dev/zero\n", "[include]\n\tpath = config\n",
        "[core]\n\tworktree = /\n", "[core\n", "[core]\n\tbare = perhaps\n",
        "[core]\n\trepositoryformatversion = 99\n", "[extensions]\n\trefstorage = reftable\n",
        f'[remote "o"]\n\tpromisor = true\n\turl = "ext::sh -c {harm!r}"\n'
        '[protocol "ext"]\n\tallow = always\n[extensions]\n\tpartialClone = o\n',
        "[core]\n\tx = " + "a" * 1_000_000 + "\n",
    ):  # fmt: skip
        yield f"a configuration with {' '.join(text.split())[:40]}", configured(text)
    yield from _inside_git()
    yield from _odd_commits()
    for path, content in PROJECT_FILES.items():
        for text in content:
            yield f"{path} of {text[:20]!r}", file(path.encode(), text)


def _inside_git() -> Iterator[tuple[str, Callable[[Place], None]]]:
    """What the folder .git of a stranger's may have in it."""

    def put(path: str, content: bytes) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            place.write(f"src/.git/{path}", content)

        return make

    for path, content in (
        ("objects/info/alternates", b"/etc\n../../../../precious\n/dev/zero\n"),
        ("objects/info/alternates", b"../../.git/objects\n"),
        ("info/grafts", b"0" * 40 + b"\n"), ("shallow", b"0" * 40 + b"\n"), ("shallow", b"x\n"),
        ("refs/replace/x", b"y\n"), ("packed-refs", b"\0" * 500), ("refs/heads/a\x1b[31m", b"x"),
        ("index", b"DIRC" + b"\xff" * 500), ("index", b""), ("info/attributes", b"* filter=x\n"),
        ("commondir", b"../../precious\n"), ("gc.pid", b"1 localhost\n"), ("HEAD", b"ref: HEAD\n"),
        ("HEAD", b"ref: ../../precious/key\n"), ("HEAD", b"\0\n"), ("index.lock", b""),
    ):  # fmt: skip
        yield f".git/{path} of {content[:12]!r}", put(path, content)

    def hooked(place: Place) -> None:
        for name in ("post-checkout", "reference-transaction", "pre-commit", "post-index-change"):
            place.write(f"src/.git/hooks/{name}", "#!/bin/sh\ntouch ../precious/harm\n")
            (place.root / f"src/.git/hooks/{name}").chmod(0o755)

    yield "hooks", hooked


def _odd_commits() -> Iterator[tuple[str, Callable[[Place], None]]]:
    """Commit objects that name what is not there, or more than anybody writes."""

    def commit(text: Callable[[str, str], bytes]) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            tree, tip = place.git("rev-parse", "HEAD^{tree}"), place.git("rev-parse", "HEAD")
            made = place.git(
                "hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=text(tree, tip)
            )
            place.git("update-ref", "refs/heads/main", made)

        return make

    who = "author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n"
    forms: dict[str, Callable[[str, str], bytes]] = {
        "a parent that is missing": lambda t, c: f"tree {t}\nparent {'1' * 40}\n{who}\nm".encode(),
        "a parent that is a tree": lambda t, c: f"tree {t}\nparent {t}\n{who}\nm".encode(),
        "a tree that is a commit": lambda t, c: f"tree {c}\nparent {c}\n{who}\nm".encode(),
        "300 times the same parent": lambda t, c: (
            f"tree {t}\n{f'parent {c}' + chr(10)}".encode()
            + f"parent {c}\n".encode() * 299
            + f"{who}\nm".encode()
        ),
        "escape sequences": lambda t, c: (
            f"tree {t}\nparent {c}\nauthor \x1b[31mA <a\x1b]0;x\x07@b> 1 +0000\n"
            f"committer \u202eA <a@b> 1 +0000\n\n\x1b[2Jsubject\r\x9b31m\n"
        ).encode(),
        "an encoding nobody knows": lambda t, c: (
            f"tree {t}\nparent {c}\n{who}encoding no\x1bsuch\n\n".encode() + b"caf\xe9\n"
        ),
        "a NUL": lambda t, c: f"tree {t}\nparent {c}\n{who}\na\0b\n".encode(),
        "5 MB of message": lambda t, c: (
            f"tree {t}\nparent {c}\n{who}\n".encode() + b"m\n" * 2_500_000
        ),
        "nobody's names": lambda t, c: (
            f"tree {t}\nparent {c}\nauthor  <> 1 +0000\ncommitter <<>> 1 +0000\n\nm"
        ).encode(),
        "no line for an author": lambda t, c: f"tree {t}\nparent {c}\n\nm".encode(),
        "nothing": lambda t, c: b"",
    }
    for name, text in forms.items():
        yield f"a commit with {name}", commit(text)


# Files of a project that are read for what they say of it.
PROJECT_FILES: dict[str, list[bytes]] = {
    "pyproject.toml": [
        b"x = " + b"[" * 5000, b"x = " + b"9" * 5000, b"\xff", b"[project]\nname = 3\n",
        b'[project]\nname = "x"\ndependencies = [1, {}]\n[project.scripts]\na = "../x:y"\n',
        b'[project]\ndynamic = "all"\nreadme = { file = "/etc/passwd" }\n',
        b"[tool.extractor]\nplan = '../precious'\n[tool.extractor.run]\nrev = 3\n",
        b"[tool]\nimportlinter = 3\ncoverage = []\nruff = 'x'\n[tool.setuptools]\npackages = 3\n",
    ],
    "setup.cfg": [
        b"[metadata\n", b"[options]\ninstall_requires = %(x)s\n[a]\n[a]\n", b"\0", b"= 3\n",
        b"[options.entry_points]\nconsole_scripts =\n  a = ..:/\n  = \n  b = \x1b[31m:x\n",
        b"[metadata]\nlong_description = file: /etc/passwd\nname = attr: shop.x\n",
    ],
    "setup.py": [
        b"import os\nos.system('touch ../precious/harm')\n", b"setup(", b"setup(**x)\n",
        b"from setuptools import setup\nsetup(name=__import__('os').getcwd(), packages=3)\n",
    ],
    "requirements.txt": [
        b"-r requirements.txt\n", b"-r /dev/zero\n", b"-r ../precious/key\n", b"\xff\xfe\n",
        b"a ; b\n-e .\n--index-url http://x\x1b[31m\n@\n===\n", b"a" * 200_000,
        b"x @ file:///etc/passwd\n", b"x\\\n" * 5000,
    ],
    "tox.ini": [b"[tox", b"[testenv]\ndeps = {[x]y}\n-r{toxinidir}/../precious/key\n"],
    ".coveragerc": [b"[run", b"[run]\nsource = %(nothing)s\n"],
    "shop/till/gabbits/a.yaml": [
        b"a: &a [*a]\n", b"[" * 5000, b"a: !!python/object/apply:os.system ['touch x']\n",
        b"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" * 9, b"\x1b\xff",
    ],
    "shop/till/paste.ini": [b"[app:x]\npaste.app_factory = shop.till.\x1b:x\n", b"\xff["],
    ".gitmodules": [b'[submodule "x"]\n\tpath = ../x\n\turl = ext::sh\n', b"[submodule"],
    ".gitattributes": [b"* filter=x working-tree-encoding=UTF-99 text eol=maybe ident\n"],
    "README.rst": [b".. include:: /etc/passwd\n" * 3, b"\xff" * 5000],
    "MANIFEST.in": [b"recursive-include .. *\ngraft /\n"],
}  # fmt: skip


def archives(place: Place, share: int, tally: Tally) -> None:
    """Source distributions that want to be somewhere else, or everything; and one that is none."""
    from extractor.errors import ExtractorError
    from extractor.source.sdist import read_sdist

    for number, (name, content) in enumerate(_archives()):
        if number % share:
            continue
        path = place.root / "tmp" / "x-1.tar.gz"
        path.write_bytes(content)
        code, said = 0, ""
        try:
            read_sdist(path)
        except ExtractorError as refused:
            code, said = int(refused.exit_code), str(refused)
        except Exception as bug:
            code, said = 70, repr(bug)
        path.unlink()
        tally.judge(f"archive {name}", code, said, {0, 3} if "harmless" not in name else {0})


def _archives() -> Iterator[tuple[str, bytes]]:
    kinds = [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
    names = ["/etc/x", "../x", "a/../../x", "a/.git/hooks/x", "a\\b", "", "a", "a/x/y", "b/x"]
    names += ["a/\x1b[31m", "a/b\nc", "a/" + "d/" * 2000 + "x", "a/" + "x" * 300, "a//b", "a/./b"]
    for kind in kinds:
        for name in names:
            yield f"{kind!r} {name[:20]!r}", packed([(name, kind, b"")])
    yield "a harmless one", packed([("a/y", tarfile.REGTYPE, b"1")])
    yield "the same name twice", packed([("a/x", tarfile.REGTYPE, b"1")] * 2)
    yield (
        "a link and a file through it",
        packed([("a/d", tarfile.SYMTYPE, b""), ("a/d/x", tarfile.REGTYPE, b"1")]),
    )
    yield "30,000 files", packed([(f"a/{n}", tarfile.REGTYPE, b"") for n in range(30_000)])
    yield "200 MB of nothing", packed([("a/y", tarfile.REGTYPE, b"\0" * (200 << 20))])
    whole = packed([("a/y", tarfile.REGTYPE, os.urandom(5000))])
    for size in (1, 10, 18, 100, len(whole) // 2, len(whole) - 1):
        yield f"the first {size} bytes", whole[:size]
    yield "one byte of it changed", whole[:2000] + b"x" + whole[2001:]
    for content in (
        b"",
        b"\x1f\x8b",
        os.urandom(500),
        b"PK\3\4",
        b"BZh9" + b"x" * 99,
        b"\0" * 9999,
    ):
        yield f"{content[:4]!r}", content


def packed(members: list[tuple[str, bytes, bytes]]) -> bytes:
    """A compressed archive of (name, kind, content), and the file a/x first."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz", compresslevel=1) as tar:
        for name, kind, content in [("a/x", tarfile.REGTYPE, b""), *members]:
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(content)
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = "../../etc/passwd"
            tar.addfile(info, io.BytesIO(content))
    return written.getvalue()
