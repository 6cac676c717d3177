"""Why Connect cannot publish to a topic, statement by statement.

Each cause belongs to one rule, so that one defect makes one finding.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.topic import names_connect
from checker.iam.prove.mention import known_conditions
from checker.iam.prove.prove import one_request
from checker.iam.prove.source_keys import SOURCE_OWNER
from checker.iam.prove.space import connect_space
from checker.policy.model import Condition, Patterns, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.arn import Arn


class Cause(Enum):
    """What stands between Connect and the topic."""

    NO_GRANT = "no statement lets connect.amazonaws.com publish"
    WRONG_RESOURCE = "a statement for Connect is about another resource"
    SOURCE_OWNER = "a statement for Connect asks for aws:SourceOwner"
    UNMATCHABLE = "the conditions of a statement for Connect match no instance at all"
    OTHER_INSTANCE = "the conditions of a statement for Connect match other instances"


class Diagnosis(NamedTuple):
    """One cause, with the statement and its failing conditions."""

    cause: Cause
    statement: Statement | None = None
    conditions: tuple[Condition, ...] = ()


ANY_RESOURCE = Patterns("Resource", ("*",))


@lru_cache(maxsize=32)  # two rules ask, one after the other
def diagnose(case: TopicAnalysis, instance: Arn | None) -> tuple[Diagnosis, ...]:
    """Say why no Allow reaches Connect for an instance, or for any if it is ``None``; empty if one does."""
    named = [s for s in case.grants if names_connect(s)]
    found = [_failure(case, statement, instance) for statement in named]
    if any(one is None for one in found):
        return ()
    causes = [one for one in found if one is not None]
    if not causes:
        others = [_failure(case, s, instance) for s in case.grants]
        if any(one is None for one in others):
            return ()
        causes = [one for one in others if one is not None and one.cause is Cause.SOURCE_OWNER]
    return tuple(causes) or (Diagnosis(Cause.NO_GRANT),)


def _failure(case: TopicAnalysis, statement: Statement, instance: Arn | None) -> Diagnosis | None:
    """Say why a statement for Connect does not apply; ``None`` if it does, or may."""
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
    """True unless the conditions of a statement rule the instance out, or every instance if it is ``None``."""
    if instance is None and statement in case.connect_grants:
        return True
    if instance is None and _about_topic(case, statement):
        return case.connect(statement).any_instance().truth is not False
    return _may_match_somewhere(case, statement, instance)


def _may_match_somewhere(case: TopicAnalysis, statement: Statement, instance: Arn | None) -> bool:
    """The same, whatever resource the statement is about."""
    policy = case.alone(statement._replace(resources=ANY_RESOURCE))
    if instance is None:
        return case.connect_under(policy).any_instance().truth is not False
    return one_request(policy, connect_space(case.target, instance)).truth is not False


def failing_conditions(
    case: TopicAnalysis, statement: Statement, instance: Arn | None
) -> Iterator[Condition]:
    """The conditions that fail by themselves, of a statement that does not match."""
    conditions = known_conditions(statement)
    for condition in conditions:
        alone = statement._replace(conditions=(condition,))
        if len(conditions) == 1 or not _may_match_somewhere(case, alone, instance):
            yield condition
