"""Validates a document against its published schema: raises the first error, or lists all, with their positions."""

from __future__ import annotations

import json
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from checker.core.errors import InputError
from checker.core.finding import Part, format_route
from checker.core.terminal_text import inert
from checker.policy.node import Array, Number, Object
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError

    from checker.core.finding import Route
    from checker.inputs.text import TextDocument
    from checker.policy.node import Node


@contextmanager
def reading_as(kind: str, help_text: str = "") -> Iterator[None]:
    """Name the kind of file in the error of a file that an option or a command reads as one of its own.

    Raises InputError, with the help text of the error if there is no other.
    """
    try:
        yield
    except InputError as error:
        reason = f"not a valid {kind}: {error.reason}"
        raise error.reworded(reason, help_text or error.help) from None


def validate(document: TextDocument, schema: str) -> None:
    """Validate a document against a file in `schemas/`. Raises InputError."""
    from jsonschema.exceptions import best_match  # slow import, and few files have a schema

    error = best_match(_errors(document, schema))
    if error is not None:
        raise next(_each_fault(document, error, schema))


def faults(document: TextDocument, schema: str) -> Iterator[InputError]:
    """Yield all errors of a document for a file in `schemas/`, each unknown key for itself."""
    for error in _errors(document, schema):
        yield from _each_fault(document, error, schema)


def _errors(document: TextDocument, schema: str) -> Iterator[ValidationError]:
    from jsonschema import Draft202012Validator  # slow import, and few files have a schema

    rules = json.loads(files("checker.schemas").joinpath(schema).read_text("utf-8"))
    errors: Iterator[ValidationError] = Draft202012Validator(rules).iter_errors(plain(document.root))
    return errors


def _each_fault(document: TextDocument, error: ValidationError, schema: str) -> Iterator[InputError]:
    """Yield a schema error in words: one for each unknown key."""
    if error.validator != "additionalProperties" or not isinstance(error.schema, dict):
        yield _fault(document, error, schema)
        return
    known = tuple(error.schema.get("properties", ()))
    value: Any = error.instance
    for key in value:
        if key not in known:
            where = document.locate((*error.absolute_path, key), Part.KEY)
            yield InputError(document.name, f"unknown key `{key}`", where, _hint(key, known))


def _fault(document: TextDocument, error: ValidationError, schema: str) -> InputError:
    """Describe a schema error about anything but unknown keys."""
    route: Route = tuple(error.absolute_path)
    expected: Any = error.validator_value
    value: Any = error.instance
    help_text = f"see `schemas/{schema}`"
    message = error.message[:_LONGEST]
    if error.validator == "enum":
        message, help_text = (
            f"`{inert(str(value))}` is not one of {', '.join(expected)}",
            _hint(str(value), expected),
        )
    elif error.validator == "pattern" and isinstance(error.schema, dict) and "description" in error.schema:
        message, help_text = (
            f"`{inert(str(value))}` does not match the format of `{_key(route)}`",
            str(error.schema["description"]),
        )
    elif error.validator == "type":
        names = [expected] if isinstance(expected, str) else expected
        wanted = " or ".join(_TYPES.get(name, name) for name in names)
        where = f"`{format_route(route)}`: " if route else ""
        message = f"{where}expected {wanted}, found {_found(value)}"
        if expected == "string" and isinstance(value, int | float):
            help_text = "write it in quotes"
    elif error.validator == "required":
        message = f"missing key {message.partition(' ')[0].replace(_QUOTE, '`')}"
    elif error.validator == "minItems":
        message = f"`{format_route(route)}` is empty"
    elif error.validator == "anyOf" and all("required" in one for one in expected):
        message = f"needs {' or '.join(f'`{key}`' for one in expected for key in one['required'])}"
    return InputError(document.name, message, document.locate(route, Part.VALUE), help_text)


_QUOTE = "'"
"""Encloses the key in a message such as "'reason' is a required property"."""
_TYPES = {
    "string": "a string",
    "array": "a list",
    "object": "an object",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
}


def _key(route: Route) -> str:
    """Return the name of a value: the last key of its route."""
    return next((step for step in reversed(route) if isinstance(step, str)), "")


def _found(value: Any) -> str:
    """Describe a value of a wrong type; the elements of a list or an object would only hide the fault."""
    if isinstance(value, dict | list):
        return _TYPES["object" if isinstance(value, dict) else "array"]
    return f"`{json.dumps(value)}`"[:_LONGEST]


_LONGEST = 300


def _hint(word: str, known: tuple[str, ...]) -> str:
    guess = did_you_mean(word, known)
    return f"did you mean `{guess}`?" if guess else f"known: {', '.join(known)}"


def plain(node: Node) -> Any:
    """Convert nodes to the values that a JSON decoder returns."""
    if isinstance(node, Object):
        return {member.key: plain(member.value) for member in node.members}
    if isinstance(node, Array):
        return [plain(one) for one in node.items]
    value = node.value
    return _plain_number(value) if isinstance(value, Number) else value


def _plain_number(number: Number) -> int | float:
    digits = number.text.lstrip("-").isdigit() and len(number.text) < 100
    return int(number.text) if digits else float(number.text)
