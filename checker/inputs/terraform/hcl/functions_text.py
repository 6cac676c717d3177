"""Implements Terraform's text functions. https://developer.hashicorp.com/terraform/language/functions"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.unknown import Part, Unknown, literal, part_of, parts_of
from checker.inputs.terraform.hcl.functions_lists import TYPES
from checker.inputs.terraform.hcl.limits import TOO_MUCH
from checker.inputs.terraform.hcl.render import Builder, joined
from checker.inputs.terraform.hcl.values import (
    Rendered,
    Rest,
    array,
    decimal,
    first_unknown,
    known,
    rest_of,
    symbolic,
    text,
    unknown,
    why_not_whole,
    wrong,
)
from checker.policy.node import Array, Node, Scalar, Span, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.core.unknown import Piece
    from checker.inputs.terraform.hcl.limits import Budget

    Function = Callable[[Sequence[Node], Span, Budget], Node]


_VERB = pattern(r"%(%|(?:\[(\d{1,2})\])?([sdvq])|.)", re.DOTALL)


def _of_texts(count: int, work: Callable[..., str | bool]) -> Function:
    """Wrap a function that takes a number of known texts."""

    def function(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
        given = [text(one) for one in arguments]
        why = first_unknown(given)
        if why is not None:
            return unknown(why, at)
        if len(given) != count or None in given:
            return wrong(TYPES, at)
        found = work(*given)
        budget.spend_text(len(found) if isinstance(found, str) else 1)
        return known(found, at)

    return function


def _title(value: str) -> str:
    return re.sub(r"(^|\s)(\S)", lambda match: match[1] + match[2].upper(), value)


def _trimmed(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    """Remove surrounding characters; the remaining characters keep their positions."""
    if len(arguments) == 1 and isinstance(arguments[0].source, Rendered):
        return arguments[0]  # JSON and ARNs mean the same with blanks around them or not
    return _of_texts(1, str.strip)(arguments, at, budget)


def _split(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    given = [text(one) for one in arguments]
    why = first_unknown(given)
    if len(given) == 2 and isinstance(given[0], str) and isinstance(given[1], Unknown):
        return _parts(given[1], given[0], at)
    if why is not None:
        return unknown(why, at)
    if len(given) != 2 or None in given:
        return wrong("`split` requires two strings", at)
    between, value = map(str, given)
    if not budget.spend_items(len(value)):
        return unknown(TOO_MUCH, at)
    pieces = value.split(between) if between else list(value)
    return array((known(one, at) for one in pieces if value), at)


_ARN_PARTS = 6


def _parts(value: Unknown, separator: str, at: Span) -> Node:
    """Return the parts of a text of which only the form is known; there may be more."""
    whole = parts_of(value, separator)
    parts = whole or tuple(part_of(value, separator, number) for number in range(_ARN_PARTS))
    if not all(parts):
        return unknown(value, at)
    nodes = [_part(pieces, value, Part(separator, number), at) for number, pieces in enumerate(parts)]
    return array(nodes if whole else (*nodes, unknown(Rest(value.reason, value.where), at)), at)


def _part(pieces: tuple[Piece, ...], value: Unknown, part: Part, at: Span) -> Node:
    written = literal(pieces)
    if written:
        return known(written, at)
    return symbolic(Unknown(value.reason, part.written(value.where), pieces), at)


def _join(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    between = text(arguments[0]) if arguments else None
    why = first_unknown(map(why_not_whole, arguments[1:]))
    if why is not None:
        return unknown(why, at)
    pieces = [item for one in arguments[1:] if isinstance(one, Array) for item in one.items]
    if isinstance(between, Unknown):
        return unknown(between, at)
    if between is None:
        return wrong("`join` requires a string and a list", at)
    return joined(pieces, between, at, budget) if pieces else known("", at)


def _format(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    """Format a text; unknown values leave the other parts known."""
    pattern = text(arguments[0]) if arguments else None
    if not isinstance(pattern, str):
        return (
            unknown(pattern, at) if isinstance(pattern, Unknown) else wrong("`format` requires a string", at)
        )
    builder, begin, following = Builder(at, budget), 0, 1
    for match in _VERB.finditer(pattern):
        builder.characters(pattern[begin : match.start()], [at.start] * (match.start() - begin + 1))
        begin = match.end()
        if match[1] == "%":
            builder.characters("%", [at.start, at.start])
            continue
        number = int(match[2]) if match[2] else following
        if match[3] in (None, "q") or not 0 < number < len(arguments):
            return unknown("the format is not supported", at, pattern)
        following = number + 1
        builder.value(arguments[number], at)
    builder.characters(pattern[begin:], [at.start] * (len(pattern) - begin + 1))
    return builder.node()


def _formatlist(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    lists = [one for one in arguments if isinstance(one, Array)]
    why = first_unknown(map(rest_of, arguments))
    if why is not None:
        return unknown(why, at)
    length = max((len(one.items) for one in lists), default=1)
    if any(len(one.items) != length for one in lists) or not budget.spend_items(length):
        return wrong("the lists of `formatlist` differ in length", at)
    rows = ([one.items[n] if isinstance(one, Array) else one for one in arguments] for n in range(length))
    return array((_format(row, at, budget) for row in rows), at)


def _replace(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    """Replace in a text; the other characters keep their positions."""
    if len(arguments) != 3:
        return wrong("`replace` requires three strings", at)
    value, search = text(arguments[0]), text(arguments[1])
    why = first_unknown((value, search))
    if why is not None:
        return unknown(why, at)
    if not isinstance(value, str) or not isinstance(search, str) or text(arguments[2]) is None:
        return wrong("`replace` requires three strings", at)
    if not search or (len(search) > 1 and search[0] == search[-1] == "/"):
        return unknown("the pattern is not supported", at, search)
    span, start = _where_written(arguments[0], value, at)
    builder, begin = Builder(span, budget), 0
    for number, piece in enumerate(value.split(search)):
        if number:
            begin += len(search)
            builder.value(arguments[2], Span(span.source, start(begin - len(search)), start(begin)))
        builder.characters(piece, [start(begin + n) for n in range(len(piece) + 1)])
        begin += len(piece)
    return builder.node()


def _where_written(node: Node, value: str, at: Span) -> tuple[Span, Callable[[int], int]]:
    """Return the source of a text and the offset of each character."""
    written, whole = node.source.text[node.start : node.end], span_of(node)
    if written == value:
        return whole, lambda n: node.start + n
    if written[1:-1] == value:
        return whole, lambda n: node.start + 1 + n
    return at, lambda _: at.start


def _substr(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    given = [text(one) for one in arguments]
    why = first_unknown(given)
    if why is not None:
        return unknown(why, at)
    numbers = [int(one) for one in map(decimal, arguments[1:]) if one is not None]
    if len(given) != 3 or len(numbers) != 2 or given[0] is None:
        return wrong("`substr` requires a string and two numbers", at)
    value, (offset, length) = str(given[0]), numbers
    begin = offset if offset >= 0 else max(0, len(value) + offset)
    return known(value[begin:] if length < 0 else value[begin : begin + length], at)


def _tostring(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    one = arguments[0] if len(arguments) == 1 else None
    if isinstance(one, Scalar) and (isinstance(one.value, str | Unknown) or one.value is None):
        return one
    found = text(one) if one is not None else None
    if not isinstance(found, str):
        return wrong("`tostring` requires a string, number or boolean", at)
    return known(found, at)


TEXT_FUNCTIONS: dict[str, Function] = {
    "lower": _of_texts(1, str.lower),
    "upper": _of_texts(1, str.upper),
    "title": _of_texts(1, _title),
    "chomp": _trimmed,
    "trimspace": _trimmed,
    "trim": _of_texts(2, str.strip),
    "trimprefix": _of_texts(2, str.removeprefix),
    "trimsuffix": _of_texts(2, str.removesuffix),
    "startswith": _of_texts(2, str.startswith),
    "endswith": _of_texts(2, str.endswith),
    "strcontains": _of_texts(2, str.__contains__),
    "basename": _of_texts(1, lambda path: path.rstrip("/").rpartition("/")[2]),
    "dirname": _of_texts(1, lambda path: path.rpartition("/")[0] or "."),
    "substr": _substr,
    "split": _split,
    "join": _join,
    "format": _format,
    "formatlist": _formatlist,
    "replace": _replace,
    "tostring": _tostring,
}
