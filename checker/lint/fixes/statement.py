"""What remedies ask of a statement and of its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documented import one_or_list
from checker.analysis.topic import TopicAnalysis, names_connect
from checker.core.arn import Arn
from checker.core.finding import Append, Applicability, Fix, Put, Remove, Rename, Same, Symbol
from checker.core.unknown import Unknown
from checker.iam.decide.operators import is_negated
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_KEYS
from checker.policy.model import Condition, Patterns, Principals, Statement
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.key import KeyAnalysis
    from checker.analysis.topic import PolicyAnalysis
    from checker.core.finding import Json, Operation, Route
    from checker.policy.model import Problem, Statement


def is_for_connect_alone(statement: Statement) -> bool:
    """True if nobody but connect.amazonaws.com is listed."""
    principals = statement.principals
    if isinstance(principals, Unknown) or principals.unknown is not None or not names_connect(statement):
        return False
    return all(one.type == "Service" and one.value == CONNECT for one in principals.entries)


def without_connect(statement: Statement) -> tuple[Remove, ...]:
    """Take Connect out of the principals, the last one first, for indices shift."""
    entries = statement.principal_entries if names_connect(statement) else ()
    ours = [one.route for one in entries if one.type == "Service" and one.value == CONNECT]
    return tuple(Remove(route) for route in reversed(ours))


def sids(case: PolicyAnalysis) -> tuple[str, ...]:
    """The Sids of the policy."""
    return tuple(one.sid for one in case.statements)


def name_of_topic(case: TopicAnalysis) -> Json | None:
    """How the policy names its topic: as a statement does, by its ARN, or by the document's own name for it."""
    if isinstance(case.topic.arn, Unknown) and not case.topic.symbol:
        return None
    target = case.target.resource
    for statement in case.statements:
        resources = statement.resources
        if isinstance(resources, Patterns) and not resources.negated and resources.values == (target,):
            return Same((*statement.route, "Resource", 0))
    if not isinstance(case.topic.arn, Unknown):
        return str(case.topic.arn)
    return Symbol(case.topic.symbol)


def once_named(arn: Arn | Unknown, title: str) -> tuple[Fix, ...]:
    """A fix that needs the user to name the Connect instance, with an ARN like the one to give.

    ``arn`` is that of the topic or key: an instance is in its Region, and most often in its account.
    """
    partition, region, account = ("aws", "REGION", "ACCOUNT_ID")
    if isinstance(arn, Arn):
        partition, region, account = arn.partition, arn.region, arn.account
    example = f"arn:{partition}:connect:{region}:{account}:instance/INSTANCE_ID"
    return (Fix(title, applicability=Applicability.DISPLAY, needs=("--instance-arn", example)),)


_IS_SERVICE = "aws:PrincipalIsAWSService"


def exempt(case: TopicAnalysis, statement: Statement) -> tuple[Fix, ...]:
    """Leave out of a Deny the instances where it lists sources, Connect where it lists principals, else services."""
    principals = statement.principals
    if isinstance(principals, Principals) and principals.negated:
        operation = Append((*statement.route, "NotPrincipal", "Service"), CONNECT)
        return (Fix(f"list connect.amazonaws.com in NotPrincipal of {statement.title}", (operation,)),)
    listing = [c for c in statement.conditions if isinstance(c, Condition) and _lists_sources(c)]
    if listing and case.instances:
        values = {
            SOURCE_ACCOUNT: dict.fromkeys(one.account for one in case.instances),
            SOURCE_ARN: dict.fromkeys(map(str, case.instances)),
        }
        added = tuple(
            Append(c.route, one) for c in listing for one in values[c.folded_key] if one not in c.values
        )
        return (
            (Fix(f"add the instances to the sources that {statement.title} spares", added),) if added else ()
        )
    guard = Put((*statement.route, "Condition", "BoolIfExists", _IS_SERVICE), "false")
    return (Fix(f"exempt AWS services from {statement.title}", (guard,)),)


def _lists_sources(condition: Condition) -> bool:
    operation = condition.operation
    negated = not isinstance(operation, Unknown) and is_negated(operation.base)
    return negated and condition.folded_key in SOURCE_KEYS


_RESOURCES = ("Resource", "NotResource")


def name_topic(case: TopicAnalysis, route: Route) -> tuple[Fix, ...]:
    """Name the topic that carries the policy."""
    topic = name_of_topic(case)
    return (Fix("name the topic that carries the policy", (Put(route, topic),)),) if topic else ()


def fill_in(case: PolicyAnalysis, route: Route, written: str) -> tuple[Fix, ...]:
    """Put in the place of a placeholder what is known: the instance, its account, the topic."""
    value = _real(case, route) if isinstance(case, TopicAnalysis) else None
    return (Fix(f"fill in `{written}`", (Put(route, value),)),) if value else ()


def _real(case: TopicAnalysis, route: Route) -> Json | None:
    names = [str(step).lower() for step in route if isinstance(step, str)]
    if any(name in _RESOURCES for name in route):
        return name_of_topic(case)
    if names[-1:] == [SOURCE_ARN] and case.instances:
        return one_or_list(map(str, case.instances)) if len(case.instances) == 1 else None
    accounts = dict.fromkeys(one.account for one in case.instances)
    if names[-1:] == [SOURCE_ACCOUNT] and len(accounts) == 1:
        return next(iter(accounts))
    return None


def restrict_to_owner(case: TopicAnalysis | KeyAnalysis, statements: Sequence[Statement]) -> tuple[Fix, ...]:
    """Give what statements give to everyone to the account of the topic or key alone."""
    account = case.target.account
    if isinstance(account, Unknown) or not statements:
        return ()
    operations: list[Operation] = []
    for statement in statements:
        if isinstance(statement.principals, Principals) and statement.principals.negated:
            operations.append(Remove((*statement.route, "NotPrincipal")))
        operations.append(Put((*statement.route, "Principal"), {"AWS": account}))
    titles = " and ".join(statement.title for statement in statements)
    return (Fix(f"give {titles} to account {account} alone", tuple(operations)),)


def spelt_right(problem: Problem) -> tuple[Fix, ...]:
    """Write what was meant, where that is clear."""
    if not problem.fix:
        return ()
    first = problem.fix[0]
    meant = first.key if isinstance(first, Rename) else getattr(first, "value", "")
    return (Fix(f"write `{meant}`", problem.fix),)
