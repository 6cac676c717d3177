"""Splits text with ``${ }`` and ``%{ }``: heredocs, files that `templatefile` reads, JSON strings.

https://developer.hashicorp.com/terraform/language/expressions/strings#string-templates
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.terraform.hcl.expression import (
    Access,
    Attribute,
    Choice,
    Deferred,
    Expression,
    Index,
    Interpolation,
    Literal,
    Loop,
    Name,
    Part,
    Step,
    Text,
    Unsupported,
)
from checker.policy.node import Number, Span
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Decode = Callable[[str, Sequence[int]], Text]


_MAX_CHARS = 20_000
_WORD = r"[A-Za-z_][A-Za-z0-9_-]*"
_STEP = pattern(rf'\.({_WORD})|\[(\d{{1,9}})\]|\["([^"\\$%]*)"\]')
_REFERENCE = pattern(rf'\s*({_WORD})((?:\.{_WORD}|\[\d{{1,9}}\]|\["[^"\\$%]*"\])+|)\s*')
_KEYWORDS = ("true", "false", "null", "for", "if", "in")
_BEGIN = "_ = ("
_TOO_LONG = "the expression is too long to evaluate"


def read_inner(outer: Source, text: str, offsets: Sequence[int]) -> Expression:
    """Read an expression whose characters have these offsets in the surrounding text.

    Only plain references are parsed at once; other expressions are parsed on first use.
    """
    match = _REFERENCE.fullmatch(text)
    if match is not None and match[1] not in _KEYWORDS:
        return _reference(Source(outer.name, text, outer, offsets), match)
    source = Source(outer.name, f"{_BEGIN}{text}\n)", outer, _shifted(offsets))
    at = Span(source, len(_BEGIN), len(_BEGIN) + len(text))
    return Deferred(at, source) if len(text) <= _MAX_CHARS else Unsupported(at, _TOO_LONG)


def _shifted(offsets: Sequence[int]) -> list[int]:
    return [offsets[0]] * len(_BEGIN) + list(offsets) + [offsets[-1]] * 2


def _reference(source: Source, match: re.Match[str]) -> Expression:
    """Parse a reference, the most common interpolation, without the full parser."""
    start, at = match.span(1)
    steps: list[Step] = []
    for step in _STEP.finditer(source.text, at, match.end(2)):
        if step[1] is not None:
            steps.append(Attribute(step[1], step.end()))
        else:
            value = step[3] if step[2] is None else Number(step[2])
            steps.append(Index(Literal(Span(source, step.start(), step.end()), value), step.end()))
    whole = Span(source, start, match.end(2))
    root = Name(Span(source, start, at), match[1])
    return Access(whole, root, tuple(steps)) if steps else root


MAX_DEPTH = 20
_ENDS = ("else", "endif", "endfor")
_DOUBLED = pattern(r"\$(?=\$\{)|%(?=%\{)")
_MARK = pattern(r"\$\$\{|%%\{|(?P<open>[$%]\{)~?")
_INSIDE = pattern(r'\\.|["{}]|[$%]\{', re.DOTALL)
_LOOP = pattern(r"\s*for\s+([A-Za-z_][\w-]*)\s*(?:,\s*([A-Za-z_][\w-]*)\s*)?in\s(.*)", re.DOTALL)
_IF = pattern(r"\s*if\b(.*)", re.DOTALL)


class TemplateError(Exception):
    """A template is not valid."""


class _Piece(NamedTuple):
    """Literal characters, or the content of ``${ }`` or ``%{ }``; ``trim`` tells which neighbors lose blanks."""

    kind: str
    start: int
    end: int
    trim: tuple[bool, bool] = (False, False)


def plain(text: str, offsets: Sequence[int]) -> Text:
    """Read the characters of a heredoc or file, which escape only template markers."""
    if "$${" not in text and "%%{" not in text:
        return Text(text, offsets)
    return substituted(text, offsets, _DOUBLED, lambda _: "")


def substituted(
    text: str, offsets: Sequence[int], pattern: re.Pattern[str], meant: Callable[[re.Match[str]], str]
) -> Text:
    """Replace the matches of a pattern; each replacement has the position of its match."""
    texts: list[str] = []
    places: list[int] = []
    at = 0
    for match in pattern.finditer(text):
        meaning = meant(match)
        texts += (text[at : match.start()], meaning)
        places += offsets[at : match.start()]
        places += [offsets[match.start()]] * len(meaning)
        at = match.end()
    places += offsets[at:]
    return Text("".join([*texts, text[at:]]), places)


def split(source: Source, text: str, offsets: Sequence[int], decode: Decode = plain) -> tuple[Part, ...]:
    """Split a text whose characters have these offsets in a source. Raises TemplateError."""
    reader = _Reader(source, text, offsets, decode)
    parts = reader.parts(0)
    if reader.at < len(reader.pieces):
        raise TemplateError("a template directive has no opening directive")
    return parts


def _pieces(text: str) -> list[_Piece]:
    """Split the text at its markers."""
    found: list[_Piece] = []
    at = start = 0
    while (match := _MARK.search(text, at)) is not None:
        at = match.end()
        if match["open"] is None:
            continue
        end = _closing(text, at)
        trim = match[0].endswith("~"), end > at and text[end - 1] == "~"
        found.append(_Piece("text", start, match.start()))
        found.append(_Piece(match["open"], at, end - trim[1], trim))
        at = start = end + 1
    return [*found, _Piece("text", start, len(text))]


def _closing(text: str, at: int) -> int:
    """Return the brace that closes an interpolation, skipping nested strings and braces."""
    stack = ["}"]
    while (match := _INSIDE.search(text, at)) is not None:
        at, mark = match.end(), match[0]
        if mark == stack[-1]:
            stack.pop()
            if not stack:
                return match.start()
        elif mark in ("${", "%{") or (mark == "{" and stack[-1] != '"'):
            stack.append("}")
        elif mark == '"':
            stack.append('"')
    raise TemplateError("an interpolation in the template is not closed")


class _Reader:
    def __init__(self, source: Source, text: str, offsets: Sequence[int], decode: Decode) -> None:
        self.source, self.text, self.offsets, self.decode = source, text, offsets, decode
        self.pieces = _pieces(text)
        self.at = 0

    def parts(self, depth: int) -> tuple[Part, ...]:
        """Read parts up to the directive that closes the current one, or to the end."""
        if depth > MAX_DEPTH:
            raise TemplateError(f"directives nested more than {MAX_DEPTH} levels deep")
        parts: list[Part] = []
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            if piece.kind == "%{" and self.inside(piece).strip() in _ENDS:
                break
            self.at += 1
            if piece.kind == "text":
                parts += self.characters(piece)
            elif piece.kind == "${":
                parts.append(Interpolation(self.span(piece), self.expression(piece.start, piece.end)))
            else:
                parts.append(self.directive(piece, depth))
        return tuple(parts)

    def characters(self, piece: _Piece) -> list[Part]:
        """Read characters, without the blanks that an adjacent directive trims."""
        number, written = self.at - 1, self.inside(piece)
        start, end = piece.start, piece.end
        if number and self.pieces[number - 1].trim[1]:
            start += len(written) - len(written.lstrip())
        if number + 1 < len(self.pieces) and self.pieces[number + 1].trim[0]:
            end = piece.start + len(written.rstrip())
        return [self.decode(self.text[start:end], self.offsets[start : end + 1])] if end > start else []

    def directive(self, piece: _Piece, depth: int) -> Part:
        inside = self.inside(piece)
        if (match := _IF.fullmatch(inside)) is not None:
            condition = self.expression(piece.start + match.start(1), piece.end)
            then = self.parts(depth + 1)
            otherwise: tuple[Part, ...] = ()
            if self.take("else", "endif") == "else":
                otherwise = self.parts(depth + 1)
                self.take("endif")
            return Choice(self.span(piece), condition, then, otherwise)
        if (match := _LOOP.fullmatch(inside)) is None:
            raise TemplateError("a template directive is not valid")
        collection = self.expression(piece.start + match.start(3), piece.end)
        body = self.parts(depth + 1)
        self.take("endfor")
        return Loop(self.span(piece), tuple(filter(None, match.groups()[:2])), collection, body)

    def take(self, *words: str) -> str:
        """Consume a directive if it is one of these words."""
        piece = self.pieces[self.at] if self.at < len(self.pieces) else None
        word = self.inside(piece).strip() if piece is not None else ""
        if word not in words:
            raise TemplateError("a template directive is not closed")
        self.at += 1
        return word

    def inside(self, piece: _Piece) -> str:
        return self.text[piece.start : piece.end]

    def span(self, piece: _Piece) -> Span:
        begin = max(0, piece.start - 2 - piece.trim[0])
        end = min(len(self.text), piece.end + 1 + piece.trim[1])
        return Span(self.source, self.offsets[begin], self.offsets[end])

    def expression(self, start: int, end: int) -> Expression:
        return read_inner(self.source, self.text[start:end], self.offsets[start : end + 1])
