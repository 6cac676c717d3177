"""Fixes within one statement, and queries that other fixes share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documented import one_or_list
from checker.analysis.policy import names_connect
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.finding import (
    AccountOf,
    Append,
    Applicability,
    Fix,
    Put,
    Reference,
    Remove,
    Rename,
    ValueElsewhere,
)
from checker.core.unknown import Unknown
from checker.iam.decide.operators import is_negated
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_KEYS
from checker.policy.model import Condition, Patterns, Principals, Statement
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.analysis.key import KeyAnalysis
    from checker.analysis.policy import PolicyAnalysis
    from checker.core.finding import Json, Operation, Route
    from checker.policy.model import Problem, Statement


def is_for_connect_alone(statement: Statement) -> bool:
    """True if connect.amazonaws.com is the only principal."""
    principals = statement.principals
    if isinstance(principals, Unknown) or principals.unknown is not None or not names_connect(statement):
        return False
    return all(one.type == "Service" and one.value == CONNECT for one in principals.entries)


def without_connect(statement: Statement) -> tuple[Remove, ...]:
    """Remove Connect from the principals; the last entry first, because removals shift indices."""
    entries = statement.principal_entries if names_connect(statement) else ()
    routes = [entry.route for entry in entries if entry.type == "Service" and entry.value == CONNECT]
    return tuple(Remove(route) for route in reversed(routes))


def sids(case: PolicyAnalysis) -> tuple[str, ...]:
    """Return the Sids of the policy."""
    return tuple(one.sid for one in case.statements)


def name_of_topic(case: TopicAnalysis) -> Json | None:
    """Return the topic as a Resource: as in another statement, by its ARN, or by its reference in the document."""
    if isinstance(case.topic.arn, Unknown) and not case.topic.symbol:
        return None
    target = case.target.resource
    for statement in case.statements:
        resources = statement.resources
        if isinstance(resources, Patterns) and not resources.negated and resources.values == (target,):
            return ValueElsewhere((*statement.route, "Resource", 0))
    if not isinstance(case.topic.arn, Unknown):
        return str(case.topic.arn)
    return Reference(case.topic.symbol)


def needs_instance(arn: Arn | Unknown, title: str) -> tuple[Fix, ...]:
    """Return a fix that requires the user to name the Connect instance, with an example ARN.

    ``arn`` is the ARN of the topic or key. The instance is in its Region, and usually in its account.
    """
    partition, region, account = ("aws", "REGION", "ACCOUNT_ID")
    if isinstance(arn, Arn):
        partition, region, account = arn.partition, arn.region, arn.account
    example = f"arn:{partition}:connect:{region}:{account}:instance/INSTANCE_ID"
    return (Fix(title, applicability=Applicability.DISPLAY, needs=("--instance-arn", example)),)


_IS_SERVICE = "aws:PrincipalIsAWSService"


def exempt(case: TopicAnalysis, statement: Statement) -> tuple[Fix, ...]:
    """Exempt the instances from a Deny that lists sources, Connect from a NotPrincipal, else all AWS services."""
    principals = statement.principals
    if isinstance(principals, Principals) and principals.negated:
        operation = Append((*statement.route, "NotPrincipal", "Service"), CONNECT)
        return (Fix(f"add connect.amazonaws.com to NotPrincipal of {statement.title}", (operation,)),)
    exceptions = [c for c in statement.conditions if isinstance(c, Condition) and _lists_sources(c)]
    if exceptions and case.instances:
        values: dict[str, Iterable[str]] = {
            SOURCE_ACCOUNT: dict.fromkeys(map(AccountOf, case.instances)),
            SOURCE_ARN: dict.fromkeys(map(str, case.instances)),
        }
        added = tuple(
            Append(c.route, one) for c in exceptions for one in values[c.folded_key] if one not in c.values
        )
        return (
            (Fix(f"add the instances to the sources that {statement.title} exempts", added),) if added else ()
        )
    guard = Put((*statement.route, "Condition", "BoolIfExists", _IS_SERVICE), "false")
    return (Fix(f"exempt AWS services from {statement.title}", (guard,)),)


def _lists_sources(condition: Condition) -> bool:
    operation = condition.operation
    negated = not isinstance(operation, Unknown) and is_negated(operation.base)
    return negated and condition.folded_key in SOURCE_KEYS


_RESOURCES = ("Resource", "NotResource")


def name_topic(case: TopicAnalysis, route: Route) -> tuple[Fix, ...]:
    """Set the Resource to the topic that the policy is attached to."""
    topic = name_of_topic(case)
    title = "set the Resource to the topic that the policy is attached to"
    return (Fix(title, (Put(route, topic),)),) if topic else ()


def fill_in(case: PolicyAnalysis, route: Route, written: str) -> tuple[Fix, ...]:
    """Replace a placeholder with the known value: the instance, its account or the topic."""
    value = _known_value(case, route) if isinstance(case, TopicAnalysis) else None
    return (Fix(f"replace the placeholder `{written}`", (Put(route, value),)),) if value else ()


def _known_value(case: TopicAnalysis, route: Route) -> Json | None:
    names = [str(step).lower() for step in route if isinstance(step, str)]
    if any(name in _RESOURCES for name in route):
        return name_of_topic(case)
    if names[-1:] == [SOURCE_ARN] and case.instances:
        return one_or_list(map(str, case.instances)) if len(case.instances) == 1 else None
    accounts = dict.fromkeys(map(AccountOf, case.instances))
    if names[-1:] == [SOURCE_ACCOUNT] and len(accounts) == 1:
        return next(iter(accounts))
    return None


def restrict_to_owner(case: TopicAnalysis | KeyAnalysis, statements: Sequence[Statement]) -> tuple[Fix, ...]:
    """Restrict public statements to the account of the topic or key."""
    account = case.target.account
    if isinstance(account, Unknown) or not statements:
        return ()
    operations: list[Operation] = []
    for statement in statements:
        if isinstance(statement.principals, Principals) and statement.principals.negated:
            operations.append(Remove((*statement.route, "NotPrincipal")))
        operations.append(Put((*statement.route, "Principal"), {"AWS": account}))
    titles = " and ".join(statement.title for statement in statements)
    return (Fix(f"restrict {titles} to account {account}", tuple(operations)),)


def correct_spelling(problem: Problem) -> tuple[Fix, ...]:
    """Correct a misspelling if the intended text is clear."""
    if not problem.fix:
        return ()
    first = problem.fix[0]
    correct = first.key if isinstance(first, Rename) else getattr(first, "value", "")
    return (Fix(f"write `{correct}`", problem.fix),)
