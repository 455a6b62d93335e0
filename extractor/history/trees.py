"""Trees that share what they have in common, and the objects they are stored as."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

FOLDER = "40000"

Store = Callable[[bytes, bytes], str]


def object_name(kind: bytes, content: bytes) -> str:
    """Git's name for an object: SHA-1 over its kind, size and content."""
    header = b"%s %d\0" % (kind, len(content))
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Leaf:
    """A file of a tree: its git mode and the name of its blob."""

    mode: str
    blob: str


@dataclass
class Folder:
    """One folder. It is never changed once ``name`` is known; ``replaced`` copies it."""

    entries: dict[str, Folder | Leaf] = field(default_factory=dict)
    name: str = ""

    def replaced(self, changes: Mapping[str, Leaf | None]) -> Folder:
        """A folder with the paths of ``changes`` put in, or taken out where ``None``."""
        here = dict(self.entries)
        deeper: dict[str, dict[str, Leaf | None]] = {}
        for path, leaf in changes.items():
            head, _, rest = path.partition("/")
            if rest:
                deeper.setdefault(head, {})[rest] = leaf
            elif leaf is None:
                here.pop(head, None)
            else:
                here[head] = leaf
        for head, inner in deeper.items():
            below = here.get(head)
            folder = below if isinstance(below, Folder) else Folder()
            new = folder.replaced(inner)
            if new.entries:
                here[head] = new
            elif isinstance(below, Folder):
                del here[head]
        return Folder(here)

    def stored(self, store: Store) -> str:
        """The tree's name, after ``store`` was given every tree object not named before."""
        if self.name:
            return self.name
        rows = []
        for name, entry in self.entries.items():
            raw = os.fsencode(name)
            if isinstance(entry, Folder):
                # Git sorts a folder as if its name ended in a slash.
                rows.append((raw + b"/", FOLDER, raw, entry.stored(store)))
            else:
                rows.append((raw, entry.mode, raw, entry.blob))
        rows.sort()
        content = b"".join(
            mode.encode("ascii") + b" " + raw + b"\0" + bytes.fromhex(sha)
            for _key, mode, raw, sha in rows
        )
        self.name = store(b"tree", content)
        return self.name

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Leaf]]:
        """Every file below, with its path, sorted by name within each folder."""
        for name, entry in sorted(self.entries.items()):
            if isinstance(entry, Folder):
                yield from entry.leaves(f"{prefix}{name}/")
            else:
                yield prefix + name, entry


def differing_paths(one: Folder, other: Folder, prefix: str = "") -> set[str]:
    """The paths of files that the two do not have alike."""
    if one is other or (one.name and one.name == other.name):
        return set()
    found: set[str] = set()
    for name in one.entries.keys() | other.entries.keys():
        pair = one.entries.get(name), other.entries.get(name)
        if pair[0] == pair[1]:
            continue
        folders = [entry if isinstance(entry, Folder) else Folder() for entry in pair]
        if any(isinstance(entry, Folder) for entry in pair):
            found |= differing_paths(folders[0], folders[1], f"{prefix}{name}/")
        if any(isinstance(entry, Leaf) for entry in pair):
            found.add(prefix + name)
    return found
