"""Holds a document against its published schema; the first fault is an error with its place."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from checker.finding import Part
from checker.inputs.text import InputError
from checker.policy.node import Array, Number, Object

if TYPE_CHECKING:
    from checker.finding import Route
    from checker.inputs.text import TextDocument
    from checker.policy.node import Node


def validate(document: TextDocument, schema: str) -> None:
    """Check a document; ``schema`` is the name of a file in `schemas/`. Raises InputError."""
    from jsonschema import Draft202012Validator  # heavy, and few files have a schema
    from jsonschema.exceptions import best_match

    rules = json.loads(files("checker.schemas").joinpath(schema).read_text("utf-8"))
    error = best_match(Draft202012Validator(rules).iter_errors(plain(document.root)))
    if error is not None:
        route: Route = tuple(error.absolute_path)
        where = document.locate(route, Part.VALUE)
        raise InputError(document.name, f"{error.message[:300]}", where, f"see `schemas/{schema}`")


def plain(node: Node) -> Any:
    """Turn nodes into the values that a JSON decoder gives."""
    if isinstance(node, Object):
        return {member.key: plain(member.value) for member in node.members}
    if isinstance(node, Array):
        return [plain(one) for one in node.items]
    value = node.value
    return _plain_number(value) if isinstance(value, Number) else value


def _plain_number(number: Number) -> int | float:
    digits = number.text.lstrip("-").isdigit() and len(number.text) < 100
    return int(number.text) if digits else float(number.text)
