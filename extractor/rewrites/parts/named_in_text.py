"""Names of modules and symbols in the strings and comments of a Python file."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from extractor.outcome import Finding
from extractor.rewrites.parts.dotted_text import Mention, mentions
from extractor.rewrites.parts.renames import Renames
from extractor.rewrites.parts.scopes import Names
from extractor.rewrites.parts.source_text import Edit, SourceText
from extractor.rewrites.parts.strings import (
    Replacement,
    joined,
    literal_pieces,
    position_in,
    replace_in_pieces,
    without_escapes,
)


class NamedInText:
    """Edits and findings for what the strings and comments of one file name."""

    def __init__(self, source: SourceText, names: Names, renames: Renames) -> None:
        self.source = source
        self.names = names
        self.renames = renames
        self.edits: list[Edit] = []
        self.findings: list[Finding] = []

    def edit_strings(self, made: Sequence[Edit]) -> None:
        """Strings, but annotations in which an edit of ``made`` has renamed the name used."""
        utf8 = self.source.utf8
        for node, in_brackets in self.names.strings:
            start, end = self.source.start(node), self.source.end(node)
            if not any(root.encode() in utf8[start:end] for root in self.renames.roots):
                continue
            if node in self.names.annotations and any(
                start <= edit.start and edit.end <= end for edit in made
            ):
                continue  # done as the expression it is
            if isinstance(node, ast.JoinedStr):
                self.edit_text(start, end, prose=False)
                continue
            pieces = literal_pieces(utf8, start, end)
            content = joined(utf8, pieces)
            replacements: list[Replacement] = []
            prose = node in self.names.prose or b" " in content
            content = without_escapes(content, pieces[0].prefix)
            for mention in mentions(self.renames, content, prose):
                self.report(mention, position_in(pieces, mention.start))
                replacements.append(Replacement(mention.start, mention.end, mention.new))
            if replacements:
                self.edits += replace_in_pieces(self.source, pieces, replacements, in_brackets)

    def edit_text(self, start: int, end: int, prose: bool) -> None:
        text = self.source.utf8[start:end]
        for mention in mentions(self.renames, without_escapes(text, text[:2]), prose):
            low, high = start + mention.start, start + mention.end
            self.report(mention, low)
            if mention.new != self.source.utf8[low:high]:
                self.edits.append(Edit(low, high, mention.new))

    def edit_comments(self, made: Sequence[Edit]) -> None:
        """Comments, but where an edit of ``made`` has renamed what a type comment uses."""
        utf8 = self.source.utf8
        found = []
        for mention in mentions(self.renames, utf8, prose=True):
            line = self.source.line_of(mention.start)
            start, _ = self.source.line_bounds(line)
            if utf8.find(b"#", start, mention.start) >= 0:
                found.append((mention, start))
        spans = self.string_spans() if found else []
        for mention, start in found:
            if not self.in_comment(start, mention.start, spans):
                continue
            self.report(mention, mention.start)
            if any(edit.start < mention.end and mention.start < edit.end for edit in made):
                continue
            if mention.new != utf8[mention.start : mention.end]:
                self.edits.append(Edit(mention.start, mention.end, mention.new))

    def string_spans(self) -> list[tuple[int, int]]:
        """Where the strings are, in order; a mark inside of one begins no comment."""
        spans: list[tuple[int, int]] = []
        for node, _ in self.names.strings:
            low, high = self.source.start(node), self.source.end(node)
            if node.lineno == node.end_lineno or isinstance(node, ast.JoinedStr):
                spans.append((low, high))
            else:  # there may be comments between the parts
                pieces = literal_pieces(self.source.utf8, low, high)
                spans += [(piece.opening, piece.end) for piece in pieces]
        return sorted(spans)

    def in_comment(self, start: int, position: int, spans: Sequence[tuple[int, int]]) -> bool:
        mark = self.source.utf8.find(b"#", start, position)
        while mark >= 0:
            if not any(low <= mark < high for low, high in spans):
                return True
            mark = self.source.utf8.find(b"#", mark + 1, position)
        return False

    def report(self, mention: Mention, position: int) -> None:
        if mention.stays and self.renames.report_left:
            line = self.source.line_of(position)
            self.findings.append(Finding(f"still names {mention.stays}", line))
