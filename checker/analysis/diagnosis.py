"""Causes why Connect cannot publish to a topic, statement by statement.

Each cause belongs to one rule, so that each defect leads to one finding.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from checker.analysis.additive_policy import is_positive
from checker.analysis.policy import names_connect
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.prove import one_request
from checker.iam.prove.service_space import connect_space
from checker.iam.prove.source_keys import SOURCE_KEYS, SOURCE_OWNER
from checker.policy.model import ALLOW, EVERYONE, Condition, Patterns, Principal, Principals, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.arn import Arn


class Cause(Enum):
    """A reason why Connect cannot publish to the topic."""

    NO_GRANT = "no statement lets connect.amazonaws.com publish"
    WRONG_RESOURCE = "a statement for Connect covers another resource"
    SOURCE_OWNER = "a statement for Connect requires aws:SourceOwner"
    UNMATCHABLE = "the conditions of a statement for Connect do not match any instance"
    OTHER_INSTANCE = "the conditions of a statement for Connect match other instances"


class Diagnosis(NamedTuple):
    """One cause, with the statement and its failing conditions."""

    cause: Cause
    statement: Statement | None = None
    conditions: tuple[Condition, ...] = ()


ANY_RESOURCE = Patterns("Resource", ("*",))
_ANY_PRINCIPAL = Principals(negated=False, entries=(Principal(EVERYONE, EVERYONE, ()),))
ANY_REQUEST = Statement(0, "", ALLOW, _ANY_PRINCIPAL, Patterns("Action", ("*",)), ANY_RESOURCE, ())
"""An Allow for every request, under which only a Deny denies."""


@lru_cache(maxsize=32)  # two rules diagnose the same topic, one after the other
def diagnose(case: TopicAnalysis, instance: Arn | None) -> tuple[Diagnosis, ...]:
    """Return the causes why no Allow applies to Connect for an instance; empty if one applies.

    ``instance`` is ``None`` for any instance.
    """
    named = [s for s in case.grants if names_connect(s)]
    failures = [_failure(case, statement, instance) for statement in named]
    if any(failure is None for failure in failures):
        return ()
    causes = [failure for failure in failures if failure is not None]
    if not causes:
        others = [_failure(case, s, instance) for s in case.grants]
        if any(other is None for other in others):
            return ()
        causes = [other for other in others if other is not None and other.cause is Cause.SOURCE_OWNER]
    return tuple(causes) or (Diagnosis(Cause.NO_GRANT),)


def _failure(case: TopicAnalysis, statement: Statement, instance: Arn | None) -> Diagnosis | None:
    """Return the cause why a statement for Connect does not apply; ``None`` if it applies or may apply."""
    if not _about_topic(case, statement):
        return Diagnosis(Cause.WRONG_RESOURCE, statement)
    if may_match(case, statement, instance):
        return None
    failing = tuple(failing_conditions(case, statement, instance))
    owners = tuple(c for c in failing if c.folded_key == SOURCE_OWNER)
    if owners:
        return Diagnosis(Cause.SOURCE_OWNER, statement, owners)
    if instance is None or not may_match(case, statement, None):
        return Diagnosis(Cause.UNMATCHABLE, statement, failing)
    return Diagnosis(Cause.OTHER_INSTANCE, statement, failing)


def _about_topic(case: TopicAnalysis, statement: Statement) -> bool:
    return case.covers(statement.resources) is not False


def may_match(case: TopicAnalysis, statement: Statement, instance: Arn | None) -> bool:
    """True unless the conditions of a statement exclude the instance, or every instance if it is ``None``."""
    if instance is None and statement in case.connect_grants:
        return True
    if instance is None and _about_topic(case, statement):
        return case.connect(statement).any_instance().truth is not False
    return _may_match_somewhere(case, statement, instance)


def _may_match_somewhere(case: TopicAnalysis, statement: Statement, instance: Arn | None) -> bool:
    """True unless the conditions exclude the instance, if the statement covered every resource."""
    policy = case.alone(statement._replace(resources=ANY_RESOURCE))
    if instance is None:
        return case.connect_under(policy).any_instance().truth is not False
    return one_request(policy, connect_space(case.target, instance)).truth is not False


def failing_conditions(
    case: TopicAnalysis, statement: Statement, instance: Arn | None
) -> Iterator[Condition]:
    """Yield the conditions that fail by themselves, for a statement that does not match."""
    conditions = known_conditions(statement)
    for condition in conditions:
        alone = statement._replace(conditions=(condition,))
        if len(conditions) == 1 or not _may_match_somewhere(case, alone, instance):
            yield condition


_SERVICE_KEYS = frozenset(
    (
        *SOURCE_KEYS,
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principalservicenameslist",
    )
)
"""Condition keys that only requests of AWS services have, or that are about them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""


def is_deliberate(deny: Statement) -> bool:
    """True if a Deny that applies to Connect was written for it, for services, or for everyone.

    It names Connect, or it has no condition but those that require a key of services. Other Denies apply to Connect
    because its request lacks a key that the author thought of, which is an accident.
    """
    principals = deny.principals
    if names_connect(deny):
        return True
    if isinstance(principals, Unknown) or principals.negated:
        return False
    return all(one.folded_key in _SERVICE_KEYS and _requires(one) for one in known_conditions(deny))


def _requires(condition: Condition) -> bool:
    operation = condition.operation
    return is_positive(condition) and not (isinstance(operation, Unknown) or operation.if_exists)
