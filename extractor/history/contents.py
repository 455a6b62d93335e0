"""What a target's file is at an old commit, from what its providers are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from extractor.history.packing import PackWriter
from extractor.history.providers import Key, Lineages, Provider
from extractor.history.rewriting import RewriteBlob, rewrite_versions
from extractor.history.slices import NOTHING, Sliced, Slices
from extractor.history.trees import Leaf
from extractor.history.walk import History
from extractor.slicing.slices import join_slices
from extractor.source.objects import ObjectReader
from extractor.source.tree import REGULAR, SUBMODULE, SYMLINK


class Contents:
    """Makes each file of the mapped trees once, after ``watch`` has seen what it is made of."""

    def __init__(
        self,
        reader: ObjectReader,
        pack: PackWriter,
        lineages: Lineages,
        slices: Slices,
        rewrite_blob: RewriteBlob | None,
    ) -> None:
        self._reader = reader
        self._pack = pack
        self._lineages = lineages
        self._slices = slices
        self._rewrite = rewrite_blob
        self._leaves: dict[tuple[str, tuple[Leaf | None, ...]], Leaf | None] = {}
        self._rewritten: dict[tuple[str, str], str] = {}
        self.watch: Callable[[str, Mapping[Key, Leaf]], None] | None = None

    def rewrite_ahead(self, history: History) -> None:
        """Rewrite every version of the whole files that the history will ask for."""
        if self._rewrite is None:
            return
        versions = {
            (target, change.blob): None
            for target, group in self._lineages.providers.items()
            for provider in group
            if provider.symbols is None
            for _index, key, change in self._lineages.changes(history, provider.path)
            if key == provider.key and change and change.mode not in (SUBMODULE, SYMLINK)
        }
        for (target, blob), new in rewrite_versions(
            self._reader.git_dir, list(versions), self._rewrite
        ):
            self._rewritten[target, blob] = blob if new is None else self._new(new)

    def leaf(self, target: str, files: Mapping[Key, Leaf]) -> Leaf | None:
        """The target's file when the providers are ``files``, or None when it has none yet."""
        providers = self._lineages.providers[target]
        key = (target, tuple(files.get(p.key) for p in providers))
        if key not in self._leaves:
            if self.watch is not None:
                self.watch(target, files)
            self._leaves[key] = self._make(target, providers, files)
        return self._leaves[key]

    def lines(self, target: str, files: Mapping[Key, Leaf]) -> Counter[bytes]:
        """The target's lines, blank ones apart, before any rewrite; none where it is not yet."""
        whole, parts, _mode = self._found(self._lineages.providers.get(target, ()), files)
        if whole is not None:
            is_text = whole.mode != SUBMODULE
            parts = [self._reader.read(whole.blob) if is_text else whole.blob.encode("ascii")]
        return Counter(line for part in parts for line in part.splitlines() if line.strip())

    def _make(
        self, target: str, providers: Sequence[Provider], files: Mapping[Key, Leaf]
    ) -> Leaf | None:
        whole, parts, mode = self._found(providers, files)
        if whole is not None:
            return self._whole(target, whole)
        if not parts:
            return None
        content = join_slices(parts) if len(parts) > 1 else parts[0]
        if self._rewrite is not None:
            content = self._rewrite(target, content)
        return Leaf(mode or REGULAR, self._new(content))

    def _found(
        self, providers: Sequence[Provider], files: Mapping[Key, Leaf]
    ) -> tuple[Leaf | None, list[bytes], str]:
        """The file to take as it is; or the parts to join, and their mode."""
        parts: list[bytes] = []
        mode = ""
        have: set[str] = set()
        for provider in providers:
            leaf = files.get(provider.key)
            if leaf is None:
                continue
            if provider.symbols is None:
                if parts:
                    break
                return leaf, [], leaf.mode
            if leaf.mode in (SUBMODULE, SYMLINK):
                continue
            sliced = self._slice(provider, leaf.blob, have)
            if sliced.content:
                parts.append(sliced.content)
                mode = mode or leaf.mode
                have |= sliced.bound
        return None, parts, mode

    def _slice(self, provider: Provider, blob: str, have: set[str]) -> Sliced:
        """What the provider has of that which newer ones do not ``have``."""
        assert provider.symbols is not None
        missing = provider.symbols - have
        missing -= {old for old, new in provider.renamed if new in have}
        sliced = self._slices.of(blob, missing, provider.is_main) if missing else NOTHING
        stale = {
            old for old, new in provider.renamed if old in sliced.bound and new in sliced.bound
        }
        if stale:
            return self._slices.of(blob, missing - stale, provider.is_main)
        return sliced

    def _whole(self, target: str, leaf: Leaf) -> Leaf:
        if self._rewrite is None or leaf.mode in (SUBMODULE, SYMLINK):
            return leaf
        key = (target, leaf.blob)
        if key not in self._rewritten:
            old = self._reader.read(leaf.blob)
            new = self._rewrite(target, old)
            self._rewritten[key] = leaf.blob if new == old else self._new(new)
        return Leaf(leaf.mode, self._rewritten[key])

    def _new(self, content: bytes) -> str:
        return self._pack.add(b"blob", content)
