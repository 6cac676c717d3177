"""What a policy still lacks before Connect can publish: the instances for which no statement is there yet.

Denies are left out: no statement that is added can outweigh one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance, Inventory
from checker.analysis.topic import TopicCase, names_connect
from checker.core.unknown import Truth, all_of
from checker.iam.prove import prove
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.iam.prove.space import DATA_KEY, DECRYPT, Target, key_space
from checker.policy.model import ALLOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.inventory import Topic
    from checker.core.arn import Arn
    from checker.policy.model import Policy, Statement


def not_yet_allowed(topic: Topic, instances: Sequence[Arn]) -> tuple[Arn, ...]:
    """The instances for which no statement for Connect lets it publish, or only one that lets others in, too."""
    case = TopicCase(topic, Inventory((topic,), instances=tuple(map(Instance, instances))))
    named = [statement for statement in case.grants if names_connect(statement)]
    return tuple(arn for arn in instances if not any(_is_for(case, one, arn) for one in named))


def _is_for(case: TopicCase, statement: Statement, instance: Arn) -> bool:
    """True for a statement that allows an instance, and beside it none but those that somebody named."""
    alone = case.policy._replace(
        statements=(statement,)
    )  # a placeholder lets nobody in until it is filled in
    return (
        prove.can_publish(alone, case.target, instance).truth is True
        and case.deputy_of(statement).truth is False
        and case.siblings_of(statement).truth is False
    )


def not_yet_using(
    policy: Policy, key: Arn, topic: Arn, instances: Sequence[Arn], *, pinned: bool
) -> tuple[Arn, ...]:
    """The instances for which no statement of a key policy lets Connect use the key.

    ``pinned``: a condition on the instance will do, as if Connect passed the instance on to KMS.
    """
    named = (one for one in policy.known_statements() if one.effect == ALLOW and names_connect(one))
    allows = policy._replace(statements=tuple(named))
    return tuple(one for one in instances if can_use(allows, key, topic, one if pinned else None) is not True)


def can_use(policy: Policy, key: Arn, topic: Arn, instance: Arn | None = None) -> Truth:
    """Whether a key policy lets Connect use the key; with an instance, as if Connect passed that on to KMS."""
    source = {SOURCE_ARN: str(instance), SOURCE_ACCOUNT: instance.account} if instance else {}
    spaces = (key_space(Target.of(key), action, str(topic)) for action in (DATA_KEY, DECRYPT))
    known = (space._replace(fixed={**space.fixed, **source}) for space in spaces)
    return all_of(prove.one_request(policy, space).truth for space in known)
