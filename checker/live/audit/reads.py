"""The topics of one unit that are read already: an audit that is gone on with reads none of them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.inventory import is_managed_key
from checker.policy.vocabulary import mentions_connect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.engine import Scope

Attributes = dict[str, str]
_OF_USE = (
    "TopicArn",
    "Policy",
    "KmsMasterKeyId",
    "FifoTopic",
    "SubscriptionsConfirmed",
    "SubscriptionsPending",
)


class Reads(NamedTuple):
    """What an earlier run read, by ARN, and what takes that which this one reads.

    ``None`` stands for a topic that only its tags or what streams to it could bring into scope; one with a key
    of the account's own is kept, as the key may.
    """

    known: Mapping[str, Attributes | None] = {}
    keep: Callable[[str, Attributes | None], None] = lambda *_: None

    def knows(self, arn: str) -> bool:
        """True for a topic of which everything is known."""
        return self.known.get(arn) is not None

    def passed(self, arn: str) -> bool:
        """True for a topic that was passed over."""
        return arn in self.known and self.known[arn] is None

    def add(self, arn: str, attributes: Attributes, scope: Scope) -> None:
        """Keep what was read of a topic, as far as it will be of use."""
        passed = is_passed_over(attributes.get("Policy"), scope) and not encrypted_with(attributes)
        self.keep(arn, None if passed else {name: attributes[name] for name in _OF_USE if name in attributes})


def is_passed_over(policy: str | None, scope: Scope) -> bool:
    """True for a policy that cannot name Connect, which most do not, and so need not be parsed."""
    asked_for = scope.all_topics or bool(scope.topics)
    return policy is not None and not asked_for and not mentions_connect(policy) and "\\" not in policy


def encrypted_with(attributes: Attributes | None) -> str:
    """The KmsMasterKeyId of a topic whose key is not managed by AWS; empty for any other topic."""
    key = (attributes or {}).get("KmsMasterKeyId", "")
    return "" if is_managed_key(key) else key
