"""The condition operators: comparisons of one value of a request with one value of a policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
The module ``condition`` handles set operators, IfExists, absence and negation. An operator in this module is a
function of two values, and never raises.
"""

from __future__ import annotations

from functools import lru_cache
from operator import eq
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.patterns import Expansion, arn_glob, arn_glob_of, arn_matches, text_of, tokens_in
from checker.policy.wildcard import glob, glob_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from decimal import Decimal
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    from checker.core.unknown import Truth


_NUMBER = pattern(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?\Z")
_DATE = pattern(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2})"
    r"(T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<zone>Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))?)?\Z"
)
_NO_NUMBER = Unknown("a numeric operator compares a value that is not an integer or decimal")
_NO_DATE = Unknown("a date operator compares a value that is not an ISO 8601 or epoch time")
_MIXED_DATES = Unknown("a date operator compares an epoch time with an ISO 8601 time")
_NO_BOOL = Unknown("`Bool` compares a value that is not `true` or `false`")
_NO_BINARY = Unknown("`BinaryEquals` compares a value that is not valid base64")
_NO_ADDRESS = Unknown("an IP operator compares a value that is not a valid address or CIDR block")
_BARE_IPV6 = Unknown("the policy has an IPv6 address without a prefix length")


@lru_cache(maxsize=1024)
def number(text: str) -> Decimal | None:
    """Parse an integer or decimal; ``None`` for any other text."""
    from decimal import Decimal

    return Decimal(text) if _NUMBER.match(text) else None


def number_order(value: str, expected: str) -> int | Unknown:
    """Return the sign of ``value`` minus ``expected``."""
    left, right = number(value), number(expected)
    if left is None or right is None:
        return _NO_NUMBER
    return (left > right) - (left < right)


@lru_cache(maxsize=1024)
def instant(text: str) -> tuple[bool, Decimal] | None:
    """Parse a time: whether it is an epoch time, and its seconds since the epoch; ``None`` for any other text.

    Four digits could be a year or an epoch time, so they are not a valid time.
    """
    match = _DATE.match(text)
    if match is None:
        epoch = number(text)
        return None if epoch is None or len(text) == 4 else (True, epoch)
    from datetime import datetime, timedelta, timezone
    from decimal import Decimal

    part = {name: int(value) for name, value in match.groupdict().items() if value and value.isdigit()}
    zone = match["zone"] or "Z"
    try:
        offset = (
            timedelta() if zone == "Z" else timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[4:]))
        )
        moment = datetime(
            part["year"],
            part["month"],
            part.get("day", 1),
            part.get("hour", 0),
            part.get("minute", 0),
            part.get("second", 0),
            tzinfo=timezone(offset),
        )
        seconds = Decimal(int(moment.timestamp()))
    except (ValueError, OverflowError):
        return None
    return False, seconds + Decimal(f"0.{match['fraction'] or 0}")


