"""What a result knows of its own making: kept beside its objects, for checks and for sync.

``.git/extractor/commit-map`` is for every program to read: sorted by the old commit, one
line each: the old commit, the new one or ``-``, the new one that stands for it or ``-``,
and the reason why it is not kept. ``history.json`` holds the rest. Both are replaced together:
the second one's being in place is what counts. ``source`` says where the source was found on
this machine, which the result itself must not depend on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from extractor.errors import UsageError
from extractor.history.providers import Followed, Lineages, Provider
from extractor.moves import Move, SliceMove, WholeMove

_FORMAT = 1
_MAP, _REST, _SOURCE = "commit-map", "history.json", "source"
# While a sync moves the branches, what it is about to do stands here.
MOVE = "move.json"


@dataclass(frozen=True)
class HistoryState:
    """Where a result's history came from. ``new_of`` has what stands for an old commit.

    ``tip`` is where ``upstream`` belongs: the image of the source's revision, or what following
    the plan put on top of it.

    What following the source left in ``upstream``, since that only goes forward: ``former`` are
    targets of earlier layouts, which older trees of the line still have; ``superseded`` are
    the tips of lines that a whole new one took the place of, ``superseded_origins`` the
    commits in these, each with the old one it was made of; ``bases`` are the revisions that a
    sync went on from, and ``earlier`` their moves where the layout was another one: revision,
    source and target. ``not_from`` are patterns of names under which no past was carried.
    """

    source_revision: str
    tip: str
    form: str
    moves: tuple[Move, ...]
    lineages: Lineages
    counts: Mapping[str, int]
    findings: tuple[str, ...]
    new_of: Mapping[str, str]
    reasons: Mapping[str, str]
    former: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    superseded_origins: Mapping[str, str] = field(default_factory=dict)
    bases: tuple[str, ...] = ()
    earlier: tuple[tuple[str, str, str], ...] = ()
    not_from: tuple[str, ...] = ()

    def origins(self) -> dict[str, str]:
        """New commit to the old one it was made of, superseded lines included."""
        found = dict(self.superseded_origins)
        for old, new in sorted(self.new_of.items()):
            if old not in self.reasons:
                found[new] = old
        return found


def write_state(git_dir: Path, state: HistoryState) -> None:
    """Store ``state``, whole or not at all."""
    (git_dir / "extractor").mkdir(exist_ok=True)
    prepare_state(git_dir, state)
    settle_state(git_dir, is_whole=True)


def prepare_state(git_dir: Path, state: HistoryState | None) -> None:
    """Write ``state`` beside the one there is; ``None`` leaves nothing beside it."""
    folder = git_dir / "extractor"
    (folder / f"{_REST}.new").unlink(missing_ok=True)
    (folder / f"{_MAP}.new").unlink(missing_ok=True)
    if state is None:
        return
    rows = []
    for old in sorted(state.new_of.keys() | state.reasons.keys()):
        stands = state.new_of.get(old) or "-"
        reason = state.reasons.get(old, "")
        rows.append(f"{old} {'-' if reason else stands} {stands} {reason}".rstrip())
    _write(folder / f"{_MAP}.new", "".join(f"{row}\n" for row in rows))
    content = {
        "format": _FORMAT,
        "source_revision": state.source_revision,
        "tip": state.tip,
        "form": state.form,
        "moves": [_move_row(move) for move in state.moves],
        "providers": {
            target: [_provider_row(provider) for provider in group]
            for target, group in state.lineages.providers.items()
        },
        "followed": [asdict(step) for step in state.lineages.followed],
        "counts": dict(state.counts),
        "findings": list(state.findings),
        "former": list(state.former),
        "superseded": list(state.superseded),
        "superseded_origins": dict(state.superseded_origins),
        "bases": list(state.bases),
        "earlier": list(state.earlier),
        "not_from": list(state.not_from),
    }
    _write(folder / f"{_REST}.new", json.dumps(content, indent=1, sort_keys=True) + "\n")


def settle_state(git_dir: Path, *, is_whole: bool) -> None:
    """Let the prepared state take the place of the one there is, if one is prepared.

    Unless ``is_whole`` only where that had begun already.
    """
    folder = git_dir / "extractor"
    if is_whole and (folder / f"{_MAP}.new").exists():
        (folder / f"{_MAP}.new").replace(folder / _MAP)
    if not (folder / f"{_MAP}.new").exists() and (folder / f"{_REST}.new").exists():
        (folder / f"{_REST}.new").replace(folder / _REST)


def require_result(git_dir: Path) -> None:
    """``UsageError`` unless what we know of a result lies beside its objects."""
    if git_dir.is_file():
        led = os.fsdecode(git_dir.read_bytes()).removeprefix("gitdir: ").strip()
        raise UsageError(
            f"{git_dir} is a file that leads to {led}, and a result's repository has to lie in "
            "its own folder: move that folder here in the file's place"
        )
    if not (git_dir / "extractor").is_dir():
        raise UsageError(
            f"{git_dir.parent} was not made by extractor: it has no {git_dir / 'extractor'}, and "
            "neither has a clone of a result; name the folder that the run made"
        )


def read_state(git_dir: Path) -> HistoryState:
    """The state of a result; ``UsageError`` when the repository is none of ours.

    Or when a sync was killed half-way: the next one finishes it.
    """
    require_result(git_dir)
    folder = git_dir / "extractor"
    if (folder / MOVE).exists():
        raise UsageError(f"a sync of {git_dir.parent} was killed: run it again to finish it")
    rest = folder / f"{_REST}.new"
    if not rest.exists() or (folder / f"{_MAP}.new").exists():
        # Otherwise somebody was killed between the two replacements.
        rest = folder / _REST
    try:
        content = json.loads(rest.read_text(encoding="utf-8"))
        rows = (folder / _MAP).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        raise UsageError(
            f"{git_dir.parent} was not made by extractor: it has no  {folder}"
        ) from None
    if content["format"] != _FORMAT:
        raise UsageError(
            f"{folder} was written by another version of extractor: make the result again"
        )
    new_of: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for row in rows:
        old, new, stands, *words = row.split(" ", 3)
        if stands != "-":
            new_of[old] = stands
        if new == "-":
            reasons[old] = words[0] if words else ""
    return HistoryState(
        source_revision=content["source_revision"],
        tip=content.get("tip") or new_of[content["source_revision"]],
        form=content["form"],
        moves=tuple(_move(row) for row in content["moves"]),
        lineages=Lineages(
            providers={
                target: tuple(_provider(row) for row in group)
                for target, group in content["providers"].items()
            },
            followed=tuple(
                Followed(**{**row, "symbols": tuple(row["symbols"])}) for row in content["followed"]
            ),
        ),
        counts=content["counts"],
        findings=tuple(content["findings"]),
        new_of=new_of,
        reasons=reasons,
        former=tuple(content.get("former", ())),
        superseded=tuple(content.get("superseded", ())),
        superseded_origins=content.get("superseded_origins", {}),
        bases=tuple(content.get("bases", ())),
        earlier=tuple((base, old, new) for base, old, new in content.get("earlier", ())),
        not_from=tuple(content.get("not_from", ())),
    )


def remember_source(git_dir: Path, spec: str) -> None:
    """Note where the source is, as a user would write it from any folder."""
    _write(git_dir / "extractor" / _SOURCE, f"{spec}\n")


def remembered_source(git_dir: Path) -> str | None:
    """Where the source was when the result was made; ``None`` when that was not noted."""
    try:
        noted = (git_dir / "extractor" / _SOURCE).read_bytes()
    except OSError:
        return None
    return os.fsdecode(noted).rstrip("\n") or None


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")


def _move_row(move: Move) -> dict[str, Any]:
    row: dict[str, Any] = {"source": move.source, "target": move.target}
    if isinstance(move, SliceMove):
        row["symbols"] = sorted(move.symbols)
    return row


def _move(row: Mapping[str, Any]) -> Move:
    if "symbols" in row:
        return SliceMove(row["source"], row["target"], frozenset(row["symbols"]))
    return WholeMove(row["source"], row["target"])


def _provider_row(provider: Provider) -> dict[str, Any]:
    symbols: Sequence[str] | None = None
    if provider.symbols is not None:
        symbols = sorted(provider.symbols)
    return {
        "path": provider.path,
        "symbols": symbols,
        "is_main": provider.is_main,
        "renamed": sorted(provider.renamed),
        "life": provider.life,
    }


def _provider(row: Mapping[str, Any]) -> Provider:
    return Provider(
        row["path"],
        None if row["symbols"] is None else frozenset(row["symbols"]),
        row["is_main"],
        frozenset((old, new) for old, new in row["renamed"]),
        row.get("life", ""),
    )
