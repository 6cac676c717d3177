"""Evaluation of one request against one resource policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
An explicit Deny wins over every Allow; without an Allow a request is denied.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.sandbox.law.conditions import truths
from checker.sandbox.law.patterns import ARN_PARTS, NoValueError, UnsettledError, compiled, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.sandbox.law.patterns import Context


ALLOWED, EXPLICITLY_DENIED, IMPLICITLY_DENIED = "Allowed", "ExplicitlyDenied", "ImplicitlyDenied"
_ROOT = re.compile(r"arn:[^:]+:iam::(\d{12}):root")


class Asker(NamedTuple):
    """The caller: a service by its principal name, or an IAM principal by its ARN."""

    service: str = ""
    arn: str = ""


class Question(NamedTuple):
    """One request. Context keys are in lower case; a list is the value of a multi-valued key."""

    asker: Asker
    action: str
    resource: str
    context: Context


def decide(policy: Any, question: Question) -> str:
    """Return ``Allowed``, ``ExplicitlyDenied`` or ``ImplicitlyDenied``.

    Assumed: where the behavior of AWS is not documented, a Deny applies and an Allow does not.
    """
    document = policy if isinstance(policy, dict) else {}
    variables = document.get("Version") == "2012-10-17"  # the older version treats variables as text
    statements = document.get("Statement", [])
    applied = {
        statement.get("Effect")
        for statement in (statements if isinstance(statements, list) else [statements])
        if isinstance(statement, dict) and _applies(statement, question, variables=variables)
    }
    if "Deny" in applied:
        return EXPLICITLY_DENIED
    return ALLOWED if "Allow" in applied else IMPLICITLY_DENIED


def _applies(statement: dict[str, Any], question: Question, *, variables: bool) -> bool:
    settled = True
    for test in _tests(statement, question, variables=variables):
        try:
            if not test():
                return False
        except UnsettledError:
            settled = False
    return settled or statement.get("Effect") == "Deny"


def _tests(statement: dict[str, Any], question: Question, *, variables: bool) -> Iterator[Callable[[], bool]]:
    yield lambda: _who(statement, question.asker)
    yield lambda: _element(statement, "Action", lambda one: _same_action(one, question.action))
    filled = question.context if variables else None
    yield lambda: _element(statement, "Resource", lambda one: _same_resource(one, question.resource, filled))
    yield from truths(statement.get("Condition", {}), question.context, variables=variables)


def _element(statement: dict[str, Any], name: str, covers: Callable[[str], bool]) -> bool:
    """Evaluate an element or its negation. A statement with neither, or with an empty list, matches nothing."""
    negated = f"Not{name}" in statement
    values = _several(statement.get(f"Not{name}" if negated else name, []))
    return bool(values) and any(covers(one) for one in values) != negated


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _same_action(pattern: object, action: str) -> bool:
    """Compare actions, ignoring case. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html"""
    return isinstance(pattern, str) and matches(compiled(pattern.lower(), None), action.lower())


def _same_resource(pattern: object, resource: str, variables: Context | None) -> bool:
    if not isinstance(pattern, str):
        raise UnsettledError
    if pattern in ("*", resource):
        return True
    try:
        expression = compiled(pattern, variables)
    except NoValueError:
        return False
    parts, values = expression.split(":", ARN_PARTS - 1), resource.split(":", ARN_PARTS - 1)
    whole = matches(expression, resource)
    if len(parts) != ARN_PARTS or len(values) != ARN_PARTS:
        if whole:
            raise UnsettledError
        return False
    return all(matches(part, one) for part, one in zip(parts, values, strict=True))


def _who(statement: dict[str, Any], asker: Asker) -> bool:
    """Return whether the Principal or NotPrincipal of a statement covers a caller.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    ``{"AWS": "*"}`` also covers services, because the examples of the SNS guide depend on it.
    """
    negated = "NotPrincipal" in statement
    named = statement.get("NotPrincipal" if negated else "Principal", [])
    entries = list(_entries(named))
    return bool(entries) and any(_covers(kind, name, asker) for kind, name in entries) != negated


def _entries(named: object) -> Iterator[tuple[str, object]]:
    if named == "*":
        yield "AWS", "*"
    elif isinstance(named, dict):
        for kind, names in named.items():
            yield from ((kind, name) for name in _several(names))


def _covers(kind: str, name: object, asker: Asker) -> bool:
    if kind == "AWS" and name == "*":
        return True
    if asker.service:
        return kind == "Service" and name == asker.service
    return kind == "AWS" and isinstance(name, str) and _covers_arn(name, asker.arn)


def _covers_arn(name: str, arn: str) -> bool:
    """Return whether a principal covers an ARN: an account its principals, a role its sessions, others only themselves."""
    partition, _, account, resource = _split_arn(arn)
    root = _ROOT.fullmatch(name)
    if name in (arn, account):
        return True
    if root:
        return root[1] == account and name.startswith(f"arn:{partition}:")
    session = re.fullmatch(r"assumed-role/([^/]+)/.+", resource)
    role = re.fullmatch(rf"arn:{partition}:iam::{account}:role/(?:.*/)?([^/]+)", name)
    return bool(session and role) and (session or [])[1] == (role or [])[1]


def _split_arn(arn: str) -> tuple[str, str, str, str]:
    """Return the partition, service, account and resource of an ARN."""
    parts = [*arn.split(":", ARN_PARTS - 1), *[""] * ARN_PARTS][:ARN_PARTS]
    return parts[1], parts[2], parts[4], parts[5]
