"""What SNS and KMS refuse in a policy that is well formed, or store without giving it an effect.

SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
KMS: https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn, is_account
from checker.finding import Part, Route
from checker.policy.model import EVERYONE, Patterns, Policy, Principals, Problem, Statement
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS
from checker.policy.spelling import did_you_mean
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.read import Dialect

_MAX_PRINCIPALS = 200
_KNOWN = {"sns": TOPIC_ACTIONS, "kms": KEY_ACTIONS}
_FOLDED = {service: frozenset(one.lower() for one in actions) for service, actions in _KNOWN.items()}
_ID_PREFIXES = ("AIDA", "AROA", "AGPA", "AIPA", "ANPA")


def refusals(policy: Policy, dialect: Dialect, size: int) -> Iterator[Problem]:
    """Name what the service would not take; ``size`` is that of the document in bytes."""
    if size > dialect.max_bytes and policy.known_statements():
        message = f"the policy has {size:,} bytes, a {dialect.name} may have {dialect.max_bytes:,}"
        yield Problem(message, (), Part.VALUE)
    statements = policy.known_statements()
    principals = sum(len(s.principals.entries) for s in statements if isinstance(s.principals, Principals))
    if dialect.service == "sns" and principals > _MAX_PRINCIPALS:
        yield Problem(
            f"the policy names {principals} principals, SNS takes {_MAX_PRINCIPALS}",
            ("Statement",),
            Part.VALUE,
        )
    for statement in statements:
        yield from _actions(statement, dialect)
        yield from _principals(statement)


def _actions(statement: Statement, dialect: Dialect) -> Iterator[Problem]:
    actions = statement.actions
    if not isinstance(actions, Patterns):
        return
    for index, action in enumerate(actions.values):
        if isinstance(action, str) and action.lower() not in _FOLDED[dialect.service]:
            route = (*statement.route, actions.element, index)
            if "*" in action or "?" in action:
                yield from _wildcard(action, route, dialect)
            else:
                yield _unknown_action(action, route, dialect)


def _unknown_action(action: str, route: Route, dialect: Dialect) -> Problem:
    service, _, name = action.partition(":")
    guess = did_you_mean(action, _KNOWN[dialect.service])
    hint = f"did you mean `{guess}`?" if guess else ""
    if service.lower() != dialect.service or not name:
        message = f"`{action}` is no action of {dialect.service.upper()}"
        return Problem(message, route, Part.VALUE, hint, refused=dialect.service == "sns")
    message = f"`{action}` is no action that a {dialect.name} may name"
    return Problem(message, route, Part.VALUE, hint, refused=dialect.service == "sns")


def _wildcard(action: str, route: Route, dialect: Dialect) -> Iterator[Problem]:
    if dialect.service == "sns":
        message = f"`{action}` has a wildcard, which SNS is reported to refuse on write"
        help_text = "name the actions; SNS says `Policy statement action out of service scope!`"
        yield Problem(message, route, Part.VALUE, help_text, refused=False)
    elif not any(glob(action.lower()).matches(one) for one in _FOLDED["kms"]):
        yield Problem(f"`{action}` matches no action of KMS", route, Part.VALUE, refused=False)


def _principals(statement: Statement) -> Iterator[Problem]:
    principals = statement.principals
    for entry in principals.entries if isinstance(principals, Principals) else ():
        value = entry.value
        if entry.type != "AWS" or not isinstance(value, str) or _is_principal(value):
            continue
        if value.endswith((".amazonaws.com", ".amazonaws.com.cn")):
            message = f"`{value}` is a service, and stands under AWS"
            yield Problem(message, entry.route, Part.VALUE, f'write `{{"Service": "{value}"}}`')
        else:
            message = f"`{value}` is no account id, ARN or `*`"
            help_text = "SNS answers `PrincipalNotFound` to a principal that does not exist"
            yield Problem(message, entry.route, Part.VALUE, help_text)


def _is_principal(value: str) -> bool:
    arn = Arn.parse(value)
    known_arn = arn is not None and arn.service in ("iam", "sts") and is_account(arn.account)
    return value == EVERYONE or is_account(value) or known_arn or value.startswith(_ID_PREFIXES)
