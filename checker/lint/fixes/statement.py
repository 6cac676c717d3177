"""What remedies ask of a statement and of its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.topic import names_connect
from checker.core.arn import Arn
from checker.core.finding import Append, Applicability, Fix, Put, Remove, Same, Symbol
from checker.core.unknown import Unknown
from checker.iam.decide.operators import is_negated
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_KEYS
from checker.policy.model import Condition, Patterns, Principals, Statement
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from checker.analysis.topic import PolicyCase, TopicCase
    from checker.core.finding import Json


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


def sids(case: PolicyCase) -> tuple[str, ...]:
    """The Sids of the policy."""
    return tuple(one.sid for one in case.statements)


def name_of_topic(case: TopicCase) -> Json | None:
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


def exempt(case: TopicCase, statement: Statement) -> tuple[Fix, ...]:
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
