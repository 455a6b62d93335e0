"""Bring a running service to the state that files tell, through its own interface.

What a state holds and which request makes what is a plug-in of the plan (``replay.py`` in its
folder); here is the order of things: look, compare, write, look again, until nothing differs.
"""

from __future__ import annotations

import importlib.util
import json
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from extractor.database.service import Cannot, Client, Conflict, NotYet
from extractor.errors import SourceError, UsageError
from extractor.progress import Progress, Stage

FORMAT = 1
_TRIES = 8
_PASSES = 20
_SECONDS_BETWEEN_PASSES = 0.5

State = dict[str, Any]


class Resource(Protocol):
    """One thing of the service that a state tells about.

    ``kept``: why a difference may stay although the service accepted the request.
    """

    name: str
    kept: str

    def differences(self) -> list[str]:
        """Ask the service; what is not as the state says, one sentence each.

        May raise ``Cannot`` where the service does not tell.
        """

    def apply(self) -> None:
        """Make or correct it; may raise ``Conflict``, ``NotYet`` or ``Cannot``."""


class Extra(Protocol):
    """One thing the service has and no state knows."""

    name: str

    def remove(self) -> None:
        """Delete it; may raise ``Conflict`` or ``Cannot``."""

    def step_aside(self) -> bool:
        """Give up what something of the state needs, where it cannot go; whether it did.

        May raise as ``remove`` does.
        """


class Service(Protocol):
    """What a plan's plug-in gives for one running service."""

    def export(self) -> State:
        """All that the service tells."""

    def resources(self, state: State) -> Sequence[Resource]:
        """What ``state`` tells, in an order the service's rules accept."""

    def extras(self, state: State) -> Sequence[Extra]:
        """What the service has and ``state`` should know, but does not; may raise ``Cannot``."""

    def seconds_to_settle(self, state: State) -> float:
        """How long others' writes may undo ours unseen: after so long we look again."""


