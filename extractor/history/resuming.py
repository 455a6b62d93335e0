"""Where a file's past goes on when a result follows its source: what is known, and what is new."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extractor.history.lineage import lives_of
from extractor.history.lives import Lives
from extractor.history.providers import Key, Lineages, Provider
from extractor.history.state import HistoryState
from extractor.history.trees import Leaf
from extractor.history.walk import History, read_history
from extractor.moves import Move
from extractor.source.tree import run_git

Follow = Callable[[History], tuple[Lives, Lineages]]


class OtherPast(Exception):
    """What is there cannot be gone on with: a file of the plan would begin in the middle."""


@dataclass(frozen=True)
class Resumed:
    """The lineages of old and new commits, those of either alone, and the lives of both."""

    lineages: Lineages
    before: Lineages
    new: Lineages
    lives: Lives


class Places:
    """Sees that no other file takes the place of one that is there.

    Git, asked about the one that came, would not leave the path on which the other one was.
    """

    def __init__(self, resumed: Resumed) -> None:
        self._before = resumed.before.providers
        self._own = {
            target: {provider.key for provider in group if provider.symbols is None}
            for target, group in resumed.new.providers.items()
        }
        self._others: dict[str, set[Key]] = {}

    def begin(self, files: Mapping[Key, Leaf]) -> None:
        """Learn what is there where the new commits begin."""
        for target, group in self._before.items():
            keys = [provider.key for provider in group if provider.symbols is None]
            there = next((key for key in keys if key in files), None)
            if there is not None and target in self._own and there not in self._own[target]:
                self._others.setdefault(target, set()).update(set(keys) - self._own[target])

    def require_free(self, target: str, files: Mapping[Key, Leaf]) -> None:
        """``OtherPast`` where the target's file comes while another one is in its place."""
        others = self._others.get(target)
        if others and others & files.keys() and self._own[target] & files.keys():
            raise OtherPast(target)


def resume(
    state: HistoryState,
    targets: Mapping[str, Sequence[Move]],
    history: History,
    follow: Follow,
) -> Resumed:
    """Follow the targets through the new commits of ``history``, and go on with what is known.

    ``follow`` follows them through a history. Raises ``OtherPast`` where a file came back that
    was gone before anybody wanted it.
    """
    # Lives that are told apart began anywhere: then the whole history has to be read. So it is
    # where another file of a known name may have come, or two of a new one.
    keys = state.lineages.keys()
    tells_apart = any(lives != {""} or history.births(path) for path, lives in keys.items())
    sources = {move.source for group in targets.values() for move in group}
    tells_apart |= any(len(history.births(path)) > 1 for path in sources)
    read = history
    if not tells_apart:
        lives, new = follow(history)
        unknown = [path for path in new.paths() if path not in keys and history.births(path)]
        tells_apart = _were_there(history.git_dir, state.source_revision, unknown)
    old = state.lineages
    if tells_apart:
        read = read_history(history.git_dir, history.names[-1])
        lives, new = follow(read)
        old = _spelled_out(old, lives, history)
    lineages = _joined(state, old, new, targets)
    named = {path: its for path, its in lineages.keys().items() if its != {""}}
    if read is not history:
        _require_known(replace(lineages, lives=lives_of(lives, named)), old, read, history)
    at = {index: history.index_of.get(name, -1) for index, name in enumerate(read.names)}
    lineages = replace(lineages, lives=lives_of(lives, named, at.__getitem__))
    return Resumed(lineages, old, new, lives)


def _were_there(git_dir: Path, revision: str, paths: Sequence[str]) -> bool:
    """Whether any commit up to ``revision`` had one of ``paths``."""
    if not paths:
        return False
    return bool(run_git(git_dir, "rev-list", "-n1", "--full-history", revision, "--", *paths))


def _require_known(lineages: Lineages, old: Lineages, read: History, history: History) -> None:
    """``OtherPast`` where a file that nobody knew had a version before ``history`` began."""
    keys = old.keys()
    for path, lives in lineages.keys().items():
        if unknown := lives - keys.get(path, set()):
            for index, (_path, life), change in lineages.changes(read, path):
                is_old = read.names[index] not in history.index_of
                if is_old and life in unknown and change is not None:
                    raise OtherPast(path)


def _spelled_out(old: Lineages, lives: Lives, later: History) -> Lineages:
    """The lineages with each life named that an empty name stood for before ``later`` began."""
    keys = old.keys()

    def spelled(provider: Provider) -> list[Provider]:
        if provider.life or not lives.has_several(provider.path):
            return [provider]
        born_later = lives.born_among(provider.path, later.index_of)
        rest = lives.all_of(provider.path) - born_later - keys[provider.path]
        return [replace(provider, life=life) for life in sorted(rest)]

    providers = {
        target: tuple(each for provider in group for each in spelled(provider))
        for target, group in old.providers.items()
    }
    return replace(old, providers=providers)


def _joined(
    state: HistoryState, old: Lineages, new: Lineages, targets: Mapping[str, Sequence[Move]]
) -> Lineages:
    """New providers first, then what the old ones already knew of the same files.

    What a file was made from is left out where the result has that under another name: the
    file begins where the source's own does, and git finds the way from there.
    """
    by_key = {group[0].key: group for group in old.providers.values()}
    there = {move.source for move in state.moves}
    has = {
        (provider.path, provider.life, provider.symbols)
        for group in old.providers.values()
        for provider in group
        if provider.path in there
    }
    providers: dict[str, tuple[Provider, ...]] = dict(old.providers)
    for target, group in new.providers.items():
        before = {provider.key: provider for provider in old.providers.get(target, ())}
        paths_before = {path for path, _life in before}
        own = {move.source for move in targets[target]}
        found = []
        rest = list(before.values())
        for provider in group:
            is_own = provider.path in own or provider.path in paths_before
            if is_own or not any(
                path == provider.path
                and life in ("", provider.life)
                and (symbols is None or (provider.symbols or {path}) <= symbols)
                for path, life, symbols in has
            ):
                found.append(_with_aliases(provider, before.get(provider.key)))
                rest.extend(by_key.get(provider.key, ()))
        for provider in rest:
            if provider.key not in {known.key for known in found}:
                found.append(provider)
        providers[target] = tuple(found)
    return Lineages(dict(sorted(providers.items())), new.followed)


def _with_aliases(provider: Provider, before: Provider | None) -> Provider:
    """The provider with the older names that its symbols were known to have had."""
    if before is None or provider.symbols is None or not before.renamed:
        return provider
    renamed = {(old, new) for old, new in before.renamed if new in provider.symbols}
    return replace(
        provider,
        symbols=provider.symbols | {old for old, _new in renamed},
        renamed=provider.renamed | renamed,
    )
