"""Name modules and symbols by their new names: imports, attribute chains, strings, comments.

What moved is named in many ways, and a search and replace finds some of them. Only files
that can mention a renamed name are parsed; what is not renamed keeps its bytes.
"""

from __future__ import annotations

import dataclasses
import re

from extractor.outcome import Failed, Finding, Outcome, Rewritten, Unchanged
from extractor.parsing import UnreadableSource
from extractor.reading.glance import may_name
from extractor.rewrites.parts.documents import (
    document_mentions,
    module_of_document,
    moved_documents,
)
from extractor.rewrites.parts.dotted_text import mentions
from extractor.rewrites.parts.handed_on import handed_on
from extractor.rewrites.parts.moving_files import check_names, moved_files, with_what_is_below
from extractor.rewrites.parts.project import Project
from extractor.rewrites.parts.renames import Renames
from extractor.rewrites.parts.scopes import read_names
from extractor.rewrites.parts.source_file import Review, SourceFile
from extractor.rewrites.parts.source_text import PLAIN, Edit, Style, apply_edits, read_source
from extractor.rewrites.renaming.file import RenamedFile
from extractor.rewrites.renaming.work import Work

__all__ = ["Renames", "may_mention", "rewrite", "rewrite_text"]

REVIEW = Review.READ
SUFFIXES = (
    *(".py", ".pyi", ".cfg", ".conf", ".inc", ".ini", ".json", ".toml", ".yaml", ".yml"),
    *(".md", ".rst", ".txt", ".in", ".mk", ".sh"),
)
# Files without a suffix, scripts among them, and settings that begin with a dot.
FILE_NAMES = ("", ".coveragerc", ".flake8", ".pylintrc", ".pre-commit-config.yaml")
Settings = Renames

_WORDS = re.compile(rb"[A-Za-z_]\w*")
_RELATIVE = re.compile(rb"^[ \t]*from[ \t]*\.", re.MULTILINE)


def may_mention(source: bytes, renames: Renames) -> bool:
    """Whether ``source`` can name anything renamed (or anything left, if that is reported)."""
    words = renames.words
    # A relative import names what is in a package without the package's own name.
    inside = bool(renames.symbols or renames.reexports)
    quick = len(words) <= 8 and not renames.report_left and not inside
    if quick and not any(word in source for word in words):
        return False
    relative = _RELATIVE.search(source) is not None
    inside = inside and relative
    if not relative and not any(root in source for root in renames.root_words):
        return False
    if renames.report_left:
        return True
    found = frozenset(_WORDS.findall(source))
    if not words.isdisjoint(found):
        return True
    return inside and bool(renames.reexports or renames.symbol_words & found)


def may_be_in(source: bytes, renames: Renames) -> bool:
    """Whether Python code can name a renamed module, as nobody names a local variable.

    A top-level module is named by any bare name.
    """
    others = renames.symbols or renames.report_left or renames.reexports or renames.quieted
    if others or len(renames.words) > 8 or any("." not in name for name in renames.modules):
        return True
    return may_name(source, renames.words)


def prepare(settings: Renames, project: Project) -> Renames:
    """``settings`` told of the modules there are, and of those that keep names of their own.

    A package stands for everything in it. Raises ``UsageError`` for names that cannot be or are
    not there, and with ``move_files`` for a new one that is taken or has no place.
    """
    check_names(settings.modules, settings.symbols)
    settings = dataclasses.replace(settings, modules=with_what_is_below(settings.modules, project))
    if not settings.known_modules:
        known = {name for name in project.modules if name.partition(".")[0] in settings.roots}
        old = {symbol.partition(":")[0] for symbol in settings.symbols} - settings.modules.keys()
        staying = {module for module in old & known if keeps_names(settings, module, project)}
        settings = dataclasses.replace(
            settings, known_modules=frozenset(known), staying=settings.staying | staying
        )
    if project.style.follows and not settings.keep_local_names:
        settings = dataclasses.replace(settings, handed_on=handed_on(settings.modules, project))
    moves = moved_documents(settings.modules, project)
    documents = {module_of_document(old): module_of_document(new) for old, new in moves.items()}
    if settings.move_files:
        moves |= moved_files(settings.modules, project)
    return dataclasses.replace(settings, moves=moves, documents=documents)


