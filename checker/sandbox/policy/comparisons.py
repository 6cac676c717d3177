"""Comparisons of a value with a policy value, which may have wildcards and policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
Policy version 2012-10-17 has variables. An escaped ``${*}``, ``${?}`` or ``${$}`` is the character itself.
"""

from __future__ import annotations

import base64
import operator
import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Context = Mapping[str, str | list[str]]
    Compare = Callable[[str, str, Context | None], bool]


ARN_PARTS = 6
_VARIABLE = re.compile(r"\$\{([*?$])\}|\$\{([^{},\s]+)(?:, '([^']*)')?\}")
_WILD = {"*": ".*", "?": "."}


class NoValueError(Exception):
    """A variable has no value, so the pattern that contains it matches nothing."""


class UndocumentedError(Exception):
    """The behavior of AWS in this case is not documented."""


def compiled(pattern: str, context: Context | None, *, wild: bool = True) -> str:
    """Convert a pattern to a regular expression. Without a context, ``${`` is plain text.

    Raises NoValueError for a variable without a value in the request, UndocumentedError for a malformed variable.
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


@lru_cache(maxsize=4096)
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
    Raises UndocumentedError if one of them does not have six components but the whole text matches.
    """
    expression = compiled(pattern, context)
    parts = expression.split(":", ARN_PARTS - 1)  # re.escape leaves a colon as it is
    values = value.split(":", ARN_PARTS - 1)
    if len(parts) == len(values) == ARN_PARTS:
        return all(matches(part, text) for part, text in zip(parts, values, strict=True))
    if matches(expression, value):
        raise UndocumentedError
    return False


_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_ORDERS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def _same(value: str, expected: str, context: Context | None) -> bool:
    if context is not None and ("${*}" in expected or "${?}" in expected):
        raise UndocumentedError  # escapes are documented only for operators with wildcards
    return matches(compiled(expected, context, wild=False), value)


def _same_ignoring_case(value: str, expected: str, context: Context | None) -> bool:
    if context is not None and "${" in expected:
        return _same(value.lower(), expected.lower(), {key: _lower(item) for key, item in context.items()})
    return value.lower() == expected.lower()


def _lower(value: str | list[str]) -> str | list[str]:
    return value.lower() if isinstance(value, str) else [item.lower() for item in value]


def _boolean(value: str, expected: str, _: Context | None) -> bool:
    if not {value, expected} <= {"true", "false"}:
        raise UndocumentedError
    return value == expected


def _binary(value: str, expected: str, _: Context | None) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(expected, validate=True)
    except ValueError:
        raise UndocumentedError from None


def _address(value: str, expected: str, _: Context | None) -> bool:
    try:
        address, network = ip_address(value), ip_network(expected, strict=False)
    except ValueError:
        raise UndocumentedError from None
    if network.version == 6 and "/" not in expected:
        raise UndocumentedError
    return address.version == network.version and address in network


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise UndocumentedError
    return Decimal(text)


_ZONE = r"Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]"
_W3C = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}})(-[0-9]{{2}}(?:T([0-9]{{2}}:[0-9]{{2}})(?:(:[0-9]{{2}})(\.[0-9]{{1,9}})?)?({_ZONE}))?)?"
)


def _time(text: str) -> tuple[bool, Decimal]:
    """Return whether a time is in epoch seconds, and its seconds. Four digits are ambiguous: they can be a year.

    https://www.w3.org/TR/NOTE-datetime
    """
    if _NUMBER.fullmatch(text) and len(text) != 4:
        return True, Decimal(text)
    parts = _W3C.fullmatch(text)
    if parts is None:
        raise UndocumentedError
    month, rest, minute, second, fraction, zone = parts.groups()
    day = f"{month}{rest[:3] if rest else '-01'}"
    try:
        moment = datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}{zone or 'Z'}")
    except ValueError:
        raise UndocumentedError from None
    return False, Decimal(int(moment.timestamp())) + Decimal(f"0{fraction or ''}")


def _numeric(order: Callable[[Decimal, Decimal], bool]) -> Compare:
    return lambda value, expected, _: order(_number(value), _number(expected))


def _dated(order: Callable[[Decimal, Decimal], bool]) -> Compare:
    def compare(value: str, expected: str, _: Context | None) -> bool:
        (value_epoch, left), (expected_epoch, right) = _time(value), _time(expected)
        if value_epoch != expected_epoch:
            raise UndocumentedError
        return order(left, right)

    return compare


POSITIVE: dict[str, Compare] = {
    "StringEquals": _same,
    "StringEqualsIgnoreCase": _same_ignoring_case,
    "StringLike": like,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": _boolean,
    "BinaryEquals": _binary,
    "IpAddress": _address,
    **{f"Numeric{name}": _numeric(order) for name, order in _ORDERS.items()},
    **{f"Date{name}": _dated(order) for name, order in _ORDERS.items()},
}

NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
