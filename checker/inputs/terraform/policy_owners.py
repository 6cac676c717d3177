"""Assigns policies to their owners, including policies that are read back and owners that are not declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Key, Setting, TopicSettings
from checker.core.arn import Arn, topic_arn
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import is_fifo
from checker.inputs.declared import DeclaredKey, DeclaredTopic

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.analysis.inventory import Topic
    from checker.inputs.declared import Declarations, DeclaredPolicy
    from checker.policy.model import Value


def names_of(names: Iterable[str], arn: Arn | Unknown) -> set[str]:
    """Return all names of a resource."""
    return {*names} if isinstance(arn, Unknown) else {*names, str(arn)}


def name_of(owner: Value) -> str:
    """Return the name of an owner: its ARN, or its symbol."""
    return owner.where if isinstance(owner, Unknown) else owner


class Owners:
    """Policies by the resources that they belong to."""

    def __init__(self, policies: Sequence[DeclaredPolicy]) -> None:
        self.by_name: dict[str, list[DeclaredPolicy]] = {}
        for policy in policies:
            for owner in policy.owners:
                self.by_name.setdefault(name_of(owner), []).append(policy)

    def of(self, names: Iterable[str], arn: Arn | Unknown) -> list[DeclaredPolicy]:
        """Return the policies that belong to one resource."""
        return [policy for name in sorted(names_of(names, arn)) for policy in self.by_name.get(name, ())]


_ELSEWHERE = "declared elsewhere"


def mark_unknown_policies(declared: Declarations, topic: Unknown | None, key: Unknown | None) -> None:
    """Mark missing policies as unknown if a policy has an unknown owner."""
    if topic is not None:
        topics = Owners(declared.topic_policies)
        declared.topics[:] = (
            one._replace(policy=topic) if one.policy is None and not topics.of(one.names, one.arn) else one
            for one in declared.topics
        )
    if key is not None:
        keys = Owners(declared.key_policies)
        declared.keys[:] = (
            one._replace(policy=key) if one.policy is None and not keys.of(one.names, one.arn) else one
            for one in declared.keys
        )


def declare_missing_owners(declared: Declarations) -> None:
    """Declare topics and keys that only a policy here mentions, so that the policy is checked."""
    topics = {name for one in declared.topics for name in names_of(one.names, one.arn)}
    for owner, policy in _without_owner(declared.topic_policies, topics).items():
        declared.topics.append(_topic(owner, policy))
    keys = {name for one in declared.keys for name in names_of(one.names, one.arn)}
    for owner, policy in _without_owner(declared.key_policies, keys).items():
        declared.keys.append(_key(owner, policy))


def _without_owner(policies: list[DeclaredPolicy], known: set[str]) -> dict[Value, DeclaredPolicy]:
    """Map undeclared owners to the first policy that names them."""
    found: dict[Value, DeclaredPolicy] = {}
    for policy in policies:
        for owner in policy.owners:
            if name_of(owner) not in known:
                found.setdefault(owner, policy)
    return found


def _topic(owner: Value, policy: DeclaredPolicy) -> DeclaredTopic:
    arn = owner if isinstance(owner, Unknown) else topic_arn(owner) or Unknown("not a topic ARN", owner)
    name = name_of(owner)
    settings = TopicSettings(Setting(is_fifo(arn)), Setting(Unknown(f"the topic is {_ELSEWHERE}", name)))
    return DeclaredTopic(policy.address, (name,), policy.place, arn, settings)


def is_declared_elsewhere(resource: Topic | Key) -> bool:
    """True for a topic or key that the code only refers to, in a policy for it."""
    fact = resource.state if isinstance(resource, Key) else resource.key
    return isinstance(fact, Unknown) and fact.reason.endswith(_ELSEWHERE)


def _key(owner: Value, policy: DeclaredPolicy) -> DeclaredKey:
    known = Arn.parse(owner) if isinstance(owner, str) else None
    name = name_of(owner)
    unknown = Unknown(f"the key is {_ELSEWHERE}", name)
    arn = owner if isinstance(owner, Unknown) else known or unknown
    return DeclaredKey(policy.address, (name,), policy.place, arn, None, unknown, unknown, unknown)
