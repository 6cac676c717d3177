"""Principals that do not exist, or stand under the wrong type.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn, is_account
from checker.finding import Append, Part, Put, Remove
from checker.policy.model import ALLOW, EVERYONE, Principal, Principals, Problem, Statement
from checker.policy.names import SERVICES
from checker.policy.placeholder import is_placeholder
from checker.policy.spelling import did_you_mean
from checker.policy.vocabulary import CONNECT, is_regional_connect

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn")
_DELETED = ("AIDA", "AROA", "AGPA", "AIPA", "ANPA")
_FIRM = ("amazon", "aws")
_CLOSE = 0.85
"""Service names are short and many; what is less close than this may be a service that is on no list."""


def principal_problems(statement: Statement) -> Iterator[Problem]:
    """Name the principals of a statement that AWS would not find."""
    if isinstance(statement.principals, Principals) and statement.principals.negated:
        yield from _not_principal(statement)
    for entry in statement.principal_entries:
        value = entry.value
        if not isinstance(value, str) or is_placeholder(value):
            continue
        if entry.type == "AWS":
            yield from _aws(entry, value)
        elif entry.type == "Service":
            yield from _service(entry, value)


def _not_principal(statement: Statement) -> Iterator[Problem]:
    """Report an Allow with NotPrincipal.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    if statement.effect == ALLOW:
        message = f"{statement.title} allows with NotPrincipal, which AWS supports only with Deny"
        help_text = "it allows everyone who is not listed; list in Principal whom to allow"
        yield Problem(message, (*statement.route, "NotPrincipal"), Part.KEY, help_text, grave=False)


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
        message = f"`{value}` is not an account id, an ARN or `*`{digits}"
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
    """Report what is not a service principal, or is not listed as one. The list may be older than the service."""
    name, domain = _split(value)
    bare = name.strip().lower()
    guess = _meant(bare)
    if "*" in value or "?" in value:
        message = f"`{value}` has a wildcard, and AWS supports none in a service principal"
        help_text = "name the service, for instance `connect.amazonaws.com`"
        yield Problem(message, entry.route, Part.VALUE, help_text)
    elif is_regional_connect(value):
        message = f"`{value}` is not the principal that AWS documents for Connect"
        yield Problem(message, entry.route, Part.VALUE, f"write `{CONNECT}`", grave=False)
    elif bare in SERVICES and (not domain or bare != name):
        yield _miswritten(entry, value, f"{bare}{domain or _DOMAINS[0]}", sure=not domain)
    elif guess and name not in SERVICES:
        message = f"AWS does not list `{value}` as a service principal"
        help_text = f"did you mean `{guess}{domain or _DOMAINS[0]}`?"
        yield Problem(message, entry.route, Part.VALUE, help_text, grave=not domain, slight=True)


def _miswritten(entry: Principal, value: str, meant: str, *, sure: bool) -> Problem:
    """Report a listed service without its domain; in other letters it may still be the service, so not for sure."""
    message = f"`{value}` is not a valid service principal"
    mend = (Put(entry.route, meant),)
    return Problem(message, entry.route, Part.VALUE, f"did you mean `{meant}`?", grave=sure, mend=mend)


def _split(value: str) -> tuple[str, str]:
    """Split a principal into its service and its domain, which is empty if it is not one of AWS's."""
    for domain in _DOMAINS:
        if value.strip().endswith(domain):
            return value.rstrip().removesuffix(domain), domain
    return value.partition(".")[0], ""


def _meant(bare: str) -> str | None:
    """Name the service that a misspelt one was meant to be, if any is close."""
    for word in _FIRM:
        bare = bare.removeprefix(word).strip("-")
    return did_you_mean(bare, SERVICES, cutoff=_CLOSE) if bare else None
