"""The vocabulary of the policy language: elements, principal types, condition operators and versions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from checker.core.pattern import pattern
from checker.core.record import NamedTuple

OLD_VERSION = "2008-10-17"
VERSION = "2012-10-17"
"""The only version in which `${...}` is a variable. A policy without Version has OLD_VERSION."""

POLICY_ELEMENTS = ("Version", "Id", "Statement")
STATEMENT_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
CONNECT = "connect.amazonaws.com"
"""The service principal with which Amazon Connect publishes."""
_REGIONAL = pattern(r"connect\.[a-z]{2,}(-[a-z]+)+-\d+\.amazonaws\.com(\.cn)?")


def is_regional_connect(text: str) -> bool:
    """True for `connect.us-west-2.amazonaws.com`; AWS documents no such principal for Connect."""
    return _REGIONAL.fullmatch(text) is not None


def mentions_connect(text: str) -> bool:
    """True if a text contains the service principal of Connect, with or without a Region."""
    return CONNECT in text or _REGIONAL.search(text) is not None


def is_misspelled_connect(text: str) -> bool:
    """True for a text that becomes the service principal of Connect by one edit: a character that is added, missing,
    different or swapped with the next one, or different case and surrounding blanks.
    """
    return text != CONNECT and _is_one_edit(text.strip().lower(), CONNECT)


def _is_one_edit(text: str, wanted: str) -> bool:
    """True for texts that differ by at most one edit."""
    if abs(len(text) - len(wanted)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(text, wanted, strict=False)) if a != b), len(wanted))
    rest, other = text[start:], wanted[start:]
    edits = {(rest[1:], other[1:]), (rest[1:], other), (rest, other[1:])}
    swapped = rest[:2] == other[:2][::-1] and rest[2:] == other[2:]
    return swapped or any(one == another for one, another in edits)


PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")

FOR_ALL, FOR_ANY = "ForAllValues", "ForAnyValue"
IF_EXISTS = "IfExists"
NULL = "Null"

OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnNotEquals",
    "ArnLike",
    "ArnNotLike",
    NULL,
)

CONDITION_KEY = r"^[A-Za-z0-9_-]+:\S(?:.*\S)?(?![\s\S])"
"""A condition key such as ``aws:SourceArn``, without blanks around the name; tag keys may have blanks inside."""


class Operator(NamedTuple):
    """A parsed condition operator: ``ForAnyValue:StringLikeIfExists`` has all three parts."""

    qualifier: str
    base: str
    if_exists: bool

    @classmethod
    def parse(cls, name: str) -> Operator | None:
        """Parse a name; ``None`` if AWS documents no operator with exactly this spelling."""
        return _BY_NAME.get(name)


def _spellings() -> dict[str, Operator]:
    # `Null` does not accept IfExists, because it already tests whether the key is present.
    by_name = {}
    for qualifier in ("", FOR_ALL, FOR_ANY):
        for base in OPERATORS:
            name = f"{qualifier}:{base}" if qualifier else base
            by_name[name] = Operator(qualifier, base, if_exists=False)
            if base != NULL:
                by_name[name + IF_EXISTS] = Operator(qualifier, base, if_exists=True)
    return by_name


_BY_NAME = _spellings()


def operator_names() -> tuple[str, ...]:
    """Return all spellings of all operators, for suggestions and schemas."""
    return tuple(_BY_NAME)


class Dialect(NamedTuple):
    """The rules of AWS for one kind of policy.

    ``inert_gaps``: a statement without Action or Resource is stored without effect (KMS) rather than rejected
    (SNS). ``last_char`` is the highest character that a policy may contain.
    """

    name: str
    service: str
    max_bytes: int
    max_statements: int | None = None
    last_char: str = "\x7f"
    single_resource: bool = False
    empty_principal: bool = False
    inert_gaps: bool = False


TOPIC = Dialect("topic policy", "sns", 30 * 1024, 100, single_resource=True)
"""https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html"""

KEY = Dialect("key policy", "kms", 32 * 1024, last_char="\xff", empty_principal=True, inert_gaps=True)
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"""

QUEUE = Dialect("queue policy", "sqs", 8 * 1024, 20)
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"""

FUNCTION = Dialect("function policy", "lambda", 20 * 1024)
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

ROLE = Dialect("role policy", "iam", 100 * 1024, last_char="\xff")
"""The limits for all policies of a role together. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

RESOURCE_CONTROL = Dialect("resource control policy", "organizations", 5120, last_char="\U0010ffff")
"""https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""
