"""The functions that make texts."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Unknown
from checker.inputs.cloudformation.holes import joined
from checker.inputs.cloudformation.nodes import not_evaluated, valued
from checker.policy.node import Object, items, scalar_text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.policy.model import Value
    from checker.policy.node import Node

_GAP = re.compile(r"\$\{(!?)([^{}]*)\}")


class Piece(NamedTuple):
    """A part of a text that Fn::Sub makes, and the stretch of the text that it stands for."""

    value: Value
    start: int
    end: int


def import_value(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Fn::ImportValue: what another template exports, by the name that it is exported by."""
    name = evaluation.text(argument)
    if name is None:
        return not_evaluated(evaluation, node)
    where = exported_as(name)
    return valued(node, Unknown(f"`{where}` is exported by another stack", where))


def exported_as(name: Value) -> str:
    """How a value of another stack is called, by whoever exports and by whoever imports it."""
    return f"Fn::ImportValue {name.where if isinstance(name, Unknown) else name}"


def join(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Fn::Join, of a delimiter and a list of texts."""
    parts = items(argument)
    delimiter = evaluation.text(parts[0]) if len(parts) == 2 else None
    listed = evaluation.items(parts[1]) if len(parts) == 2 else None
    texts = [scalar_text(one) for one in listed or ()]
    if not isinstance(delimiter, str) or listed is None or None in texts:
        return not_evaluated(evaluation, node)
    between = [piece for text in texts if text is not None for piece in (delimiter, text)]
    return valued(node, joined(between[1:]))


def sub(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Fn::Sub, of a text, or of a text and values for some of its names."""
    found = pieces(evaluation, argument)
    return (
        not_evaluated(evaluation, node) if found is None else valued(node, joined(one.value for one in found))
    )


def pieces(evaluation: Evaluation, argument: Node) -> list[Piece] | None:
    """Take the argument of Fn::Sub apart; ``None`` where it is no text."""
    text = text_of(items(argument)[0]) if items(argument) else None
    values = items(argument)[1] if len(items(argument)) == 2 else None
    if text is None:
        return None
    return list(_pieces(evaluation, text, values if isinstance(values, Object) else None))


def _pieces(evaluation: Evaluation, text: str, values: Object | None) -> Iterator[Piece]:
    at = 0
    for gap in _GAP.finditer(text):
        yield Piece(text[at : gap.start()], at, gap.start())
        literal = f"${{{gap[2]}}}"
        yield Piece(literal if gap[1] else _named(evaluation, gap[2], values), gap.start(), gap.end())
        at = gap.end()
    yield Piece(text[at:], at, len(text))


def _named(evaluation: Evaluation, name: str, values: Object | None) -> Value:
    """Give what a name in a text stands for: a value given beside it, an attribute, a parameter or resource."""
    own = values.get(name) if values is not None else None
    if own is not None:
        value = evaluation.text(own)
        return Unknown(f"`{name}` is no text", name) if value is None else value
    logical, _, attribute = name.partition(".")
    if attribute:
        return evaluation.attribute(logical, attribute)
    return evaluation.parameters.text(name) if name in evaluation.parameters else evaluation.attribute(name)


def base64(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Fn::Base64."""
    text = evaluation.text(argument)
    if not isinstance(text, str):
        return not_evaluated(evaluation, node)
    return valued(node, b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii"))
