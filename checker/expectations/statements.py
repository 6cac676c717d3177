"""Policies that stand for an expectation: what its subjects may do, or what everyone else may do.

Every expectation is a comparison of two policies over all requests: the policy in question, and one of these.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.core.arn import is_account
from checker.core.unknown import Unknown
from checker.expectations.model import ACCOUNT, ANY, ARN, CONNECT, ORGANIZATION, SERVICE, Subject
from checker.policy.model import ALLOW, DENY, EVERYONE
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import parse_json
from checker.policy.vocabulary import CONNECT as CONNECT_SERVICE
from checker.policy.vocabulary import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.policy.model import Policy
    from checker.policy.vocabulary import Dialect

    Json = dict[str, Any]
    Context = Sequence[tuple[str, tuple[str, ...]]]


_TLS = "aws:SecureTransport"
_EVERYONE: Json = {"Effect": ALLOW, "Principal": EVERYONE, "Action": "*", "Resource": "*"}


def policy_of(statements: Iterable[Json], dialect: Dialect) -> Policy:
    """Return the policy with these statements."""
    return read_text({"Version": VERSION, "Statement": list(statements)}, dialect)


def read_text(value: Json | str, dialect: Dialect) -> Policy:
    """Read a policy from JSON."""
    text = value if isinstance(value, str) else json.dumps(value)
    return read_policy(parse_json(Source("", text)), dialect)[0]


def granted(subjects: Iterable[Subject], actions: Sequence[str], context: Context) -> list[Json]:
    """Return statements that allow the requests that the subjects make themselves, over TLS and with a context.

    Connect sends both source keys, so that requests without one of them are not among these.
    """
    keys = {key.lower() for key, _ in context}
    conditions: Json = {"StringEquals": {key: list(values) for key, values in context}} if context else {}
    if _TLS.lower() not in keys:
        conditions["StringEqualsIfExists"] = {_TLS: "true"}
    return [_statement(subject, actions, ALLOW, conditions, whole=True) for subject in subjects]


def tolerated(subjects: Iterable[Subject], actions: Sequence[str]) -> list[Json]:
    """Return statements that allow all requests of the subjects for some actions, and everything else to everyone."""
    others = {"Effect": ALLOW, "Principal": EVERYONE, "NotAction": list(actions), "Resource": "*"}
    return [others, *(_statement(subject, actions, ALLOW, {}) for subject in subjects)]


def all_but(subjects: Iterable[Subject], actions: Sequence[str], context: Context = ()) -> list[Json]:
    """Return statements that allow every request, except those of the subjects for some actions."""
    keys = {"StringEquals": {key: list(values) for key, values in context}} if context else {}
    return [_EVERYONE, *(_statement(subject, actions, DENY, keys) for subject in subjects)]


def refused_to_others(subject: Subject) -> list[Json]:
    """Return statements that deny every request, except those of a subject."""
    keys: Json = {_NAMED_BY.get(subject.kind, _SERVICE_NAME): subject.value}
    if subject.kind == CONNECT:
        keys = {_SERVICE_NAME: CONNECT_SERVICE}
    conditions = [{"ArnNotEquals" if subject.kind == ARN else "StringNotEquals": keys}]
    if subject.kind == CONNECT and subject.value != ANY:
        conditions.append({"StringNotEquals": _source_keys(subject.value)})
    return [{**_EVERYONE, "Effect": DENY, "Condition": one} for one in conditions]


_SERVICE_NAME = "aws:PrincipalServiceName"
_NAMED_BY = {
    ARN: "aws:PrincipalArn",
    ACCOUNT: "aws:PrincipalAccount",
    ORGANIZATION: "aws:PrincipalOrgID",
    SERVICE: _SERVICE_NAME,
}


def unless_denied(policy: Policy, dialect: Dialect) -> Policy:
    """Return a policy that allows every request that no Deny of a policy refuses."""
    kept = [one for one in policy.statements if isinstance(one, Unknown) or one.effect != ALLOW]
    (everyone,) = policy_of([_EVERYONE], dialect).known_statements()
    return policy._replace(statements=(*kept, everyone._replace(ordinal=len(policy.statements))))


def with_more(policy: Policy, statements: Iterable[Json], dialect: Dialect) -> Policy:
    """Add statements to a policy."""
    start = len(policy.statements)
    added = policy_of(statements, dialect).known_statements()
    moved = (one._replace(ordinal=start + number) for number, one in enumerate(added))
    return policy._replace(statements=(*policy.statements, *moved))


def _statement(
    subject: Subject, actions: Sequence[str], effect: str, conditions: Json, *, whole: bool = False
) -> Json:
    """Return a statement about a subject; ``whole`` requires both source keys of Connect."""
    principal: Any = EVERYONE
    more: Json = {}
    if subject.kind in (ARN, ACCOUNT):
        principal = {"AWS": subject.value}
    elif subject.kind == ORGANIZATION:
        more = {"StringEquals": {"aws:PrincipalOrgID": subject.value}}
    elif subject.kind == SERVICE:
        principal = {"Service": subject.value}
    else:
        principal = {"Service": CONNECT_SERVICE}
        more = _sources(subject.value, whole=whole)
    merged = {
        operator: {**conditions.get(operator, {}), **more.get(operator, {})}
        for operator in (*conditions, *more)
        if conditions.get(operator) or more.get(operator)
    }
    condition = {"Condition": merged} if merged else {}
    return {"Effect": effect, "Principal": principal, "Action": list(actions), "Resource": "*", **condition}


def _sources(value: str, *, whole: bool) -> Json:
    """Return the conditions for an instance, for all instances of an account, or for any instance."""
    if value == ANY:
        return {"Null": {"aws:SourceArn": "false", "aws:SourceAccount": "false"}} if whole else {}
    keys = {"StringEquals": _source_keys(value)}
    if not whole:
        return keys
    if is_account(value):
        return {**keys, "ArnLike": {"aws:SourceArn": f"arn:*:connect:*:{value}:instance/*"}}
    return {"StringEquals": {**_source_keys(value), "aws:SourceAccount": value.split(":")[4]}}


def _source_keys(value: str) -> Json:
    return {"aws:SourceAccount" if is_account(value) else "aws:SourceArn": value}
