"""Tells text that somebody meant to replace from a real value."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from checker.policy.model import Condition, Patterns, Policy, Principals, Statement, Value
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.finding import Route

PLACEHOLDER = "a placeholder that was not filled in"

_MARKS = (
    "your_",
    "your-",
    "yourtopic",
    "replace_me",
    "replace-me",
    "replaceme",
    "changeme",
    "change_me",
    "xxxx",
)
_BRACKETS = (("<", ">"), ("{{", "}}"))
_PARTS = frozenset(
    (
        "accountid",
        "awsaccountid",
        "account",
        "connectinstancearn",
        "instancearn",
        "instanceid",
        "partition",
        "region",
        "snstopicarn",
        "topicarn",
        "topicname",
    )
)
"""What a whole part of an ARN, or a whole value, says when it was meant to be replaced; without _ and -."""


_ROLES = ("account", "arn", "region", "partition", "owner")
"""The ends of the keys whose whole value may be such a word; `aws:PrincipalType` has `Account` for a value."""


@lru_cache(maxsize=4096)
def is_placeholder(text: str, key: str = "") -> bool:
    """True for texts such as ``YOUR_AWS_ACCOUNT_ID``, ``<account>`` and ``arn:aws:sns:REGION:ACCOUNT:topic``.

    ``key`` is the condition key that the text is a value of, if it is one.
    """
    if "${" in text:
        return False  # a policy variable, or a template that was not rendered
    folded = text.lower()
    if any(mark in folded for mark in _MARKS):
        return True
    if any(left in text and right in text.partition(left)[2] for left, right in _BRACKETS):
        return True
    if text.startswith(("[", "arn:")) and "[" in text and "]" in text.partition("[")[2]:
        return True  # elsewhere it is an address of Terraform's, aws_sns_topic.chat["blue"]
    if key and ":" not in text and not key.lower().endswith(_ROLES):
        return False
    parts = folded.replace("_", "").replace("-", "").replace("/", ":").split(":")
    return not _PARTS.isdisjoint(parts)


def masked(policy: Policy) -> Policy:
    """The policy with its placeholders Unknown, so that nothing is concluded from their letters."""
    if not any(is_placeholder(text, condition_key_of(route)) for route, text in texts(policy)):
        return policy
    return policy._replace(statements=tuple(_mask(statement) for statement in policy.statements))


def condition_key_of(route: Route) -> str:
    """The condition key that a route of ``texts`` leads to a value of; empty for another element."""
    return str(route[4]) if "Condition" in route[2:3] else ""


def texts(policy: Policy) -> Iterator[tuple[Route, str]]:
    """Every value of the policy that a placeholder may stand in for, with its route."""
    for statement in policy.known_statements():
        principals, resources = statement.principals, statement.resources
        if isinstance(principals, Principals):
            yield from ((one.route, one.value) for one in principals.entries if isinstance(one.value, str))
        if isinstance(resources, Patterns):
            yield from _numbered((*statement.route, resources.element), resources.values)
        for condition in statement.conditions:
            if isinstance(condition, Condition):
                yield from _numbered(condition.route, condition.values)


def _numbered(route: Route, values: tuple[Value, ...]) -> Iterator[tuple[Route, str]]:
    yield from (((*route, index), one) for index, one in enumerate(values) if isinstance(one, str))


def _mask(statement: Statement | Unknown) -> Statement | Unknown:
    if isinstance(statement, Unknown):
        return statement
    principals, resources = statement.principals, statement.resources
    if isinstance(principals, Principals):
        entries = tuple(entry._replace(value=_value(entry.value)) for entry in principals.entries)
        principals = principals._replace(entries=entries)
    if isinstance(resources, Patterns):
        resources = resources._replace(values=tuple(map(_value, resources.values)))
    conditions = tuple(
        c._replace(values=tuple(_value(one, c.key) for one in c.values)) if isinstance(c, Condition) else c
        for c in statement.conditions
    )
    return statement._replace(principals=principals, resources=resources, conditions=conditions)


def _value(value: str | Unknown, key: str = "") -> str | Unknown:
    return Unknown(PLACEHOLDER, value) if isinstance(value, str) and is_placeholder(value, key) else value


def is_masked(truth: object) -> bool:
    """True if something is unknown only because of a placeholder."""
    return isinstance(truth, Unknown) and truth.reason == PLACEHOLDER
