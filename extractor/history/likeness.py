"""How far two pieces of text are alike: what was copied, renamed or moved with changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

# Git calls it a copy from 50 % on; two short files with one licence reach that by chance.
COPY_SIMILARITY = 75
# So many lines that are no comments tell a copy from two files with one licence.
COPY_LINES = 10
# A definition of which half the lines agree is the same one, under its own name; under
# another name it takes more, for neighbours are often written alike.
SAME_NAME, OTHER_NAME = 0.5, 0.7


def carried_names(
    new: Mapping[str, bytes], old: Mapping[str, bytes], left: Mapping[str, bytes]
) -> tuple[dict[str, str], float]:
    """Names of ``old`` and what ``new`` calls them, and how far the surest of them agrees.

    ``left`` is what the old file still has afterwards. A short definition, which many files
    have word for word, goes along with a longer one if it left the old file; alone it counts
    when it is a literal that left.
    """
    names: dict[str, str] = {}
    evidence = 0.0
    for name in sorted(new.keys() & old.keys()):
        share = _similarity(new[name], old[name])
        is_long = len(new[name].splitlines()) > 2
        if share < SAME_NAME or not (is_long or name not in left):
            continue
        names[name] = name
        if is_long or _is_literal(new[name]):
            evidence = max(evidence, share)
    if not evidence:
        return {}, 0.0
    rest = {name: code for name, code in old.items() if name not in new}
    for name in sorted(new.keys() - names.keys()):
        match = most_similar(new[name], rest)
        if match:
            names[match[0]] = name
    return names, evidence


def _is_literal(code: bytes) -> bool:
    _name, _, value = code.partition(b"=")
    return b"(" not in value and any(c in value for c in b"'\"0123456789")


def most_similar(code: bytes, others: Mapping[str, bytes]) -> tuple[str, float] | None:
    """The definition that ``code`` was under another name, and how far they agree."""
    if len(code.splitlines()) < 4:
        return None
    best = max(
        ((_similarity(code, other), name) for name, other in sorted(others.items())),
        default=(0.0, ""),
    )
    return (best[1], best[0]) if best[0] >= OTHER_NAME else None


def split_from(
    name: str, old: Mapping[str, bytes], new: Mapping[str, bytes]
) -> tuple[str, float] | None:
    """The definition that a new one was taken out of: it had most of its lines, and lost them."""
    lines = _lines(new[name])
    if lines.total() < 10:
        return None
    best = ("", 0.0)
    for other in sorted(old.keys() & new.keys()):
        lost = _lines(old[other]) - _lines(new[other])
        share = (lines & lost).total() / lines.total()
        if share > best[1]:
            best = (other, share)
    return best if best[1] >= OTHER_NAME else None


def _lines(code: bytes) -> Counter[bytes]:
    return Counter(line.strip() for line in code.splitlines() if line.strip())


def telling_lines(code: bytes) -> Counter[bytes]:
    """Lines that are no comments, as most languages of scripts and settings write them."""
    return Counter({n: count for n, count in _lines(code).items() if not n.startswith(b"#")})


def copied_share(new: bytes, old: bytes) -> int:
    """Percent of their lines that two files share, of all and of those that are no comments."""
    telling, others = telling_lines(new), telling_lines(old)
    if (telling & others).total() < COPY_LINES:
        return 0
    return int(100 * min(_share(_lines(new), _lines(old)), _share(telling, others)))


def _similarity(code: bytes, other: bytes) -> float:
    """Part of the lines, blank ones and indentation apart, that two definitions share."""
    if code == other:
        return 1.0
    lines, others = _lines(code), _lines(other)
    # One or two lines agree by chance: these must be equal.
    if lines.total() + others.total() < 6:
        return 0.0
    return _share(lines, others)


def _share(lines: Counter[bytes], others: Counter[bytes]) -> float:
    return 2 * (lines & others).total() / (lines.total() + others.total())


def alike(new: bytes, old: bytes) -> bool:
    """Whether one can be a version of the other: half their lines agree, as git has it."""
    lines, others = _lines(new), _lines(old)
    return new == old or lines == others or _share(lines, others) >= SAME_NAME
