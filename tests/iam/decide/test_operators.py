"""Every operator with values of its type and of others: does a value match, or is that not known, and why.

`CHECKER_GOLDEN=write pytest tests/iam/decide/test_operators.py` writes the file anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

from checker.core.unknown import Truth, Unknown
from checker.iam.decide.operators import (
    COMPARISONS,
    NEGATIONS,
    address,
    borders,
    comparison,
    instant,
    is_negated,
    is_one_network,
    is_public,
    number,
    write_instant,
)
from checker.iam.decide.patterns import Piece
from checker.policy.vocabulary import NULL, OPERATORS
from tests.golden import is_as_written

VALUES = {
    "text": ("", "a", "A", "b", "a*", "é"),
    "folded": ("", "a", "A", "b", "É", "é"),
    "like": ("", "a", "A", "ab", "*", "?", "a?", "*b"),
    "arn": (
        "a",
        "*",
        "a:b:c:d:e",
        "a:b:c:d:e:f",
        "a:*:c:d:e:f",
        "a:b:c:d:e:f:g",
        "a:b*",
        "a:?:c:d:e:*",
        "A:b:c:d:e:f",
    ),
    "number": (
        "1",
        "1.0",
        "+1",
        "-1",
        "1.5",
        "1e1",
        "10",
        "1.",
        ".5",
        "",
        "x",
        "1" * 40,
        "1" * 41,
        "1e-99",
        "1e100",
    ),
    "date": (
        *(
            "2026-01-01",
            "2026-01",
            "2026",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00.5Z",
        ),
        *(
            "2026-01-01T01:00:00+01:00",
            "2025-12-31T23:30:00-00:30",
            "2026-13-01",
            "2026-01-01T24:00:00Z",
            "x",
        ),
        *("1767225600", "1767225600.5", "0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00", "12345", "1234"),
        *("2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00.1234567890Z", "2026-02-29", "2024-02-29"),
    ),
    "bool": ("true", "false", "True", "1", ""),
    "binary": ("QQ==", "QQ", "QUI=", "", "#", "QR=="),
    "address": (
        *(
            "203.0.113.7",
            "203.0.113.0/24",
            "203.0.113.7/24",
            "0.0.0.0/0",
            "2001:db8::1",
            "2001:db8::/32",
            "::/0",
        ),
        *("x", "", "256.0.0.1", "203.0.113.7/33", "::ffff:203.0.113.7"),
    ),
}
"""Values by the family of the operator; each is compared with each."""


def sign(truth: Truth) -> str:
    return "?" if isinstance(truth, Unknown) else "yes" if truth else "no"


def matrix(name: str) -> Iterator[str]:
    """Yield a line for each value of a policy, with the answers for all values of a request."""
    test = COMPARISONS[name]
    values = VALUES[test.family]
    yield f"# {name}, {test.family}"
    for expected in values:
        found = [test.plain(value, expected) for value in values]
        yield f"{expected!r}: {' '.join(map(sign, found))}"
        yield from dict.fromkeys(f"    {truth.reason}" for truth in found if isinstance(truth, Unknown))
        if test.expanded is not None:
            parts = (Piece(expected[:1], filled_in=False), Piece(expected[1:], filled_in=True))
            yield f"    filled in: {' '.join(sign(test.expanded(value, parts)) for value in values)}"


def test_the_answers_of_all_operators_are_as_written() -> None:
    lines = [line for name in COMPARISONS for line in matrix(name)]
    assert is_as_written(Path(__file__).parent / "operators.txt", "".join(f"{line}\n" for line in lines))


def test_each_operator_compares_or_negates() -> None:
    assert {*COMPARISONS, *NEGATIONS, NULL} == set(OPERATORS)
    for name in (*COMPARISONS, *NEGATIONS):
        assert is_negated(name) == ("Not" in name)
        assert comparison(name) is COMPARISONS[name.replace("Not", "")]


def test_numbers_and_times_are_parsed_or_not() -> None:
    assert [number(text) is None for text in VALUES["number"]] == [
        *[False] * 7,
        *(True, True, True, True, False, True, False, True),
    ]
    assert instant("1234") is None
    for text in ("2026-01-01T00:00:00Z", "1970-01-01T00:00:01Z", "9999-12-31T23:59:59Z"):
        parsed = instant(text)
        assert parsed is not None
        assert (parsed[0], write_instant(is_epoch=False, seconds=parsed[1])) == (False, text)
        assert write_instant(is_epoch=True, seconds=parsed[1]) == str(int(parsed[1]))
    assert write_instant(is_epoch=False, seconds=-1) == "1970-01-01T00:00:00Z"


def test_blocks_of_one_organization_are_small_and_not_reserved() -> None:
    blocks = (
        "10.0.0.0/8",
        "10.0.0.0/7",
        "1.2.3.4",
        "240.0.0.0/8",
        "2001::/16",
        "2001::/15",
        "2001:db8::1",
        "4000::/16",
        "x",
    )
    assert [is_one_network(block) for block in blocks] == [
        *(True, False, True, False, True, False, False, False, False)
    ]


RANGES = {
    "0.0.0.0": "1.0.0.0",  # noqa: S104 - an address, not an interface
    "10.0.0.0": "11.0.0.0",
    "100.64.0.0": "100.128.0.0",
    "127.0.0.0": "128.0.0.0",
    "169.254.0.0": "169.255.0.0",
    "172.16.0.0": "172.32.0.0",
    "192.168.0.0": "192.169.0.0",
    "224.0.0.0": "",
    "::": "2000::",
    "4000::": "",
    "8000::": "",
}
"""The first address of each range that is not public, and the public one after it."""


def test_public_addresses_lie_between_the_ranges_that_are_not() -> None:
    for first, after in RANGES.items():
        assert not is_public(first)
        assert after == "" or is_public(after)
    assert is_public("203.0.113.7")
    assert is_public("2001:db8::1")
    assert not is_public("x")


def test_borders_are_the_first_address_of_a_block_and_the_one_behind_it() -> None:
    found = list(
        borders([ip_network("203.0.113.0/24"), ip_network("255.255.255.0/24"), ip_network("2001::/16")])
    )
    assert found[:5] == ["203.0.113.0", "203.0.114.0", "255.255.255.0", "2001::", "2002::"]
    assert set(found[5:]) >= {address for address in (*RANGES, *RANGES.values()) if address}
    assert address("203.0.113.7", "203.0.113.0/24") is True