@dataclass(frozen=True, order=True)
class Item:
    """What became of one resource.

    ``outcome``: ``right``, ``written``, ``drift`` (only looked at), ``not yet``, ``cannot``,
    ``unknown`` (no file tells of it) or ``removed``.
    """

    resource: str
    outcome: str
    differences: tuple[str, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        text = f"{self.resource}: {self.outcome}"
        if self.differences:
            text += f": {'; '.join(self.differences)}"
        return text + (f" ({self.reason})" if self.reason else "")


@dataclass(frozen=True)
class ReplayReport:
    """Everything that was not right from the start, and how many things were."""

    items: tuple[Item, ...]
    right: int

    @property
    def holds(self) -> bool:
        return all(item.outcome in {"written", "removed"} for item in self.items)

    def values(self) -> dict[str, Any]:
        """The report as plain data."""
        return {"right": self.right, "items": [vars(item) for item in self.items]}

    def text(self) -> str:
        """The report for a person."""
        return "\n".join([*map(str, self.items), f"{self.right} were already right"])


def plugin(folder: Path) -> ModuleType:
    """The plan's ``replay.py``; ``UsageError`` when it has none."""
    path = folder / "replay.py"
    spec = importlib.util.spec_from_file_location("extractor_plan_replay", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise UsageError(f"the plan in {folder} cannot replay: it has no replay.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_state(path: Path, module: ModuleType) -> State:
    """A state file; ``UsageError`` names what is wrong in it."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not a state file: {error}") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise UsageError(f"{path} is not a state file of format {FORMAT}")
    try:
        module.validate(state)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{path}: {error}") from None
    return state


def merge_states(states: Mapping[str, State], module: ModuleType) -> State:
    """One state of several files; ``UsageError`` where they contradict each other."""
    try:
        merged: State = module.merge(states)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return merged


def text_of(state: State) -> str:
    """A state as the text of its file."""
    return json.dumps(state, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def open_service(client: Client, module: ModuleType) -> Service:
    """Greet the service and learn which of its versions to speak."""
    service: Service = module.open_service(client)
    return service


def replay(
    service: Service,
    state: State,
    progress: Progress,
    *,
    check: bool = False,
    prune: bool = False,
    seconds_to_wait: float = 0.0,
) -> ReplayReport:
    """Bring ``service`` to ``state``, or with ``check`` only say what differs.

    What others have yet to make is waited for up to ``seconds_to_wait``. ``prune`` removes what no
    file knows of things that the files are about.
    """
    deadline = time.monotonic() + seconds_to_wait
    told: dict[str, Item] = {}
    with progress.stage("replay") as stage:
        right = _bring(service, state, told, check, deadline, stage)
        for _ in range(_PASSES if prune and not check else 0):
            if not _clear(service, state, told):
                break
            # What was in the way is gone.
            _bring(service, state, told, check, deadline, stage)
    if check or not prune:
        for extra in _extras(service, state, told):
            reason = "no file describes it; --prune removes it"
            told[extra.name] = Item(extra.name, "unknown", (), reason)
    return ReplayReport(tuple(sorted(told.values())), right)


def _bring(
    service: Service,
    state: State,
    told: dict[str, Item],
    check: bool,
    deadline: float,
    stage: Stage,
) -> int:
    """Go over all that ``state`` tells until nothing changes; returns how much was right."""
    right = 0
    for number in range(_PASSES if not check else 1):
        changed = waiting = False
        resources = service.resources(state)
        for done, resource in enumerate(resources, 1):
            stage.update(done, len(resources), resource.name)
            item = _one(resource, check)
            if item.outcome == "right":
                right += number == 0
                before = told.get(resource.name)
                if before is not None and before.outcome != "written":
                    # Whatever stood in the way is gone, or somebody else did it.
                    told[resource.name] = Item(resource.name, "written", before.differences)
                continue
            changed = changed or item.outcome == "written"
            waiting = waiting or item.outcome == "not yet"
            told[resource.name] = item
        if waiting and not changed and time.monotonic() < deadline:
            time.sleep(_SECONDS_BETWEEN_PASSES * (0.5 + random.random()))
            continue
        if not changed:
            break
        if not waiting:
            time.sleep(service.seconds_to_settle(state))
    return right


def _one(resource: Resource, check: bool) -> Item:
    try:
        return _brought(resource, check)
    except Cannot as error:
        # Not even to be looked at.
        return Item(resource.name, "cannot", (), str(error))


def _brought(resource: Resource, check: bool) -> Item:
    first: tuple[str, ...] = ()
    reason = ""
    for attempt in range(_TRIES):
        differences = tuple(resource.differences())
        first = first or differences
        if not differences:
            return Item(resource.name, "written" if attempt else "right", first)
        if check:
            return Item(resource.name, "drift", differences)
        try:
            resource.apply()
        except Conflict as error:
            reason = str(error)
            time.sleep(random.random() * 0.05 * attempt)
            continue
        except NotYet as error:
            return Item(resource.name, "not yet", differences, str(error))
        except Cannot as error:
            return Item(resource.name, "cannot", differences, str(error))
        left = tuple(resource.differences())
        if not left:
            return Item(resource.name, "written", first)
        reason = resource.kept
        if left == differences:
            return Item(resource.name, "cannot", left, reason)
    return Item(resource.name, "cannot", first, reason)


def _extras(service: Service, state: State, told: dict[str, Item]) -> Sequence[Extra]:
    name = "what no file describes"
    told.pop(name, None)
    try:
        return service.extras(state)
    except Cannot as error:
        told[name] = Item(name, "cannot", (), str(error))
        return ()


def _clear(service: Service, state: State, told: dict[str, Item]) -> bool:
    """Remove what no file knows; whether that may help what could not be brought right."""
    extras = {extra.name: extra for extra in _extras(service, state, told)}
    found = {name: _removed(extra) for name, extra in extras.items()}
    is_right = all(
        item.outcome in {"written", "removed"} for name, item in told.items() if name not in found
    )
    told.update(found)
    if is_right:
        return False
    gone = [item.outcome == "removed" or _steps_aside(extras[n]) for n, item in found.items()]
    return any(gone)


def _removed(extra: Extra) -> Item:
    reason = ""
    for _ in range(_TRIES):
        try:
            extra.remove()
            return Item(extra.name, "removed")
        except Conflict as error:
            reason = str(error)
        except (Cannot, NotYet) as error:
            return Item(extra.name, "cannot", (), str(error))
    return Item(extra.name, "cannot", (), reason)


def _steps_aside(extra: Extra) -> bool:
    try:
        return extra.step_aside()
    except (Cannot, Conflict, NotYet):
        return False


def write_state(path: Path, state: State) -> None:
    """Write a state file, whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text_of(state), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SourceError(f"{path}: {error.strerror}") from None


def states_of(paths: Iterable[Path], module: ModuleType) -> State:
    """All files, validated and merged."""
    return merge_states({str(path): load_state(path, module) for path in paths}, module)
