"""Reads an expression that stands inside a text which the parser takes for characters, as in a heredoc."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.inputs.hcl.expression import (
    Access,
    Attribute,
    Deferred,
    Expression,
    Index,
    Literal,
    Name,
    Step,
    Unsupported,
)
from checker.policy.node import Number, Stretch
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_CHARS = 20_000
_WORD = r"[A-Za-z_][A-Za-z0-9_-]*"
_STEP = re.compile(rf'\.({_WORD})|\[(\d{{1,9}})\]|\["([^"\\$%]*)"\]')
_REFERENCE = re.compile(rf'\s*({_WORD})((?:\.{_WORD}|\[\d{{1,9}}\]|\["[^"\\$%]*"\])+|)\s*')
_KEYWORDS = ("true", "false", "null", "for", "if", "in")
_BEGIN = "_ = ("
_TOO_LONG = "longer than the expressions that are read"


def read_inner(outer: Source, text: str, offsets: Sequence[int]) -> Expression:
    """Read an expression whose characters stand at these offsets of the text around it.

    All but plain references is parsed only when it is asked for.
    """
    match = _REFERENCE.fullmatch(text)
    if match is not None and match[1] not in _KEYWORDS:
        return _reference(Source(outer.name, text, outer, offsets), match)
    source = Source(outer.name, f"{_BEGIN}{text}\n)", outer, _shifted(offsets))
    at = Stretch(source, len(_BEGIN), len(_BEGIN) + len(text))
    return Deferred(at, lambda: _parsed(source)) if len(text) <= _MAX_CHARS else Unsupported(at, _TOO_LONG)


def _parsed(source: Source) -> Expression:
    from checker.inputs.hcl.parse import parse_value  # which reads heredocs by way of this module

    return parse_value(source)


def _shifted(offsets: Sequence[int]) -> list[int]:
    return [offsets[0]] * len(_BEGIN) + list(offsets) + [offsets[-1]] * 2


def _reference(source: Source, match: re.Match[str]) -> Expression:
    """Read a reference, which most interpolations are, without the parser."""
    start, at = match.span(1)
    steps: list[Step] = []
    for step in _STEP.finditer(source.text, at, match.end(2)):
        if step[1] is not None:
            steps.append(Attribute(step[1], step.end()))
        else:
            value = step[3] if step[2] is None else Number(step[2])
            steps.append(Index(Literal(Stretch(source, step.start(), step.end()), value), step.end()))
    whole = Stretch(source, start, match.end(2))
    root = Name(Stretch(source, start, at), match[1])
    return Access(whole, root, tuple(steps)) if steps else root
