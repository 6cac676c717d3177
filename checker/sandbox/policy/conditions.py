"""Evaluation of the Condition element of a statement for a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

import base64
import operator
import re
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from checker.sandbox.policy.patterns import NoValueError, UndocumentedError, arn_like, compiled, like, matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.sandbox.policy.patterns import Context

    Compare = Callable[[str, str, Context | None], bool]
    from collections.abc import Callable, Iterator


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
        return _same(value.lower(), expected.lower(), {k: _lower(v) for k, v in context.items()})
    return value.lower() == expected.lower()


def _lower(value: str | list[str]) -> str | list[str]:
    return value.lower() if isinstance(value, str) else [one.lower() for one in value]


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


def _time(text: str) -> tuple[bool, Decimal]:
    """Return whether a time is in epoch seconds, and its seconds. Four digits are ambiguous: they can be a year."""
    if _NUMBER.fullmatch(text) and len(text) != 4:
        return True, Decimal(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UndocumentedError from None
    return False, Decimal(parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp())


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


_IF_EXISTS = "IfExists"


def condition_tests(block: object, context: Context, *, variables: bool) -> Iterator[Callable[[], bool]]:
    """Yield a test for every condition of a block. All must hold; each may raise UnsettledError."""
    if not isinstance(block, dict):
        yield _undocumented
        return
    for name, keys in block.items():
        if not isinstance(keys, dict):
            yield _undocumented
            continue
        repeated = len({key.lower() for key in keys}) < len(keys)
        for key, expected in keys.items():
            yield (
                _undocumented
                if repeated
                else _test(name, key.lower(), _texts(expected), context, variables=variables)
            )


def _undocumented() -> bool:
    raise UndocumentedError


def _texts(expected: Any) -> list[str]:
    values = expected if isinstance(expected, list) else [expected]
    return [{True: "true", False: "false"}[one] if isinstance(one, bool) else str(one) for one in values]


def _test(
    name: str, key: str, expected: list[str], context: Context, *, variables: bool
) -> Callable[[], bool]:
    return lambda: _holds(name, context.get(key), expected, context if variables else None)


def _holds(name: str, actual: str | list[str] | None, expected: list[str], variables: Context | None) -> bool:
    """Evaluate one condition: a missing key, then the set operator, then the single values."""
    qualifier, _, bare = name.rpartition(":")
    base = bare.removesuffix(_IF_EXISTS)
    if base == "Null":
        return _null(qualifier, bare, actual, expected)
    if qualifier not in ("", "ForAllValues", "ForAnyValue") or (base not in POSITIVE and base not in NEGATED):
        raise UndocumentedError
    if actual is None:
        return _absent(qualifier, base, if_exists=bare.endswith(_IF_EXISTS))
    return _present(qualifier, base, actual, expected, variables)


def _absent(qualifier: str, base: str, *, if_exists: bool) -> bool:
    """Evaluate a missing key: a positive operator fails; a negated one, IfExists and ForAllValues hold."""
    if qualifier == "ForAllValues":
        return True
    if qualifier == "ForAnyValue":
        if if_exists:
            raise UndocumentedError
        return False
    return if_exists or base in NEGATED


def _present(
    qualifier: str, base: str, actual: str | list[str], expected: list[str], variables: Context | None
) -> bool:
    values = [actual] if isinstance(actual, str) else actual
    if qualifier == "ForAllValues":
        return _every([lambda v=v: _matches_any(base, v, expected, variables) for v in values if v])  # type: ignore[misc]
    if qualifier == "ForAnyValue":
        return _some([lambda v=v: _matches_any(base, v, expected, variables) for v in values])  # type: ignore[misc]
    if not isinstance(actual, str):
        raise UndocumentedError  # a multi-valued key needs a set operator
    return _matches_any(base, actual, expected, variables)


def _matches_any(base: str, value: str, expected: list[str], variables: Context | None) -> bool:
    """Compare one value of the request: a policy value must match, or none may match if the operator is negated."""
    if not expected or not value:
        raise UndocumentedError
    compare = POSITIVE[NEGATED.get(base, base)]
    matched = _some([lambda w=w: _matched(compare, value, w, variables) for w in expected])  # type: ignore[misc]
    return matched != (base in NEGATED)


def _matched(compare: Any, value: str, expected: str, variables: Context | None) -> bool:
    try:
        return bool(compare(value, expected, variables))
    except NoValueError:
        return False


def _null(qualifier: str, bare: str, actual: str | list[str] | None, expected: list[str]) -> bool:
    if bare != "Null":
        raise UndocumentedError
    if qualifier:
        return qualifier == "ForAllValues"
    if actual == [] or not expected:
        raise UndocumentedError
    if not set(expected) <= {"true", "false"}:
        raise UndocumentedError
    return ("true" if actual is None else "false") in expected


def _some(tests: list[Callable[[], bool]]) -> bool:
    """Return whether any test holds. Raises UnsettledError if none holds and at least one is unsettled."""
    undocumented = False
    for test in tests:
        try:
            if test():
                return True
        except UndocumentedError:
            undocumented = True
    if undocumented:
        raise UndocumentedError
    return False


def _every(tests: list[Callable[[], bool]]) -> bool:
    return not _some([lambda t=t: not t() for t in tests])  # type: ignore[misc]
