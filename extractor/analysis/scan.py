"""What one file says about imports: facts of the file alone, nothing resolved."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from contextlib import suppress

from extractor.analysis.dynamic_imports import BY_STRING, NEVER_KNOWN, PLUGIN_MANAGERS
from extractor.analysis.facts import Body, Facts
from extractor.analysis.lazy_names.hooks import read_lazy_names
from extractor.analysis.running.statements import Running
from extractor.analysis.skeleton import functions_named, skeleton

# A function that has none of these imports nothing, whatever it is that it calls.
_LOADING = {"import", "entry_points", *BY_STRING, *NEVER_KNOWN, *PLUGIN_MANAGERS} - {"locate"}
_WORDS = [
    word.encode()
    for word in sorted(_LOADING)
    if not any(other in word for other in _LOADING - {word})
]
# A package that makes its names on demand is followed into its functions.
_MAKES_NAMES = re.compile(
    rb"^(?:async )?def[ \t]+__getattr__\b|^\(?[ \t]*__getattr__\b"
    rb"|^[ \t]*sys\.modules\[__name__\][ \t]*=|\brecreate_module\(",
    re.MULTILINE,
)
# Without one of these words the pattern above finds nothing, and takes long to say so.
_MAKING_WORDS = (b"__getattr__", b"sys.modules[", b"recreate_module(")
_SETS_NAMES = re.compile(rb"\bglobals\(\)(?:\[|\.update)")
_TOO_DEEP = "nested too deeply to be read"


def scan(source: bytes, path: str = "<source>") -> Facts:
    """The facts of ``source``; ``Facts.error`` says why when it cannot be read.

    Functions are looked into only where they speak of imports or plugins: see ``scan_function``.
    """
    facts = Facts(lines=source.count(b"\n") + (not source.endswith(b"\n") and source != b""))
    makes_names = (
        any(word in source for word in _MAKING_WORDS) and _MAKES_NAMES.search(source) is not None
    )
    try:
        reduced = source if makes_names else skeleton(source, _WORDS)
        tree, restore = _parse(reduced, source, path)
        reader = Running(facts, restore)
        reader.plain_names = b"globals()" not in source or _SETS_NAMES.search(source) is None
        reader.read(tree)
        reader.done()
        if makes_names:
            read_lazy_names(tree, facts)
    except ValueError as error:
        facts.error, facts.error_line = str(error), getattr(error, "line", 0)
    except (RecursionError, MemoryError):
        facts = Facts(lines=facts.lines, error=f"{path}: {_TOO_DEEP}")
    return facts


def scan_function(source: bytes, qualified: str, path: str = "<source>") -> Body | None:
    """What one function or method of ``source`` does when called; ``None`` if there is none."""
    text = functions_named(source, qualified)
    if text == b"":
        return None
    facts = Facts()
    reader = Running(facts, None)
    reader.keep_all = True
    try:
        if text is not None:
            tree = _quietly(text, path)
            reader.scope = qualified.rpartition(".")[0]
    except (SyntaxError, ValueError):
        text = None
    try:
        if text is None:
            tree, reader.restore = _parse(None, source, path)
        reader.statements(tree.body, 0)
        reader.done()
    except (ValueError, RecursionError, MemoryError):
        return None
    return facts.functions.get(qualified)


def _parse(
    reduced: bytes | None, source: bytes, path: str
) -> tuple[ast.Module, Callable[[str], str] | None]:
    """The tree of ``reduced``, or else of all of ``source``; ``UnreadableSource`` if neither."""
    if reduced is not None:
        with suppress(SyntaxError, ValueError):
            return _quietly(reduced, path), None
    # Loaded here: few files need it, and it brings a whole parser.
    from extractor.parsing import parse_ast

    if reduced is not None:
        # Stand-ins for old names are found in what is left, a tenth of the file.
        with suppress(ValueError):
            tree, stand_ins = parse_ast(reduced, path)
            return tree, stand_ins.restore_name if stand_ins.names else None
    tree, stand_ins = parse_ast(source, path)
    return tree, stand_ins.restore_name if stand_ins.names else None


def _quietly(source: bytes, path: str) -> ast.Module:
    with warnings.catch_warnings():
        # Invalid escapes in old code are its authors' business, not a message of ours.
        warnings.simplefilter("ignore")
        return ast.parse(source, path)
