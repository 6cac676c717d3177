"""The condition operators, one comparison of a value of the request with a value of the policy each.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import operator
import re
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from checker.sandbox.law.patterns import UnsettledError, arn_like, compiled, like, matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.sandbox.law.patterns import Context

    Compare = Callable[[str, str, Context | None], bool]

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_ORDERS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def _same(value: str, wanted: str, context: Context | None) -> bool:
    if context is not None and ("${*}" in wanted or "${?}" in wanted):
        raise UnsettledError  # escapes are documented for operators with wildcards alone
    return matches(compiled(wanted, context, wild=False), value)


def _same_letters(value: str, wanted: str, context: Context | None) -> bool:
    if context is not None and "${" in wanted:
        return _same(value.lower(), wanted.lower(), {k: _lower(v) for k, v in context.items()})
    return value.lower() == wanted.lower()


def _lower(value: str | list[str]) -> str | list[str]:
    return value.lower() if isinstance(value, str) else [one.lower() for one in value]


def _boolean(value: str, wanted: str, _: Context | None) -> bool:
    if not {value, wanted} <= {"true", "false"}:
        raise UnsettledError
    return value == wanted


def _binary(value: str, wanted: str, _: Context | None) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(wanted, validate=True)
    except ValueError:
        raise UnsettledError from None


def _address(value: str, wanted: str, _: Context | None) -> bool:
    try:
        asker, network = ip_address(value), ip_network(wanted, strict=False)
    except ValueError:
        raise UnsettledError from None
    if network.version == 6 and "/" not in wanted:
        raise UnsettledError
    return asker.version == network.version and asker in network


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise UnsettledError
    return Decimal(text)


def _moment(text: str) -> tuple[bool, Decimal]:
    """Whether a time is in epoch seconds, and its seconds; four digits could be a year as well."""
    if _NUMBER.fullmatch(text) and len(text) != 4:
        return True, Decimal(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UnsettledError from None
    return False, Decimal(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())


def _numeric(order: Callable[[Decimal, Decimal], bool]) -> Compare:
    return lambda value, wanted, _: order(_number(value), _number(wanted))


def _dated(order: Callable[[Decimal, Decimal], bool]) -> Compare:
    def compare(value: str, wanted: str, _: Context | None) -> bool:
        (value_epoch, left), (wanted_epoch, right) = _moment(value), _moment(wanted)
        if value_epoch != wanted_epoch:
            raise UnsettledError
        return order(left, right)

    return compare


POSITIVE: dict[str, Compare] = {
    "StringEquals": _same,
    "StringEqualsIgnoreCase": _same_letters,
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
