"""Patterns with wildcards and policy variables, as regular expressions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
Policy version 2012-10-17 has variables. An escaped ``${*}``, ``${?}`` or ``${$}`` is the character itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Context = Mapping[str, str | list[str]]


ARN_PARTS = 6
_VARIABLE = re.compile(r"\$\{([*?$])\}|\$\{([^{},\s]+)(?:, '([^']*)')?\}")
_WILD = {"*": ".*", "?": "."}


class NoValueError(Exception):
    """A variable has no value, so the pattern that contains it matches nothing."""


class UndocumentedError(Exception):
    """The behavior of AWS in this case is not documented."""


def compiled(pattern: str, context: Context | None, *, wild: bool = True) -> str:
    """Convert a pattern to a regular expression. Without a context, ``${`` is plain text.

    Raises NoValueError for a variable without a value in the request, UnsettledError for a malformed variable.
    """
    if context is None:
        return _plain(pattern, wild=wild)
    return "".join(_pieces(pattern, context, wild=wild))


def _pieces(pattern: str, context: Context, *, wild: bool) -> Iterator[str]:
    end = 0
    for variable in _VARIABLE.finditer(pattern):
        yield _plain(_checked(pattern[end : variable.start()]), wild=wild)
        yield re.escape(variable[1] or _value(variable[2], variable[3], context))
        end = variable.end()
    yield _plain(_checked(pattern[end:]), wild=wild)


def _checked(text: str) -> str:
    if "${" in text:
        raise UndocumentedError
    return text


def _plain(text: str, *, wild: bool) -> str:
    return "".join((_WILD.get(char) if wild else None) or re.escape(char) for char in text)


def _value(key: str, default: str | None, context: Context) -> str:
    value = context.get(key.lower(), default)
    if value is None:
        raise NoValueError
    if not isinstance(value, str):
        raise UndocumentedError
    return value


def matches(expression: str, value: str) -> bool:
    """Return whether an expression matches a whole value."""
    return re.fullmatch(expression, value, re.DOTALL) is not None


def like(value: str, pattern: str, context: Context | None) -> bool:
    """Compare as StringLike does: case-sensitive, and wildcards match any characters."""
    return matches(compiled(pattern, context), value)


def arn_like(value: str, pattern: str, context: Context | None) -> bool:
    """Compare ARNs component by component; an ARN has six components.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    Raises UnsettledError if one of them does not have six components but the whole text matches.
    """
    expression = compiled(pattern, context)
    parts = expression.split(":", ARN_PARTS - 1)  # re.escape leaves a colon as it is
    values = value.split(":", ARN_PARTS - 1)
    if len(parts) == len(values) == ARN_PARTS:
        return all(matches(part, one) for part, one in zip(parts, values, strict=True))
    if matches(expression, value):
        raise UndocumentedError
    return False
