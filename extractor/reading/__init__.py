"""One reading of a file, keyed by its content: whoever asks about a text shares it.

``read(content)`` gives a ``Reading``: the syntax tree, what binds names and what uses them
by Python's own rules of scope, ``__all__``, strings that are dotted names, dynamic imports.
The rewrites have a reader of their own, on purpose: their results are proved with this one.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from extractor.parsing import deeply, parse_ast
from extractor.reading.facts import Reading

__all__ = ["Reading", "read"]

_KEPT = 4_000  # readings; the largest projects have about as many files
_readings: OrderedDict[bytes, Reading] = OrderedDict()


def read(content: bytes, path: str = "<source>") -> Reading:
    """The reading of ``content``; raises ``UnreadableSource``, which names ``path``."""
    from extractor.reading.walk import walk

    key = hashlib.blake2b(content, digest_size=20).digest()
    if key in _readings:
        _readings.move_to_end(key)
        return _readings[key]
    tree, stand_ins = parse_ast(content, path)
    found = deeply(lambda: walk(tree, stand_ins))
    _readings[key] = found
    if len(_readings) > _KEPT:
        _readings.popitem(last=False)
    return found
