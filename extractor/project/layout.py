"""Which files are which modules: packages wherever they lie, and the folders around them.

A *source folder* is one that top-level names are in; ``""`` is the project's own. Packages may be
regular or namespaces (folders without ``__init__.py``), and a module may stand alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

# Folders around packages by custom, and those where nothing of the project's own is.
_AROUND = ("lib/", "src/")
_NOT_OURS = frozenset({"build", "dist", "node_modules", "site-packages", "venv"})
# Where tests and pages lie; what such a folder holds is a package beside the others at most.
_BESIDE = frozenset({"doc", "docs", "example", "examples", "test", "tests", "tools"})
_INIT = "/__init__.py"


@dataclass(frozen=True)
class SourceFolders:
    """The folders that top-level names are in, each with its slash, ``""`` for the root.

    A value: it names the module of any path, whether or not there is such a file.
    """

    folders: tuple[str, ...] = ("src/", "lib/", "")

    def around(self, path: str) -> str:
        """The source folder that ``path`` is in, the innermost."""
        return next((f for f in self._innermost if path.startswith(f)), "")

    def module_of(self, path: str) -> str:
        """``a/b/c.py`` is ``a.b.c`` and ``a/b/__init__.py`` is ``a.b``, without what is around."""
        inner = path[len(self.around(path)) :].removesuffix(".py")
        return inner.replace("/", ".").removesuffix(".__init__")

    @cached_property
    def _innermost(self) -> tuple[str, ...]:
        return tuple(sorted(self.folders, key=lambda folder: (-len(folder), folder)))


USUAL = SourceFolders()


def module_of(path: str) -> str:
    """The module that a path is where packages lie at the root, in ``src/`` or in ``lib/``."""
    return USUAL.module_of(path)


def is_package(path: str) -> bool:
    """Whether a file is the ``__init__`` of a package."""
    return f"/{path}".endswith(_INIT)


def source_folders(
    python: Sequence[str],
    declared: Iterable[str],
    described: Collection[str],
    read: Callable[[str], bytes],
) -> SourceFolders:
    """The source folders of a project with the files ``python``.

    ``declared`` are those that its packaging names, ``described`` those that have packaging of
    their own. A package in another folder is told from a part of a namespace by how the files
    import it, for which ``read`` is asked.
    """
    inits = {path[: -len(_INIT)] for path in python if path.endswith(_INIT)}
    found = {""} | {_folder(name) for name in declared}
    found |= {folder for folder in _AROUND if _is_around(folder, python, inits)}
    nested: dict[str, set[str]] = {}
    for package in inits:
        top = _outermost(package, inits)
        parent = _around_namespace(top.rpartition("/")[0], described)
        if parent and f"{parent}/" not in found and not _NOT_OURS & set(top.split("/")):
            nested.setdefault(f"{parent}/", set()).add(top)
    for folder, tops in sorted(nested.items(), key=lambda item: (item[0].count("/"), item[0])):
        known = SourceFolders(tuple(found))
        if not _BESIDE.isdisjoint(folder.split("/")):
            continue
        named = folder in described or folder.endswith(tuple(f"/{around}" for around in _AROUND))
        if named or _is_imported_short(folder, tops, known, python, read):
            found.add(folder)
    return SourceFolders(tuple(sorted(found, key=lambda folder: (-len(folder), folder))))


def _around_namespace(parent: str, described: Collection[str]) -> str:
    """The folder around a namespace package, where what is described lies in ``src`` or ``lib``."""
    own = max((one for one in described if f"{parent}/".startswith(one)), key=len, default="")
    for around in _AROUND:
        if own and f"{parent}/".startswith(f"{own}{around}"):
            return f"{own}{around}".rstrip("/")
    return parent


def _folder(name: str) -> str:
    name = name.strip("/")
    return "" if name in {"", "."} else name.removeprefix("./") + "/"


def _is_around(folder: str, python: Sequence[str], inits: Collection[str]) -> bool:
    """``src`` and ``lib`` may also be packages themselves."""
    return folder.rstrip("/") not in inits and any(path.startswith(folder) for path in python)


def _outermost(package: str, inits: Collection[str]) -> str:
    """The outermost regular package around ``package``."""
    parts = package.split("/")
    above = ("/".join(parts[:size]) for size in range(1, len(parts)))
    return next((folder for folder in above if folder in inits), package)


def _is_imported_short(
    folder: str,
    tops: Collection[str],
    known: SourceFolders,
    python: Sequence[str],
    read: Callable[[str], bytes],
) -> bool:
    """Whether files import what is in ``folder`` by its own name, and none by the folder's too."""
    inner = folder[len(known.around(folder)) :].strip("/")
    if not all(part.isidentifier() for part in inner.split("/")):
        return True
    names = "|".join(sorted(re.escape(top.rpartition("/")[2]) for top in tops))
    spaced = re.escape(inner.replace("/", "."))
    short = re.compile(rf"^[ \t]*(?:from|import)[ \t]+(?:{names})\b".encode(), re.MULTILINE)
    long = re.compile(rf"^[ \t]*(?:from|import)[ \t]+{spaced}\b".encode(), re.MULTILINE)
    is_short = False
    for path in python:
        content = read(path)
        if long.search(content):
            return False
        is_short = is_short or (path.startswith(folder) and bool(short.search(content)))
    return is_short


def modules_in(python: Sequence[str], folders: SourceFolders) -> dict[str, str]:
    """Dotted module to path, sorted by name.

    A package wins over a module of its name, and of several places the shallowest.
    """
    found: dict[str, str] = {}
    for path in python:
        module = folders.module_of(path)
        if not module or not all(part.isidentifier() for part in module.split(".")[:-1]):
            continue
        other = found.get(module)
        if other is None or _rank(path) < _rank(other):
            found[module] = path
    return dict(sorted(found.items()))


def _rank(path: str) -> tuple[bool, int]:
    return not is_package(path), path.count("/")


def tops_of(
    modules: Mapping[str, str], is_beside: Callable[[str], bool], tests: Collection[str] = ()
) -> tuple[str, ...]:
    """Top-level names that hold modules of the project, those with most first.

    What only lies beside the packages (tools, ``tests``, and what ``is_beside`` says of its path)
    is none, unless it is all there is.
    """
    counts: dict[str, int] = {}
    for module, path in modules.items():
        top = module.partition(".")[0]
        if not top.isidentifier() or top in _NOT_OURS:
            continue
        if top in counts or not is_beside(path):
            counts[top] = counts.get(top, 0) + 1
    ours = {top: count for top, count in counts.items() if top not in {*_BESIDE, *tests}} or counts
    return tuple(sorted(ours, key=lambda name: (-ours[name], name)))
