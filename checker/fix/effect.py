"""The access that a change of a policy gives and takes, in every deployment of the code that contains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.access_diff import Difference, difference, joined_differences
from checker.analysis.callers import CallerGroup
from checker.analysis.inventory import PolicyText
from checker.analysis.key import KeyAnalysis
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.fix.renaming import local_name
from checker.iam.prove.space import TOPIC_CONTEXT
from checker.lint.fixes.grants import serves_more
from checker.lint.fixes.statement import is_for_connect_alone
from checker.policy.model import ALLOW, Condition, Patterns, Statement
from checker.policy.wildcard import example_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.access_diff import Access
    from checker.analysis.deployments import Deployment
    from checker.analysis.topic import TopicAnalysis
    from checker.iam.prove.domain import Budget
    from checker.iam.prove.space import Target
    from checker.policy.model import Policy, Value


PUBLISHING = "publishing"
"""Caller group: Connect while it publishes to a topic, for any instance that the topic policy allows."""

_PLACEHOLDER_KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000"


def key_effect(case: KeyAnalysis, old: Policy, new: Policy, whole: Budget | None = None) -> Difference:
    """Compare two policies of a key over all requests.

    A statement that limits Connect to messages for the key's own topics cannot allow more, whatever else the policy
    says. The comparison without that statement therefore shows all other gains.
    """
    limited = [
        statement
        for statement in new.statements
        if statement not in old.statements and _is_limited(case, statement)
    ]
    kept = [statement for statement in new.statements if statement not in limited]
    target = _target(case)
    beyond = difference(old, new._replace(statements=tuple(kept)), target, case.instances, whole)
    if not limited:
        return beyond
    gained = difference(new._replace(statements=tuple(kept)), new, target, case.instances, whole)
    change = difference(old, new, target, case.instances, whole)
    publishing = tuple(_as_publishing(case, access) for access in gained.gained[:1] if change.gained)
    doubts = tuple(dict.fromkeys((*beyond.doubts, *gained.doubts, *change.doubts)))
    return Difference((*beyond.gained, *publishing), change.lost, doubts)


def _target(case: KeyAnalysis) -> Target:
    """Return the key as target. A key without a known ARN gets a placeholder, since its policy names `*`."""
    known = isinstance(case.key.arn, Arn)
    return case.target if known else case.target._replace(resource=_PLACEHOLDER_KEY)


def _is_limited(case: KeyAnalysis, statement: Statement | Unknown) -> bool:
    """Return True for an Allow for Connect only, limited to key use with its topics as encryption context."""
    if isinstance(statement, Unknown) or statement.effect != ALLOW or not is_for_connect_alone(statement):
        return False
    topics = {str(topic.arn) if isinstance(topic.arn, Arn) else topic.symbol for topic in case.topics} - {""}
    return not serves_more(statement) and any(_names(condition, topics) for condition in statement.conditions)


def _names(condition: Condition | Unknown, topics: set[str]) -> bool:
    """Return True for a condition that requires one of these topics as encryption context."""
    if isinstance(condition, Unknown) or isinstance(condition.operation, Unknown):
        return False
    operation = condition.operation
    exact = operation.base == "StringEquals" and not operation.if_exists and not operation.qualifier
    return exact and condition.folded_key == TOPIC_CONTEXT and bool(topics) and topics >= {*condition.values}


def _as_publishing(case: KeyAnalysis, access: Access) -> Access:
    topics = ", ".join(topic.name for topic in case.topics)
    party = CallerGroup(PUBLISHING, f"Connect (only for messages to {topics})")
    return access._replace(party=party, partly=False)


def filled(policy: Policy, deployment: Deployment, case: TopicAnalysis | KeyAnalysis) -> Policy:
    """Replace the references in a policy by their values in a deployment."""
    values = {reference: value for value, reference in deployment.references.items() if reference}
    values |= {written: arn.split(":")[4] for arn, written in deployment.accounts.items()}
    values |= {local_name(reference): value for reference, value in values.items()}
    for topic in case.topics if isinstance(case, KeyAnalysis) else ():
        if topic.symbol and isinstance(topic.arn, Arn):
            values |= dict.fromkeys((topic.symbol, local_name(topic.symbol)), str(topic.arn))

    def replace(_: str, value: Value) -> Value:
        return values.get(value, value) if isinstance(value, str) else deployment.fill(value)

    return policy.with_values(replace)


def default_effect(case: TopicAnalysis | KeyAnalysis, old: Policy, new: Policy) -> Difference:
    """Return the access gained and lost in the default deployment, with the references of the code."""
    deployment = case.deployments.default
    first = case.in_deployments[0]
    difference = effect(first, filled(old, deployment, first), filled(new, deployment, first))
    gained, lost = (
        tuple(_reworded(access, deployment) for access in side)
        for side in (difference.gained, difference.lost)
    )
    return difference._replace(gained=gained, lost=lost)


def _reworded(access: Access, deployment: Deployment) -> Access:
    party = access.party
    return access._replace(party=party._replace(label=deployment.reworded(party.label)))


def effect(
    case: TopicAnalysis | KeyAnalysis, old: Policy, new: Policy, whole: Budget | None = None
) -> Difference:
    """Return the access gained and lost when the policy of a topic or key changes."""
    if isinstance(case, KeyAnalysis):
        return key_effect(case, old, new, whole)
    targets = _targets(case, old, new)
    differences = [difference(old, new, target, case.instances, whole) for target in targets]
    return differences[0] if len(differences) == 1 else joined_differences(differences)


def _targets(case: TopicAnalysis, old: Policy, new: Policy) -> tuple[Target, ...]:
    """Return every topic that the policy may be attached to.

    A policy in a separate file may belong to any topic that it names, before or after the change, or to one that it
    does not name.
    """
    in_a_file_of_its_own = (
        isinstance(case.text, PolicyText) and case.text.document is case.topic.place.document
    )
    if case.topic.symbol:
        # The policy may name the topic by a pattern before the change, and by reference after it.
        names = dict.fromkeys((case.target.resource, case.topic.symbol))
        return tuple(case.target._replace(resource=name) for name in names)
    if isinstance(case.topic.arn, Arn) and not in_a_file_of_its_own:
        return (case.target,)
    named = dict.fromkeys((case.target.resource, *_topics_named(old), *_topics_named(new), _OTHER_TOPIC))
    return tuple(case.target._replace(resource=name) for name in named)


def _topics_named(policy: Policy) -> Iterator[str]:
    for statement in policy.known_statements():
        for value in statement.resources.values if isinstance(statement.resources, Patterns) else ():
            if isinstance(value, str) and value != "*" and "${" not in value:
                yield example_of(value)


_OTHER_TOPIC = "arn:aws:sns:us-east-1:000000000000:another-topic"
