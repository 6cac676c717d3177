"""Whether one condition of a statement holds, three-valued; a part of `tests.soundness.law`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

import base64
import operator as compare
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

Truth = bool | None
UNKNOWN = object()
"""The value of a context key that no documentation tells: any value, or none."""
NOT_YOURS = object()
"""The same of who a service is and where it calls from: no value is documented, but it is none of a customer."""

_VARIABLE = re.compile(r"\$\{([*?$])\}|\$\{([^{},\s]+)(?:, '([^']*)')?\}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][01][0-9]:[0-5][0-9]))?")
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": compare.eq,
    "LessThan": compare.lt,
    "LessThanEquals": compare.le,
    "GreaterThan": compare.gt,
    "GreaterThanEquals": compare.ge,
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
_TEXTUAL = {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"}
_OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")


class Condition(NamedTuple):
    """One key under one operator. ``values`` are texts of the policy; ``has_variable`` if one is filled in."""

    key: str
    holds: Callable[[Mapping[str, Any]], Truth]
    values: tuple[str, ...] = ()
    has_variable: bool = False


def compile_condition(name: str, key: str, values: list[Any], *, variables: bool) -> Condition:
    texts = [_text(value) for value in values]
    known = tuple(text for text in texts if text is not None)
    parts = _OPERATOR.fullmatch(name)
    base = parts[2] if parts else ""
    positive = _NEGATED.get(base, base)
    if parts is None or (positive not in _TESTS and base != "Null") or not texts or len(known) < len(texts):
        return Condition(key, lambda _: None, known)
    if base == "Null":
        return Condition(key, _null(key, parts[1] or "", bool(parts[3]), known), known)
    has_variable = variables and any("${" in text for text in known)
    test = _test(positive, known, negated=base in _NEGATED, variables=variables)
    return Condition(key, _present_or_absent(key, parts, base, known, test), known, has_variable)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value if isinstance(value, str) else None


def _null(key: str, qualifier: str, if_exists: bool, values: tuple[str, ...]) -> Callable[..., Truth]:
    def holds(context: Mapping[str, Any]) -> Truth:
        found = context.get(key)
        if if_exists:
            return None
        if qualifier:
            return qualifier == "ForAllValues"
        if found in (UNKNOWN, NOT_YOURS, []) or not set(values) <= {"true", "false"}:
            return None
        return ("true" if found is None else "false") in values

    return holds


def _present_or_absent(
    key: str,
    parts: re.Match[str],
    base: str,
    values: tuple[str, ...],
    test: Callable[[str, Mapping[str, Any]], Truth],
) -> Callable[..., Truth]:
    qualifier, if_exists = parts[1], bool(parts[3])
    is_somebodys = _is_network if _NEGATED.get(base, base) == "IpAddress" else _ACCOUNT.search
    named = bool(values) and all(is_somebodys(value) for value in values)
    differs = base in _NEGATED  # what a value that names another account comes to
    known_to_differ = named and _absent(qualifier, base, if_exists=if_exists) is differs

    def holds(context: Mapping[str, Any]) -> Truth:
        found = context.get(key)
        if found is NOT_YOURS and known_to_differ:
            return differs
        if found in (UNKNOWN, NOT_YOURS):
            return None
        if found is None:
            return _absent(qualifier, base, if_exists=if_exists)
        if qualifier is None:
            return test(found, context) if isinstance(found, str) else None
        values = [found] if isinstance(found, str) else found
        if qualifier == "ForAllValues":  # AWS documents that an empty text counts as a missing key
            return _every(test(value, context) for value in values if value)
        return _some(test(value, context) for value in values)

    return holds


_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")


def _is_network(text: str) -> bool:
    """True for a block that can be a customer's: a /8 or smaller, for IPv6 a /16, and outside of 240/4."""
    try:
        block = ip_network(text, strict=False)
    except ValueError:
        return False
    if block.version == 6:
        return "/" in text and block.prefixlen >= 16 and not block.is_reserved
    return block.prefixlen >= 8 and int(block.network_address) < 240 << 24


def _absent(qualifier: str | None, base: str, *, if_exists: bool) -> Truth:
    """A positive operator fails on a missing key; a negated one, IfExists and ForAllValues hold."""
    if qualifier == "ForAllValues":
        return True
    if qualifier == "ForAnyValue":
        return None if if_exists else False
    return if_exists or base in _NEGATED


def _some(truths: Iterable[Truth]) -> Truth:
    found = list(truths)
    return True if True in found else None if None in found else False


def _every(truths: Iterable[Truth]) -> Truth:
    found = list(truths)
    return False if False in found else None if None in found else True


