"""An evaluator of resource policies of its own, written from the AWS documentation alone.

It shares no code with `checker.iam`, so that each can be held against the other. Three-valued: ``None`` says
that no source settles what AWS does. A policy is compiled once and then asked about many requests.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.soundness.comparisons import UNKNOWN, Condition, Truth, compile_condition, glob, resolve
from tests.soundness.principals import (
    SESSION,
    Caller,
    Context,
    all_of,
    any_of,
    compile_principals,
    negate,
    several,
)

_STATEMENT_KEYS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


class Request(NamedTuple):
    """One request. Keys of the context are in lower case, a list is a multivalued key, UNKNOWN an unknown one."""

    caller: Caller
    action: str
    resource: str
    context: Context


class Statement(NamedTuple):
    """A compiled statement; ``effect`` is None where the statement cannot be read, which may mean anything.

    ``keys`` are those of its conditions and variables.
    """

    effect: str | None
    principals: Callable[[Caller, Context], Truth]
    actions: Callable[[str], Truth]
    resources: Callable[[str, Context], Truth]
    conditions: tuple[Condition, ...]
    keys: frozenset[str] = frozenset()

    def about(self, caller: Caller, action: str, context: Context) -> Truth:
        """Whether the statement is about a caller and an action."""
        return all_of((self.actions(action), self.principals(caller, context)))

    def applies(self, request: Request, about: Truth) -> Truth:
        """Whether all elements and conditions hold; a hot path, so without generators."""
        truth = self.resources(request.resource, request.context)
        if about is False or truth is False:
            return False
        settled = bool(about and truth)
        for condition in self.conditions:
            truth = condition.holds(request.context)
            if truth is False:
                return False
            settled = settled and truth is True
        return True if settled else None


class Narrowed(NamedTuple):
    """The statements of a policy that are about one caller and action, each with whether it is for sure."""

    statements: tuple[tuple[Statement, Truth], ...]

    def allows(self, request: Request) -> Truth:
        """An explicit Deny wins over every Allow; without an Allow the request is denied."""
        allowed: Truth = False
        denied: Truth = False
        for statement, about in self.statements:
            truth = statement.applies(request, about)
            if truth is False:
                continue
            if statement.effect is None:
                return None
            if statement.effect == "Deny":
                denied = any_of((denied, truth))
            else:
                allowed = any_of((allowed, truth))
        return all_of((allowed, negate(denied)))

    @property
    def keys(self) -> frozenset[str]:
        return frozenset[str]().union(*(statement.keys for statement, _ in self.statements))

    @property
    def may_allow(self) -> bool:
        return any(statement.effect != "Deny" for statement, _ in self.statements)


class Law:
    """A compiled policy."""

    def __init__(self, document: Any) -> None:
        document = document if isinstance(document, dict) else {"Statement": [None]}
        variables = document.get("Version") == "2012-10-17"
        statements = several(document.get("Statement", [None]))
        self.statements = [_statement(statement, variables=variables) for statement in statements]

    def narrowed(self, caller: Caller, action: str, context: Context | None = None) -> Narrowed:
        """Leave out the statements that are not about a caller and an action.

        Without a context, the identity provider of a session may be any.
        """
        if context is None:
            context = {"aws:federatedprovider": UNKNOWN} if caller.kind == SESSION else {}
        found = ((statement, statement.about(caller, action, context)) for statement in self.statements)
        return Narrowed(tuple((statement, about) for statement, about in found if about is not False))

    def allows(self, request: Request) -> Truth:
        return self.narrowed(request.caller, request.action, request.context).allows(request)

    def beside_identity_policy(self) -> Law:
        """The policy for callers of the topic's account whom an identity policy allows everything."""
        allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        joined = Law({"Statement": [allow]})
        joined.statements += self.statements
        return joined


def _statement(statement: Any, *, variables: bool) -> Statement:
    if not isinstance(statement, dict) or not well_formed(statement):
        return Statement(None, lambda _, __: None, lambda _: None, lambda _, __: None, ())
    conditions = tuple(_conditions(statement.get("Condition", {}), variables=variables))
    filled = re.findall(r"\$\{([^{},*?$\s]+)", json.dumps(statement)) if variables else []
    return Statement(
        statement["Effect"],
        compile_principals(statement),
        _actions(statement),
        _resources(statement, variables=variables),
        conditions,
        frozenset((*(one.key for one in conditions), *(key.lower() for key in filled))),
    )


def well_formed(statement: dict[str, Any]) -> bool:
    """True if the statement has each element once, in its positive or negative form, and no element unknown."""
    pairs = (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))
    whole = all((one in statement) != (other in statement) for one, other in pairs)
    known = set(statement) <= _STATEMENT_KEYS and statement.get("Effect") in ("Allow", "Deny")
    return whole and known and isinstance(statement.get("Condition", {}), dict)


def _conditions(block: dict[str, Any], *, variables: bool) -> Iterator[Condition]:
    for operator, keys in block.items():
        if not isinstance(keys, dict):
            yield Condition("", lambda _: None)
            continue
        spellings = Counter(key.lower() for key in keys)
        for key, values in keys.items():
            if spellings[key.lower()] > 1:
                yield Condition(key.lower(), lambda _: None)
            else:
                yield compile_condition(operator, key.lower(), several(values), variables=variables)


def _actions(statement: dict[str, Any]) -> Callable[[str], Truth]:
    """Actions ignore letter case and may hold wildcards; a list of none is about nothing."""
    negated = "NotAction" in statement
    patterns = several(statement["NotAction" if negated else "Action"])

    def covers(action: str) -> Truth:
        found = any_of(_action(pattern, action) for pattern in patterns)
        return bool(patterns) and (negate(found) if negated else found)

    return covers


def _action(pattern: Any, action: str) -> Truth:
    if pattern == "*":
        return True
    prefix, colon, name = pattern.partition(":") if isinstance(pattern, str) else ("", "", "")
    if not colon or not name or "*" in prefix or "?" in prefix:
        return None
    return glob(pattern.lower()).fullmatch(action.lower()) is not None


def _resources(statement: dict[str, Any], *, variables: bool) -> Callable[[str, Context], Truth]:
    negated = "NotResource" in statement
    patterns = several(statement["NotResource" if negated else "Resource"])

    def covers(resource: str, context: Context) -> Truth:
        found = any_of(_resource(pattern, resource, context if variables else None) for pattern in patterns)
        return None if not patterns else negate(found) if negated else found

    return covers


def _resource(pattern: Any, resource: str, context: Context | None) -> Truth:
    """Compare component by component; what crosses a colon, or differs in letter case alone, is not settled."""
    if not isinstance(pattern, str):
        return None
    if pattern in ("*", resource):
        return True
    head, tail = pattern.split(":", 5)[:5], "".join(pattern.split(":", 5)[5:])
    if context is not None and any("${" in part for part in head):
        return None
    expression = resolve(tail, context, wild=True)
    if not isinstance(expression, str):
        return expression  # not known, or a variable without a value, which matches nothing
    regexes = [*(glob(part).pattern for part in head), *([expression] if tail else [])]
    whole = re.fullmatch(":".join(regexes), resource, re.DOTALL | re.IGNORECASE) is not None
    values = resource.split(":", 5)
    if len(regexes) != len(values):
        return None if whole else False
    exact = all(re.fullmatch(r, v, re.DOTALL) is not None for r, v in zip(regexes, values, strict=True))
    if exact and any(sign in part for part in head[:3] for sign in "*?"):
        return None
    return True if exact else None if whole else False