def keeps_names(renames: Renames, module: str, project: Project) -> bool:
    """Whether ``module`` defines a name that has no new home."""
    top = read_names(project.source(module).tree, module, project.is_package(module)).scopes[0]
    own = {name for name in top.others if not name.startswith("__")}
    return any(f"{module}:{name}" not in renames.symbols for name in own)


def run(file: SourceFile, settings: Renames) -> Outcome:
    """The rewrite as the registry calls it."""
    if not is_python(file.path, file.content):
        return rewrite_text(file.content, settings)
    return rewrite(
        file.content,
        module=file.module,
        is_package=file.is_package,
        renames=settings,
        path=file.path,
        new_module=file.new_module,
        new_is_package=file.new_is_package,
        formerly=file.formerly,
        style=file.style,
    )


def is_python(path: str, content: bytes) -> bool:
    """Whether a file is Python: by its suffix, or without one by its first line."""
    name = path.rpartition("/")[2]
    if "." in name:
        return name.endswith((".py", ".pyi"))
    return content.startswith(b"#!") and b"python" in content.partition(b"\n")[0]


def rewrite_text(source: bytes, renames: Renames) -> Outcome:
    """Rename full dotted names (and ``module:symbol``) in a file that is not Python."""
    if not may_mention(source, renames):
        return Unchanged()
    found = mentions(renames, source, prose=True)
    found += document_mentions(renames.documents, source)
    content = apply_edits(source, [Edit(m.start, m.end, m.new) for m in found])
    findings = tuple(
        Finding(f"still names {m.stays}", source.count(b"\n", 0, m.start) + 1)
        for m in found
        if m.stays and renames.report_left
    )
    return Unchanged(findings) if content == source else Rewritten(content, findings)


def rewrite(
    source: bytes,
    *,
    module: str,
    is_package: bool,
    renames: Renames,
    path: str = "<source>",
    new_module: str | None = None,
    new_is_package: bool | None = None,
    formerly: str | None = None,
    style: Style = PLAIN,
) -> Outcome:
    """Rename every reference in one Python file.

    ``module`` is the dotted name under which the text was written, and ``is_package`` whether
    it was a package's; ``new_module`` and ``new_is_package`` say the same of where it lives now
    (the same by default): relative imports are read with the first and kept only where they
    mean the same under the second. ``formerly`` is the module whose names the text had for its
    own (``module`` by default): those that went elsewhere it has to import now.
    """
    formerly = formerly or module
    if new_is_package is None:
        new_is_package = is_package
    elsewhere = new_module not in (None, module) or new_is_package != is_package
    moved = elsewhere and _RELATIVE.search(source) is not None
    own = f"{formerly}:"
    departed = any(
        symbol.startswith(own) and symbol[len(own) :].encode("utf-8") in source
        for symbol in renames.symbols
    )
    if not (moved or departed or (may_mention(source, renames) and may_be_in(source, renames))):
        return Unchanged()
    try:
        text = read_source(source, path, style)
        names = read_names(text.tree, module, is_package, text.utf8)
        renamed = RenamedFile(text, names, renames, formerly, new_module or module, new_is_package)
        content = Work(renamed).run()
    except UnreadableSource as error:
        return Failed(str(error), error.line)
    except RecursionError:
        return Failed(f"{path}: nested too deeply")
    findings = tuple(sorted(set(renamed.findings), key=lambda found: (found.line, found.message)))
    if content == text.utf8:
        return Unchanged(findings)
    return Rewritten(text.encode(content), findings)
