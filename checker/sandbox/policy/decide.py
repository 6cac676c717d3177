"""Evaluation of one request against one resource policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
An explicit Deny wins over every Allow; without an Allow a request is denied.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.sandbox.policy.comparisons import (
    ARN_PARTS,
    NEGATED,
    POSITIVE,
    NoValueError,
    UndocumentedError,
    arn_like,
    compiled,
    matches,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.sandbox.policy.comparisons import Context


ALLOWED, EXPLICITLY_DENIED, IMPLICITLY_DENIED = "Allowed", "ExplicitlyDenied", "ImplicitlyDenied"
_ROOT = re.compile(r"arn:[^:]+:iam::(\d{12}):root")


class Principal(NamedTuple):
    """The caller: a service by its principal name, or an IAM principal by its ARN."""

    service: str = ""
    arn: str = ""


class PolicyRequest(NamedTuple):
    """One request. Context keys are in lower case; a list is the value of a multi-valued key."""

    principal: Principal
    action: str
    resource: str
    context: Context


def decide(policy: Any, request: PolicyRequest) -> str:
    """Return ``Allowed``, ``ExplicitlyDenied`` or ``ImplicitlyDenied``.

    Assumed: where the behavior of AWS is not documented, a Deny applies and an Allow does not.
    """
    document = policy if isinstance(policy, dict) else {}
    variables = document.get("Version") == "2012-10-17"  # the older version treats variables as text
    statements = document.get("Statement", [])
    applied = [
        statement.get("Effect")
        for statement in as_list(statements)
        if isinstance(statement, dict) and _applies(statement, request, variables=variables)
    ]
    if "Deny" in applied:
        return EXPLICITLY_DENIED
    return ALLOWED if "Allow" in applied else IMPLICITLY_DENIED


def _applies(statement: dict[str, Any], request: PolicyRequest, *, variables: bool) -> bool:
    certain = True
    for test in _tests(statement, request, variables=variables):
        try:
            if not test():
                return False
        except UndocumentedError:
            certain = False
    return certain or statement.get("Effect") == "Deny"


def _tests(
    statement: dict[str, Any], request: PolicyRequest, *, variables: bool
) -> Iterator[Callable[[], bool]]:
    yield lambda: _matches_principal(statement, request.principal)
    yield lambda: _element(statement, "Action", lambda pattern: _matches_action(pattern, request.action))
    filled = request.context if variables else None
    yield lambda: _element(
        statement, "Resource", lambda pattern: _matches_resource(pattern, request.resource, filled)
    )
    yield from condition_tests(statement.get("Condition", {}), request.context, variables=variables)


def _element(statement: dict[str, Any], name: str, covers: Callable[[str], bool]) -> bool:
    """Evaluate an element or its negation. A statement with neither, or with an empty list, matches nothing."""
    negated = f"Not{name}" in statement
    values = as_list(statement.get(f"Not{name}" if negated else name, []))
    return bool(values) and any(covers(value) for value in values) != negated


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, and any other value as a list of one."""
    return value if isinstance(value, list) else [value]


def _matches_action(pattern: object, action: str) -> bool:
    """Compare actions, ignoring case. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html"""
    return isinstance(pattern, str) and matches(compiled(pattern.lower(), None), action.lower())


def _matches_resource(pattern: object, resource: str, variables: Context | None) -> bool:
    if not isinstance(pattern, str):
        raise UndocumentedError
    if pattern in ("*", resource):
        return True
    return _compared(arn_like, resource, pattern, variables)


def _matches_principal(statement: dict[str, Any], principal: Principal) -> bool:
    """Return whether the Principal or NotPrincipal of a statement covers a caller.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    ``{"AWS": "*"}`` also covers services, because the examples of the SNS guide depend on it.
    """
    negated = "NotPrincipal" in statement
    named = statement.get("NotPrincipal" if negated else "Principal", [])
    entries = list(principal_entries(named))
    return bool(entries) and any(_covers(kind, name, principal) for kind, name in entries) != negated


def principal_entries(named: object) -> Iterator[tuple[str, object]]:
    """Yield the type and the name of every principal in the value of Principal or NotPrincipal."""
    if named == "*":
        yield "AWS", "*"
    elif isinstance(named, dict):
        for kind, names in named.items():
            yield from ((kind, name) for name in as_list(names))


