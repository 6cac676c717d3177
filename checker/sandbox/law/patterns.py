"""Patterns with wildcards and policy variables, as regular expressions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
Only in version 2012-10-17; an escaped ``${*}``, ``${?}``, ``${$}`` is the character itself.
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
    """A variable stands for nothing, and what it stands in matches nothing."""


class UnsettledError(Exception):
    """No source says what AWS does here."""


def compiled(pattern: str, context: Context | None, *, wild: bool = True) -> str:
    """Write a pattern as a regular expression; without a context ``${`` is plain text.

    Raises NoValueError for a variable that the request has no value for, UnsettledError for one that is not well formed.
    """
    if context is None:
        return _plain(pattern, wild=wild)
    return "".join(_pieces(pattern, context, wild=wild))


def _pieces(pattern: str, context: Context, *, wild: bool) -> Iterator[str]:
    end = 0
    for found in _VARIABLE.finditer(pattern):
        yield _plain(_checked(pattern[end : found.start()]), wild=wild)
        yield re.escape(found[1] or _filled(found[2], found[3], context))
        end = found.end()
    yield _plain(_checked(pattern[end:]), wild=wild)


def _checked(text: str) -> str:
    if "${" in text:
        raise UnsettledError
    return text


def _plain(text: str, *, wild: bool) -> str:
    return "".join((_WILD.get(one) if wild else None) or re.escape(one) for one in text)


def _filled(key: str, default: str | None, context: Context) -> str:
    value = context.get(key.lower(), default)
    if value is None:
        raise NoValueError
    if not isinstance(value, str):
        raise UnsettledError
    return value


def matches(expression: str, value: str) -> bool:
    """True if the whole of a value is what an expression describes."""
    return re.fullmatch(expression, value, re.DOTALL) is not None


def like(value: str, pattern: str, context: Context | None) -> bool:
    """Compare as StringLike does: wildcards cross everything, case counts."""
    return matches(compiled(pattern, context), value)


def arn_like(value: str, pattern: str, context: Context | None) -> bool:
    """Compare ARNs: each of the six components is checked on its own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    Raises UnsettledError where one of them has no six components and the text would match.
    """
    expression = compiled(pattern, context)
    parts = expression.split(":", ARN_PARTS - 1)  # a colon is itself in an expression, escaped or not
    values = value.split(":", ARN_PARTS - 1)
    if len(parts) == len(values) == ARN_PARTS:
        return all(matches(part, one) for part, one in zip(parts, values, strict=True))
    if matches(expression, value):
        raise UnsettledError
    return False
