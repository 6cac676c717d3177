"""The topic or the key that takes the place of another one, and the changes that make it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.fix.receipt import ENCRYPTION, KEY, NEW_KEY, NEW_TOPIC, SUBSCRIPTION, TOPIC, Change
from checker.fix.replacement import REPLACES, carried, carried_tags, mark
from checker.fix.subscribing import copied, why_not
from checker.live.policy_writing import compact
from checker.live.resource import Found, managers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.fix.subscribing import Subscribed
    from checker.live.calls import Calls


class Alias(NamedTuple):
    """The alias of a key that is to encrypt the topic, and whether there is such a key already."""

    arn: Arn
    there: bool


class Successor(NamedTuple):
    """What will be there: the topic, which is ``there`` already or created, with its key and its subscribers.

    ``old`` is what is replaced, with its subscriptions; ``known`` are those that the topic has already, by protocol
    and endpoint. ``alias`` is that of a key that takes the place of another one.
    """

    calls: Calls
    old: Found
    topic: Arn
    found: Found
    reasons: tuple[str, ...]
    there: bool = True
    subscribed: tuple[Subscribed, ...] = ()
    known: frozenset[tuple[str, str]] = frozenset()
    alias: Alias | None = None

    @property
    def replaced(self) -> Arn:
        """The topic that is replaced, or whose key is."""
        assert isinstance(self.old.topic.arn, Arn)  # noqa: S101 - it was asked for by its ARN
        return self.old.topic.arn

    @property
    def subscribers(self) -> tuple[Subscribed, ...]:
        """Every subscription that the topic can have of those of the old one, as it is to have it."""
        return tuple(copied(one, self.topic) for one in self.subscribed if not why_not(one, self.topic))

    def changes(self, texts: Mapping[str, str]) -> Iterator[Change]:
        """What is to be done, with these policies by ARN: the key first, then the topic, then who listens to it."""
        policies = {**self.found.texts(), **texts}
        key, topic = self.found.key, str(self.topic)
        name = str(key.arn) if key is not None else ""
        if self.alias is not None and not self.alias.there:
            yield Change(str(self.alias.arn), NEW_KEY, "", json.dumps(self._key(policies[name])))
        elif name in texts:
            yield Change(name, KEY, self.found.texts()[name], texts[name])
        if not self.there:
            yield Change(topic, NEW_TOPIC, "", json.dumps(self._topic(policies[topic])))
        else:
            if self.alias is not None:
                old = self.found.attributes.get("KmsMasterKeyId", "")
                yield Change(topic, ENCRYPTION, old, self.alias.arn.resource)
            if topic in texts:
                yield Change(topic, TOPIC, self.found.texts()[topic], texts[topic])
        for one in self.subscribers:
            if (one.protocol, one.endpoint) in self.known:
                continue
            made = {"Protocol": one.protocol, "Endpoint": one.endpoint, "Attributes": dict(one.attributes)}
            yield Change(topic, SUBSCRIPTION, "", json.dumps(made))

    def _key(self, policy: str) -> dict[str, object]:
        return {
            "Description": f"Amazon Connect chat streaming to {self.topic}",
            "Policy": compact(policy),
            "Tags": {REPLACES: mark(self.topic)},
        }

    def _topic(self, policy: str) -> dict[str, object]:
        key = self.found.topic.key
        encrypted = {"KmsMasterKeyId": key} if isinstance(key, str) else {}
        tags = self.old.tags or {}
        return {
            "Attributes": {**carried(self.old.attributes), **encrypted, "Policy": compact(policy)},
            "Tags": {**carried_tags(tags, frozenset(managers(tags))), REPLACES: mark(self.replaced)},
        }
