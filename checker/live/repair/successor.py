"""The topic or the key that takes the place of another one, and the changes that make it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn
from checker.fix.receipt import ENCRYPTION, KEY, NEW_KEY, NEW_TOPIC, SUBSCRIPTION, TOPIC, Change
from checker.fix.replacement import REPLACES, carried, carried_tags, mark
from checker.fix.subscribing import copied, why_not
from checker.live.repair.policy_writing import compact
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
        yield from self._key_changes(texts)
        yield from self._topic_changes(texts)
        for one in self.subscribers:
            if (one.protocol, one.endpoint) not in self.known:
                made = {
                    "Protocol": one.protocol,
                    "Endpoint": one.endpoint,
                    "Attributes": dict(one.attributes),
                }
                yield Change(str(self.topic), SUBSCRIPTION, "", json.dumps(made))

    def _key_changes(self, texts: Mapping[str, str]) -> Iterator[Change]:
        name = str(self.found.key.arn) if self.found.key is not None else ""
        now = self.found.texts()
        if self.alias is not None and not self.alias.there:
            yield Change(str(self.alias.arn), NEW_KEY, "", json.dumps(self._key({**now, **texts}[name])))
        elif name in texts:
            yield Change(name, KEY, now[name], texts[name])

    def _topic_changes(self, texts: Mapping[str, str]) -> Iterator[Change]:
        """A topic that is there opens nothing that its key would still refuse: its policy comes last."""
        name, now = str(self.topic), self.found.texts()
        if not self.there:
            yield Change(name, NEW_TOPIC, "", json.dumps(self._topic({**now, **texts}[name])))
            return
        if self.alias is not None:
            old = self.found.attributes.get("KmsMasterKeyId", "")
            yield Change(name, ENCRYPTION, old, self.alias.arn.resource)
        if name in texts:
            yield Change(name, TOPIC, now[name], texts[name])

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
