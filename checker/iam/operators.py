"""The condition operators: how one value of a request compares with one value of a policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
Set operators, IfExists, absence and negation are the business of ``condition``; an operator here is one
small total function of the request's value and the policy's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.iam.arn_glob import arn_glob, arn_glob_of, arn_matches
from checker.iam.compare import address, binary, boolean, date_order, number_order, ordered
from checker.iam.variables import Expansion, text_of, tokens_in
from checker.policy.wildcard import glob, glob_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.iam.truth import Truth


class Comparison(NamedTuple):
    """What stands behind a positive operator.

    ``plain`` compares with a policy value as written, ``expanded`` with one whose variables were filled
    in (absent where AWS documents no variables). ``family`` tells the prover how the operator's values
    split the values of a key into classes.
    """

    family: str
    plain: Callable[[str, str], Truth]
    expanded: Callable[[str, Expansion], Truth] | None = None


TEXT, FOLDED, LIKE, ARN = "text", "folded", "like", "arn"
NUMBER, DATE, BOOL, BINARY, ADDRESS = "number", "date", "bool", "binary", "address"


def _equal(value: str, wanted: str) -> Truth:
    return value == wanted


def _equal_expanded(value: str, wanted: Expansion) -> Truth:
    return value == text_of(wanted)


def _folded(value: str, wanted: str) -> Truth:
    return value.lower() == wanted.lower()


def _folded_expanded(value: str, wanted: Expansion) -> Truth:
    return value.lower() == text_of(wanted).lower()


def _like(value: str, wanted: str) -> Truth:
    return glob(wanted).matches(value)


def _like_expanded(value: str, wanted: Expansion) -> Truth:
    return glob_of(tokens_in(wanted)).matches(value)


def _arn(value: str, wanted: str) -> Truth:
    return arn_matches(value, arn_glob(wanted))


def _arn_expanded(value: str, wanted: Expansion) -> Truth:
    return arn_matches(value, arn_glob_of(tokens_in(wanted)))


_ARN = Comparison(ARN, _arn, _arn_expanded)

COMPARISONS = {
    "StringEquals": Comparison(TEXT, _equal, _equal_expanded),
    "StringEqualsIgnoreCase": Comparison(FOLDED, _folded, _folded_expanded),
    "StringLike": Comparison(LIKE, _like, _like_expanded),
    "ArnEquals": _ARN,
    "ArnLike": _ARN,
    **{f"Numeric{name}": Comparison(NUMBER, test) for name, test in ordered(number_order).items()},
    **{f"Date{name}": Comparison(DATE, test) for name, test in ordered(date_order).items()},
    "Bool": Comparison(BOOL, boolean),
    "BinaryEquals": Comparison(BINARY, binary),
    "IpAddress": Comparison(ADDRESS, address),
}
"""Every positive operator, by name; ``Null`` compares nothing and is not among them."""

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
"""Every negated operator, with the one that it negates."""


def is_negated(base: str) -> bool:
    """True for an operator that holds when none of its values match."""
    return base in NEGATIONS


def comparison(base: str) -> Comparison:
    """Give what stands behind an operator, negated or not."""
    return COMPARISONS[NEGATIONS.get(base, base)]
