"""Whether the Condition of a statement holds for a request.

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

from checker.sandbox.law.patterns import NoValueError, UnsettledError, arn_like, compiled, like, matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.sandbox.law.patterns import Context

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


_IF_EXISTS = "IfExists"


def truths(block: object, context: Context, *, variables: bool) -> Iterator[Callable[[], bool]]:
    """Give a test for every condition of a block; all must hold, and each may raise UnsettledError."""
    if not isinstance(block, dict):
        yield _unsettled
        return
    for name, keys in block.items():
        if not isinstance(keys, dict):
            yield _unsettled
            continue
        twice = len({key.lower() for key in keys}) < len(keys)
        for key, wanted in keys.items():
            yield (
                _unsettled
                if twice
                else _test(name, key.lower(), _texts(wanted), context, variables=variables)
            )


def _unsettled() -> bool:
    raise UnsettledError


def _texts(wanted: Any) -> list[str]:
    values = wanted if isinstance(wanted, list) else [wanted]
    return [{True: "true", False: "false"}[one] if isinstance(one, bool) else str(one) for one in values]


def _test(name: str, key: str, wanted: list[str], context: Context, *, variables: bool) -> Callable[[], bool]:
    return lambda: _holds(name, context.get(key), wanted, context if variables else None)


def _holds(name: str, found: str | list[str] | None, wanted: list[str], variables: Context | None) -> bool:
    """One condition: absence first, then the set operator, then one value after the other."""
    qualifier, _, bare = name.rpartition(":")
    base = bare.removesuffix(_IF_EXISTS)
    if base == "Null":
        return _null(qualifier, bare, found, wanted)
    if qualifier not in ("", "ForAllValues", "ForAnyValue") or (base not in POSITIVE and base not in NEGATED):
        raise UnsettledError
    if found is None:
        return _absent(qualifier, base, if_exists=bare.endswith(_IF_EXISTS))
    return _present(qualifier, base, found, wanted, variables)


def _absent(qualifier: str, base: str, *, if_exists: bool) -> bool:
    """A positive operator fails on a missing key; a negated one, IfExists and ForAllValues hold."""
    if qualifier == "ForAllValues":
        return True
    if qualifier == "ForAnyValue":
        if if_exists:
            raise UnsettledError
        return False
    return if_exists or base in NEGATED


def _present(
    qualifier: str, base: str, found: str | list[str], wanted: list[str], variables: Context | None
) -> bool:
    values = [found] if isinstance(found, str) else found
    if qualifier == "ForAllValues":
        return _every([lambda v=v: _one(base, v, wanted, variables) for v in values if v])  # type: ignore[misc]
    if qualifier == "ForAnyValue":
        return _some([lambda v=v: _one(base, v, wanted, variables) for v in values])  # type: ignore[misc]
    if not isinstance(found, str):
        raise UnsettledError  # a multi-valued key needs a set operator
    return _one(base, found, wanted, variables)


def _one(base: str, value: str, wanted: list[str], variables: Context | None) -> bool:
    """One value of the request: any value of the policy will do, or none may match."""
    if not wanted or not value:
        raise UnsettledError
    compare = POSITIVE[NEGATED.get(base, base)]
    matched = _some([lambda w=w: _matched(compare, value, w, variables) for w in wanted])  # type: ignore[misc]
    return matched != (base in NEGATED)


def _matched(compare: Any, value: str, wanted: str, variables: Context | None) -> bool:
    try:
        return bool(compare(value, wanted, variables))
    except NoValueError:
        return False


def _null(qualifier: str, bare: str, found: str | list[str] | None, wanted: list[str]) -> bool:
    if bare != "Null":
        raise UnsettledError
    if qualifier:
        return qualifier == "ForAllValues"
    if found == [] or not wanted:
        raise UnsettledError
    if not set(wanted) <= {"true", "false"}:
        raise UnsettledError
    return ("true" if found is None else "false") in wanted


def _some(tests: list[Callable[[], bool]]) -> bool:
    """True if any test holds; a test that is not settled matters only when no other one holds."""
    open_questions = 0
    for test in tests:
        try:
            if test():
                return True
        except UnsettledError:
            open_questions += 1
    if open_questions:
        raise UnsettledError
    return False


def _every(tests: list[Callable[[], bool]]) -> bool:
    return not _some([lambda t=t: not t() for t in tests])  # type: ignore[misc]
