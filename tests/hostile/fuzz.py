"""Feed a reader with mutations until it is stopped: run by hand.

    python tests/hostile/fuzz.py {plan,manifest,python,stream} [SECONDS]

With atheris installed its coverage guides the mutations; without, they are random. A finding is
any error that is not one of ours.
"""

from __future__ import annotations

import importlib.util
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from extractor.errors import ExtractorError
from extractor.history.graph import State  # noqa: F401  (loaded before the clock starts)
from extractor.manifest import read_manifest
from extractor.parsing import UnreadableSource, parse_ast, parse_cst
from extractor.plan.load import PLANS, parse_plan

_BLOCKS = [
    b"[",
    b"]",
    b"{",
    b'"',
    b"\\",
    b"\0",
    b"\xff",
    b"=",
    b"..",
    b"/",
    b"(",
    b"*",
    b"\n",
    b"9",
]


def plan(data: bytes) -> None:
    parse_plan(data, "plan.toml")


def manifest(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(data)
        file.flush()
        read_manifest(Path(file.name))


def python(data: bytes) -> None:
    try:
        parse_ast(data)
        parse_cst(data)
    except UnreadableSource:
        return


def stream(data: bytes) -> None:
    from extractor.history.carry import commit_date

    commit_date(data)


TARGETS: dict[str, tuple[Callable[[bytes], None], bytes]] = {
    "plan": (plan, next(iter(sorted(PLANS.glob("*/plan.toml")))).read_bytes()),
    "manifest": (manifest, b'{"schema_version": 1, "source": {}, "plan": {}, "results": []}'),
    "python": (python, Path(__file__).read_bytes()),
    "stream": (stream, b"tree a\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nm\n"),
}


def one(target: Callable[[bytes], None], data: bytes) -> None:
    try:
        target(data)
    except ExtractorError:
        return


def mutated(data: bytes, chance: random.Random) -> bytes:
    """``data`` with a few pieces changed, doubled or left out."""
    text = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text[at:at] = chance.choice(_BLOCKS) * chance.choice([1, 1, 2, 300])
            case 1:
                del text[at : at + chance.randint(1, 40)]
            case 2:
                text[at:at] = text[at : at + chance.randint(1, 80)]
            case _:
                text[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(text)


def main() -> None:
    target, seed = TARGETS[sys.argv[1]]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 3600
    if importlib.util.find_spec("atheris"):
        import atheris  # type: ignore[import-not-found]

        atheris.instrument_all()
        atheris.Setup([sys.argv[0], f"-max_total_time={int(seconds)}"], lambda d: one(target, d))
        atheris.Fuzz()
        return
    chance, end, count = random.Random(0), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = mutated(seed, chance)
        try:
            one(target, data)
        except BaseException:
            Path("finding").write_bytes(data)
            raise
        count += 1
    print(f"{sys.argv[1]}: {count} inputs, no finding")


if __name__ == "__main__":
    main()