def _covers(kind: str, name: object, principal: Principal) -> bool:
    if kind == "AWS" and name == "*":
        return True
    if principal.service:
        return kind == "Service" and name == principal.service
    return kind == "AWS" and isinstance(name, str) and _covers_arn(name, principal.arn)


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


_IF_EXISTS = "IfExists"


def condition_tests(block: object, context: Context, *, variables: bool) -> Iterator[Callable[[], bool]]:
    """Yield a test for every condition of a block. All must hold; each may raise UndocumentedError."""
    if not isinstance(block, dict):
        yield _undocumented
        return
    for name, keys in block.items():
        if not isinstance(keys, dict):
            yield _undocumented
            continue
        spellings = [key.lower() for key in keys]
        for key, expected in keys.items():
            yield (
                _undocumented
                if spellings.count(key.lower()) > 1
                else _test(name, key.lower(), _texts(expected), context, variables=variables)
            )


def _undocumented() -> bool:
    raise UndocumentedError


def _texts(expected: Any) -> list[str]:
    values = expected if isinstance(expected, list) else [expected]
    return [
        {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value) for value in values
    ]


def _test(
    name: str, key: str, expected: list[str], context: Context, *, variables: bool
) -> Callable[[], bool]:
    return lambda: _holds(name, context.get(key), expected, context if variables else None)


def _holds(name: str, actual: str | list[str] | None, expected: list[str], variables: Context | None) -> bool:
    """Evaluate one condition: a missing key, then the set operator, then the single values."""
    qualifier, _, bare = name.rpartition(":")
    base = bare.removesuffix(_IF_EXISTS)
    if base == "Null":
        return _null(qualifier, bare, actual, expected)
    if qualifier not in ("", "ForAllValues", "ForAnyValue") or (base not in POSITIVE and base not in NEGATED):
        raise UndocumentedError
    if actual is None:
        return _absent(qualifier, base, if_exists=bare.endswith(_IF_EXISTS))
    return _present(qualifier, base, actual, expected, variables)


def _absent(qualifier: str, base: str, *, if_exists: bool) -> bool:
    """Evaluate a missing key: a positive operator fails; a negated one, IfExists and ForAllValues hold."""
    if qualifier == "ForAllValues":
        return True
    if qualifier == "ForAnyValue":
        if if_exists:
            raise UndocumentedError
        return False
    return if_exists or base in NEGATED


def _present(
    qualifier: str, base: str, actual: str | list[str], expected: list[str], variables: Context | None
) -> bool:
    values = [actual] if isinstance(actual, str) else actual
    if qualifier == "ForAllValues":
        return _every([lambda v=v: _matches_any(base, v, expected, variables) for v in values if v])  # type: ignore[misc]
    if qualifier == "ForAnyValue":
        return _some([lambda v=v: _matches_any(base, v, expected, variables) for v in values])  # type: ignore[misc]
    if not isinstance(actual, str):
        raise UndocumentedError  # a multi-valued key needs a set operator
    return _matches_any(base, actual, expected, variables)


def _matches_any(base: str, value: str, expected: list[str], variables: Context | None) -> bool:
    """Compare one value of the request: a policy value must match, or none may match if the operator is negated."""
    if not expected or not value:
        raise UndocumentedError
    compare = POSITIVE[NEGATED.get(base, base)]
    matched = _some([lambda w=w: _compared(compare, value, w, variables) for w in expected])  # type: ignore[misc]
    return matched != (base in NEGATED)


def _compared(compare: Any, value: str, expected: str, variables: Context | None) -> bool:
    try:
        return bool(compare(value, expected, variables))
    except NoValueError:
        return False


def _null(qualifier: str, bare: str, actual: str | list[str] | None, expected: list[str]) -> bool:
    if bare != "Null":
        raise UndocumentedError
    if qualifier:
        return qualifier == "ForAllValues"
    if actual == [] or not expected:
        raise UndocumentedError
    return _some([lambda e=e: _boolean(e) is (actual is None) for e in expected])  # type: ignore[misc]


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise UndocumentedError
    return text == "true"


def _some(tests: list[Callable[[], bool]]) -> bool:
    """Return whether any test holds. Raises UndocumentedError if none holds and at least one is unsettled."""
    undocumented = False
    for test in tests:
        try:
            if test():
                return True
        except UndocumentedError:
            undocumented = True
    if undocumented:
        raise UndocumentedError
    return False


def _every(tests: list[Callable[[], bool]]) -> bool:
    return not _some([lambda t=t: not t() for t in tests])  # type: ignore[misc]
