"""The Connect instances and accounts that a topic's policy names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn, is_account
from checker.iam.identity import SOURCE_ACCOUNT, SOURCE_ARN, instance_named
from checker.inventory import PolicyText
from checker.policy.model import Condition
from checker.policy.placeholder import masked
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inventory import Topic
    from checker.policy.model import Statement


class Named(NamedTuple):
    """The instances that any condition names, and the accounts that the statements for Connect name."""

    instances: tuple[Arn, ...] = ()
    accounts: tuple[str, ...] = ()


def named_by(topic: Topic) -> Named:
    """Read them from the topic's policy; a wildcard in place of the Region is read as the topic's."""
    if not isinstance(topic.policy, PolicyText):
        return Named()
    region = topic.arn.region if isinstance(topic.arn, Arn) else None
    statements = masked(topic.policy.policy).known_statements()
    found = (instance_named(value, region) for value in condition_values(statements, SOURCE_ARN))
    instances = tuple(dict.fromkeys(arn for arn in found if arn is not None))
    ours = [one for one in statements if one.names_service(CONNECT)]
    return Named(instances, tuple(dict.fromkeys(_accounts(ours))))


def _accounts(statements: Iterable[Statement]) -> Iterator[str]:
    statements = tuple(statements)
    arns = map(Arn.parse, condition_values(statements, SOURCE_ARN))
    named = (arn.account for arn in arns if arn is not None and arn.service == "connect")
    yield from filter(is_account, (*condition_values(statements, SOURCE_ACCOUNT), *named))


def condition_values(statements: Iterable[Statement], key: str) -> Iterator[str]:
    """The values that statements compare a key with."""
    for statement in statements:
        for condition in statement.conditions:
            if isinstance(condition, Condition) and condition.folded_key == key:
                yield from (value for value in condition.values if isinstance(value, str))