def write_instant(is_epoch: bool, seconds: Decimal | int) -> str:  # noqa: FBT001
    """Write a time in the format that ``instant`` parses, without fractions of a second."""
    from datetime import UTC, datetime

    if is_epoch:
        return str(int(seconds))
    moment = datetime.fromtimestamp(max(int(seconds), 0), tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def date_order(value: str, expected: str) -> int | Unknown:
    """Return the sign of ``value`` minus ``expected``, both ISO 8601 or both epoch times."""
    left, right = instant(value), instant(expected)
    if left is None or right is None:
        return _NO_DATE
    if left[0] != right[0]:
        return _MIXED_DATES
    return (left[1] > right[1]) - (left[1] < right[1])


def ordered(order: Callable[[str, str], int | Unknown]) -> dict[str, Callable[[str, str], Truth]]:
    """Create the five comparisons of an order, by the suffix of the operator name."""

    def test(holds: Callable[[int], bool]) -> Callable[[str, str], Truth]:
        def compare(value: str, expected: str) -> Truth:
            sign = order(value, expected)
            return sign if isinstance(sign, Unknown) else holds(sign)

        return compare

    return {
        "Equals": test(lambda sign: sign == 0),
        "LessThan": test(lambda sign: sign < 0),
        "LessThanEquals": test(lambda sign: sign <= 0),
        "GreaterThan": test(lambda sign: sign > 0),
        "GreaterThanEquals": test(lambda sign: sign >= 0),
    }


def boolean(value: str, expected: str) -> Truth:
    """Compare for `Bool`. AWS documents only ``true`` and ``false``, in lower case."""
    valid = ("true", "false")
    return value == expected if value in valid and expected in valid else _NO_BOOL


def binary(value: str, expected: str) -> Truth:
    """Compare for `BinaryEquals`: base64, byte by byte."""
    import binascii

    try:
        return binascii.a2b_base64(value, strict_mode=True) == binascii.a2b_base64(expected, strict_mode=True)
    except ValueError:
        return _NO_BINARY


@lru_cache(maxsize=1024)
def network(text: str) -> IPv4Network | IPv6Network | Unknown:
    """Parse an address or CIDR block; an IPv4 address without a prefix length is a /32."""
    from ipaddress import IPv6Network, ip_network

    try:
        block = ip_network(text, strict=False)
    except ValueError:
        return _NO_ADDRESS
    return _BARE_IPV6 if isinstance(block, IPv6Network) and "/" not in text else block


_SMALLEST_PREFIX = {4: 8, 6: 16}


def is_one_network(text: str) -> bool:
    """True for a block that may belong to one organization: not larger than a /8 (IPv6: /16), and not reserved."""
    block = network(text)
    return not isinstance(block, Unknown) and (
        block.prefixlen >= _SMALLEST_PREFIX[block.version] and not block.is_reserved
    )


@lru_cache(maxsize=1)
def _not_public() -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the blocks that are not routed on the internet: private, shared, local and reserved, and IPv6 outside 2000::/3.

    https://www.iana.org/assignments/iana-ipv4-special-registry/
    """
    from ipaddress import ip_network

    ipv4 = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12")
    ipv6 = ("::/3", "4000::/2", "8000::/1")
    return tuple(map(ip_network, (*ipv4, "192.168.0.0/16", "224.0.0.0/3", *ipv6)))


def is_public(address: str) -> bool:
    """True for an address that a caller on the internet can have, including the addresses for documentation."""
    parsed = host(address)
    return parsed is not None and not any(parsed in block for block in _not_public())


def borders(blocks: Iterable[IPv4Network | IPv6Network]) -> Iterator[str]:
    """Yield the first address of each given or non-public block, and the first address after the block."""
    for block in (*blocks, *_not_public()):
        yield str(block.network_address)
        behind = int(block.broadcast_address) + 1
        if behind < 1 << block.max_prefixlen:
            yield str(type(block.network_address)(behind))


@lru_cache(maxsize=1024)
def host(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address; ``None`` for any other text."""
    from ipaddress import ip_address

    try:
        return ip_address(text)
    except ValueError:
        return None


def address(value: str, expected: str) -> Truth:
    """Compare for `IpAddress`; an IPv4 address is never in an IPv6 block, or the reverse."""
    block, parsed = network(expected), host(value)
    if isinstance(block, Unknown):
        return block
    return _NO_ADDRESS if parsed is None else parsed in block


class Comparison(NamedTuple):
    """The implementation of a positive operator.

    ``plain`` compares with a policy value as written, ``expanded`` with one whose variables were replaced; it is
    absent if AWS documents no variables for the operator. ``family`` tells the prover how the operator splits the
    values of a key into classes.
    """

    family: str
    plain: Callable[[str, str], Truth]
    expanded: Callable[[str, Expansion], Truth] | None = None


TEXT, FOLDED, LIKE, ARN = "text", "folded", "like", "arn"
NUMBER, DATE, BOOL, BINARY, ADDRESS = "number", "date", "bool", "binary", "address"


def _folded(value: str, expected: str) -> Truth:
    return value.lower() == expected.lower()


def _arn(value: str, expected: str) -> Truth:
    return arn_matches(value, arn_glob(expected))


_TEXT = Comparison(TEXT, eq, lambda value, pattern: value == text_of(pattern))
_FOLDED = Comparison(FOLDED, _folded, lambda value, pattern: _folded(value, text_of(pattern)))
_LIKE = Comparison(
    LIKE,
    lambda value, pattern: glob(pattern).matches(value),
    lambda value, pattern: glob_of(tokens_in(pattern)).matches(value),
)
_ARN = Comparison(ARN, _arn, lambda value, pattern: arn_matches(value, arn_glob_of(tokens_in(pattern))))

COMPARISONS = {
    "StringEquals": _TEXT,
    "StringEqualsIgnoreCase": _FOLDED,
    "StringLike": _LIKE,
    "ArnEquals": _ARN,
    "ArnLike": _ARN,
    **{f"Numeric{name}": Comparison(NUMBER, test) for name, test in ordered(number_order).items()},
    **{f"Date{name}": Comparison(DATE, test) for name, test in ordered(date_order).items()},
    "Bool": Comparison(BOOL, boolean),
    "BinaryEquals": Comparison(BINARY, binary),
    "IpAddress": Comparison(ADDRESS, address),
}
"""Every positive operator, by name; ``Null`` is not included, because it compares no values."""

NEGATIONS = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
"""Every negated operator, with the positive operator that it negates."""


def is_negated(base: str) -> bool:
    """True for an operator that holds if none of its values match."""
    return base in NEGATIONS


def comparison(base: str) -> Comparison:
    """Return the comparison of an operator, or of the operator that it negates."""
    return COMPARISONS[NEGATIONS.get(base, base)]
