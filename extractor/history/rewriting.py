"""Rewrite many old versions of files at once, on every processor there is."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TypeAlias

from extractor.errors import MissingObject
from extractor.source.objects import ObjectReader

RewriteBlob: TypeAlias = Callable[[str, bytes], bytes]
# Older paths of moved files are known only once their past was followed.
MakeRewrite: TypeAlias = Callable[[Mapping[str, str]], RewriteBlob]
Version: TypeAlias = tuple[str, str]
# Below this a process costs more than it saves.
_FEWEST = 64
# Syntax trees and scopes are full of cycles: after so many versions their memory is taken back.
_COLLECT_AFTER = 8


def rewrite_versions(
    git_dir: Path, versions: Sequence[Version], rewrite: RewriteBlob
) -> Iterator[tuple[Version, bytes | None]]:
    """Each version (target path, blob) with its new content, None where that is the old one.

    The order is that of their being ready. A version whose blob the repository lacks is left
    out: whoever needs it will say so.
    """
    count = min(os.cpu_count() or 1, len(versions) // _FEWEST + 1)
    if count < 2:
        with ObjectReader(git_dir) as reader:
            for version in versions:
                yield from _rewritten(reader, version, rewrite)
        return
    # A fork has the rewrite and its tables already: nothing of them can be pickled.
    context = multiprocessing.get_context("fork")
    ends: list[Connection] = []
    workers = []
    try:
        for number in range(count):
            mine, theirs = context.Pipe(duplex=False)
            work = (git_dir, versions[number::count], rewrite, theirs)
            worker = context.Process(target=_work, args=work, daemon=True)
            worker.start()
            theirs.close()
            workers.append(worker)
            ends.append(mine)
        while ends:
            for end in wait(ends):
                assert isinstance(end, Connection)
                try:
                    answer = end.recv()
                except EOFError:
                    ends.remove(end)
                    continue
                if isinstance(answer, BaseException):
                    raise answer
                yield answer
    finally:
        for worker in workers:
            if ends:
                worker.terminate()
            worker.join()
            worker.close()


def _work(
    git_dir: Path, versions: Sequence[Version], rewrite: RewriteBlob, answers: Connection
) -> None:
    try:
        # What came with the fork stays: looking through it would only copy its pages.
        gc.freeze()
        with without_collecting(), ObjectReader(git_dir) as reader:
            for number, version in enumerate(versions, 1):
                for answer in _rewritten(reader, version, rewrite):
                    answers.send(answer)
                if not number % _COLLECT_AFTER:
                    gc.collect()
    except BaseException as error:
        answers.send(error)
    finally:
        answers.close()


def _rewritten(
    reader: ObjectReader, version: Version, rewrite: RewriteBlob
) -> Iterator[tuple[Version, bytes | None]]:
    target, blob = version
    try:
        old = reader.read(blob)
    except MissingObject:
        return
    new = rewrite(target, old)
    yield version, None if new == old else new


@contextmanager
def without_collecting() -> Iterator[None]:
    """No cycles are looked for meanwhile: there are none, and looking takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
