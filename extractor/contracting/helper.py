"""A second process for a first check, when every file of a large project has to be read.

It starts as a copy of ours and finds out about half of the files what we find out about the
others. What it says are facts about files, never a verdict: where it fails, nothing is lost but
time.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from extractor_contracts.world import World

from extractor.source.tree import FolderTree, Tree

# A small project is read before a process has started.
_LARGE = 500


@contextmanager
def helped(world: World, tree: Tree) -> Iterator[World]:
    """``world`` with a helper, where there is much to find out and a processor to do it."""
    if (
        world.store.empty
        and len(world.modules) >= _LARGE
        # A revision is read through one process that two cannot ask.
        and isinstance(tree, FolderTree)
        and hasattr(os, "sched_getaffinity")
        and len(os.sched_getaffinity(0)) > 1
    ):
        helper = Process(world)
        world.helper = helper
        try:
            yield world
        finally:
            world.helper = None
            helper.end()
    else:
        yield world


class Process:
    """The helper of ``extractor_contracts.world``. It starts when it is first asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._id = 0
        self._failed = False
        self._asked = False

    def ask(self, method: str, *arguments: object) -> None:
        if self._asked:
            # An answer that nobody waited for must not be taken for this one's.
            self.wait()
        if self._failed:
            return
        try:
            request = pickle.dumps((method, arguments), pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError):
            # Somebody's own contract asks with what only this process has: it answers alone.
            return
        with self._failing():
            if not self._id:
                self._start()
            self._to.write(request)
            self._to.flush()
            self._asked = True

    def wait(self) -> Any:
        result = None
        if self._asked and not self._failed:
            with self._failing():
                result = pickle.load(self._from)
        self._asked = False
        return result

    def end(self) -> None:
        """Let it go, whatever it is doing."""
        if self._id:
            with suppress(ProcessLookupError):
                os.kill(self._id, signal.SIGKILL)
            os.waitpid(self._id, 0)
            with suppress(OSError):
                self._to.close()
            self._from.close()
            self._id = 0

    def _start(self) -> None:
        # Worked out by one for both.
        for module in self._world.modules:
            self._world.content_key(module)
        theirs, to = os.pipe()
        from_, ours = os.pipe()
        self._id = os.fork()
        if not self._id:
            os.close(to)
            os.close(from_)
            _serve(self._world, theirs, ours)
        os.close(theirs)
        os.close(ours)
        self._to, self._from = os.fdopen(to, "wb"), os.fdopen(from_, "rb")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Go on alone where the process is not there any more."""
        try:
            yield
        except (OSError, EOFError, pickle.UnpicklingError):
            self._failed = True
            self.end()


def _serve(world: World, requests: int, answers: int) -> None:
    """What the process does until it is ended."""
    status = 1
    try:
        world.helper = None
        with open(requests, "rb") as reading, open(answers, "wb") as writing:
            while True:
                method, arguments = pickle.load(reading)
                result = getattr(world, method)(*arguments)
                pickle.dump(result, writing, pickle.HIGHEST_PROTOCOL)
                writing.flush()
    except EOFError:
        status = 0
    finally:
        # Nothing is to be cleaned up here that is the other process's.
        os._exit(status)