def _test(
    positive: str, values: tuple[str, ...], *, negated: bool, variables: bool
) -> Callable[[str, Mapping[str, Any]], Truth]:
    """One value of the request: one value of the policy has to match, or none may."""
    matched = _TESTS[positive]
    textual = positive in _TEXTUAL

    def holds(value: str, context: Mapping[str, Any]) -> Truth:
        if not value:
            return None  # an empty text
        found = _some(
            matched(value, wanted, context if variables and textual and "${" in wanted else None)
            if textual or not variables or "${" not in wanted
            else None
            for wanted in values
        )
        return None if found is None else found != negated

    return holds


@lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of which `*` and `?` are wildcards."""
    return re.compile(_regex(pattern, wild=True), re.DOTALL)


@lru_cache(maxsize=4096)
def _regex(text: str, *, wild: bool) -> str:
    if not wild:
        return re.escape(text)
    return "".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in text)


def resolve(pattern: str, context: Mapping[str, Any] | None, *, wild: bool) -> str | Truth:
    """Write a pattern as a regular expression; False for a variable without a value, None if not settled."""
    if context is None or "${" not in pattern:
        return _regex(pattern, wild=wild)
    pieces, end = [], 0
    for found in _VARIABLE.finditer(pattern):
        value = found[1] or context.get(found[2].lower(), found[3])
        if found[1] and not wild:
            return None  # escapes are documented for operators with wildcards alone
        if value is None:
            return None if "${" in _VARIABLE.sub("", pattern) else False
        if not isinstance(value, str) or not value:
            return None
        pieces += [_regex(pattern[end : found.start()], wild=wild), re.escape(value)]
        end = found.end()
    if "${" in _VARIABLE.sub("", pattern):
        return None
    return "".join([*pieces, _regex(pattern[end:], wild=wild)])


def _string(wild: bool, flags: int = 0) -> Callable[[str, str, Any], Truth]:
    def matched(value: str, wanted: str, context: Any) -> Truth:
        if context is None:
            if not wild:
                return value.lower() == wanted.lower() if flags else value == wanted
            return glob(wanted).fullmatch(value) is not None
        expression = resolve(wanted, context, wild=wild)
        if not isinstance(expression, str):
            return expression
        return re.fullmatch(expression, value, re.DOTALL | flags) is not None

    return matched


def _arn(value: str, wanted: str, context: Any) -> Truth:
    """Six components, each compared on its own; what has fewer is not settled, unless even plain text differs."""
    expression = resolve(wanted, context, wild=True)
    if not isinstance(expression, str):
        return expression
    parts, values = expression.split(":", 5), value.split(":", 5)
    if len(parts) < 6 or len(values) < 6:
        return None if re.fullmatch(expression, value, re.DOTALL) else False
    return all(re.fullmatch(part, one, re.DOTALL) for part, one in zip(parts, values, strict=True))


def _boolean(value: str, wanted: str, _: Any) -> Truth:
    return value == wanted if {value, wanted} <= {"true", "false"} else None


def _binary(value: str, wanted: str, _: Any) -> Truth:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(wanted, validate=True)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _address(value: str, wanted: str, _: Any) -> Truth:
    try:
        caller, network = ip_address(value), ip_network(wanted, strict=False)
    except ValueError:
        return None
    if network.version == 6 and "/" not in wanted:
        return None
    return caller.version == network.version and caller in network


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> tuple[str, float] | None:
    """A time as its notation and its seconds; four digits could be a year as well."""
    if re.fullmatch(r"[0-9]{5,12}", text):
        return "epoch", float(text)
    try:
        moment = datetime.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return "iso", moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _numeric(order: Callable[[Any, Any], bool]) -> Callable[[str, str, Any], Truth]:
    def matched(value: str, wanted: str, _: Any) -> Truth:
        left, right = _number(value), _number(wanted)
        return None if left is None or right is None else order(left, right)

    return matched


def _date(order: Callable[[Any, Any], bool]) -> Callable[[str, str, Any], Truth]:
    def matched(value: str, wanted: str, _: Any) -> Truth:
        left, right = _moment(value), _moment(wanted)
        if left is None or right is None or left[0] != right[0]:
            return None
        return order(left[1], right[1])

    return matched


_TESTS: dict[str, Callable[[str, str, Any], Truth]] = {
    "StringEquals": _string(wild=False),
    "StringEqualsIgnoreCase": _string(wild=False, flags=re.IGNORECASE),
    "StringLike": _string(wild=True),
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "Bool": _boolean,
    "BinaryEquals": _binary,
    "IpAddress": _address,
    **{f"Numeric{name}": _numeric(order) for name, order in _ORDERS.items()},
    **{f"Date{name}": _date(order) for name, order in _ORDERS.items()},
}
