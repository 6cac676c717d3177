"""Principals that do not exist, or stand under the wrong type.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn, is_account
from checker.finding import Append, Part, Put, Remove
from checker.policy.model import EVERYONE, Principal, Problem, Statement
from checker.policy.names import SERVICES
from checker.policy.placeholder import is_placeholder
from checker.policy.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn")
_DELETED = ("AIDA", "AROA", "AGPA", "AIPA", "ANPA")
_FIRM = ("amazon", "aws")
_CLOSE = 0.85
"""Service names are short and many; what is less close than this may be a service that is on no list."""


def principal_problems(statement: Statement) -> Iterator[Problem]:
    """Name the principals of a statement that AWS would not find."""
    for entry in statement.principal_entries:
        value = entry.value
        if not isinstance(value, str) or is_placeholder(value):
            continue
        if entry.type == "AWS":
            yield from _aws(entry, value)
        elif entry.type == "Service":
            yield from _service(entry, value)


def _aws(entry: Principal, value: str) -> Iterator[Problem]:
    if value.startswith(_DELETED):
        message = f"`{value}` is the id of a role or user that was deleted"
        help_text = (
            "AWS shows a deleted principal so, and refuses the policy when it is written again; take it out"
        )
        yield Problem(message, entry.route, Part.VALUE, help_text, grave=False)
    elif value.endswith(_DOMAINS):
        message = f"`{value}` is a service, and stands under AWS"
        service = (*entry.route[:-2], "Service")
        mend = (Append(service, value), Remove(entry.route))
        yield Problem(message, entry.route, Part.VALUE, f'write `{{"Service": "{value}"}}`', mend=mend)
    elif not _is_principal(value):
        digits = f", it has {len(value)} digits instead of 12" if value.isdigit() else ""
        message = f"`{value}` is no account id, ARN or `*`{digits}"
        help_text = "SNS answers `PrincipalNotFound` to a principal that does not exist"
        yield Problem(message, entry.route, Part.VALUE, help_text)
    elif value != EVERYONE and "*" in value:
        message = f"`{value}` has a wildcard, and AWS supports none inside a principal"
        help_text = "name the roles, or the account with a condition on `aws:PrincipalArn`"
        yield Problem(message, entry.route, Part.VALUE, help_text)


def _is_principal(value: str) -> bool:
    arn = Arn.parse(value)
    known_arn = arn is not None and arn.service in ("iam", "sts") and is_account(arn.account)
    return value == EVERYONE or is_account(value) or known_arn


def _service(entry: Principal, value: str) -> Iterator[Problem]:
    if "*" in value or "?" in value:
        message = f"`{value}` has a wildcard, and AWS supports none in a service principal"
        yield Problem(
            message, entry.route, Part.VALUE, "name the service, for instance `connect.amazonaws.com`"
        )
    elif guess := _meant(value):
        message = f"`{value}` is no service principal that AWS lists"
        mend = (Put(entry.route, guess),)
        yield Problem(message, entry.route, Part.VALUE, f"did you mean `{guess}`?", mend=mend)


def _meant(value: str) -> str | None:
    """Name the service principal that a misspelt one was meant to be, if any is close."""
    name, _, domain = value.strip().partition(".")
    domain = next((one for one in _DOMAINS if value.endswith(one)), "")
    if domain:
        name = value.removesuffix(domain)
    if name in SERVICES and domain:
        return None
    bare = name.strip().lower()
    for word in _FIRM:
        bare = bare.removeprefix(word).strip("-")
    guess = did_you_mean(bare, SERVICES, cutoff=_CLOSE) if bare else None
    return f"{guess}{domain or _DOMAINS[0]}" if guess else None
