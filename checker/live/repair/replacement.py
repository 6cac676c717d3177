"""Find or plan the replacement of a topic or key that cannot be fixed in place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import PolicyText
from checker.core.arn import Arn
from checker.core.errors import AwsError
from checker.core.unknown import Unknown
from checker.fix.live.copied_parts import (
    Remark,
    copied,
    copied_attributes,
    copied_tags,
    lost_attributes,
    lost_parts,
    lost_tags,
    why_not,
)
from checker.fix.live.receipt import (
    ENCRYPTION,
    KEY,
    NEW_KEY,
    NEW_TOPIC,
    REPLACES,
    SUBSCRIPTION,
    TOPIC,
    Change,
)
from checker.fix.live.replacement import (
    Replacement,
    Step,
    alias_names,
    key_reasons,
    mark,
    to_new_encryption,
    to_new_key,
    to_new_topic,
    topic_names,
    topic_reasons,
)
from checker.live.aws.access import Unit
from checker.live.aws.keys import Keys
from checker.live.aws.lookup import check_account
from checker.live.aws.topic import Found, managers, read_topic
from checker.live.repair import new_key, new_topic
from checker.live.repair.new_topic import subscriptions_of
from checker.live.repair.policy_writing import compact
from checker.live.repair.preview import preview_key, preview_topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.fix.live.copied_parts import Subscribed
    from checker.live.aws.calls import Calls
    from checker.live.repair.preview import Wanted


class Alias(NamedTuple):
    """The alias of the key that will encrypt the topic, and whether it exists."""

    arn: Arn
    there: bool


class ReplacementPlan(NamedTuple):
    """The future state: the topic, which exists if ``there`` is True, with its key and its subscribers.

    ``old`` is the replaced topic, with its subscriptions. ``known`` are subscriptions that the new topic has already,
    by protocol and endpoint. ``alias`` is that of a key that replaces another one.
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
        """Return the topic that is replaced, or whose key is replaced."""
        assert isinstance(self.old.topic.arn, Arn)  # noqa: S101 - the topic was read by its ARN
        return self.old.topic.arn

    @property
    def subscribers(self) -> tuple[Subscribed, ...]:
        """Return the old topic's subscriptions that the new topic can have, in the form to create."""
        return tuple(copied(one, self.topic) for one in self.subscribed if not why_not(one, self.topic))

    def changes(self, texts: Mapping[str, str]) -> Iterator[Change]:
        """Yield the changes with these policies, by ARN: first the key, then the topic, then the subscriptions."""
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
        """Yield the changes of the topic. The policy comes last, so that it never allows more than the key."""
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
            "Attributes": {**copied_attributes(self.old.attributes), **encrypted, "Policy": compact(policy)},
            "Tags": {**copied_tags(tags, frozenset(managers(tags))), REPLACES: mark(self.replaced)},
        }


def plan_replacement(calls: Calls, wanted: Wanted, found: Found) -> ReplacementPlan | None:
    """Return the replacement that a topic or its key needs. None if it needs none. Raises CheckerError."""
    region = wanted.region
    reasons = tuple(topic_reasons(found.topic, region))
    made = ReplacementPlan(calls, found, wanted.topic, found, reasons)
    if not reasons and not list(key_reasons(found.topic, found.key, region)):
        return None
    check_account(calls, wanted.topic)
    if reasons:
        made = _with_new_topic(made, wanted)
    # The old key stays in use while the new topic does not exist yet.
    then = made.found if made.there else found
    keys = tuple(key_reasons(then.topic, then.key, region))
    return _with_new_key(made, wanted, keys) if keys else made


def _with_new_topic(made: ReplacementPlan, wanted: Wanted) -> ReplacementPlan:
    """Find the topic that replaces the old one, or plan it."""
    old = made.old
    if old.tags is None:
        raise AwsError(str(wanted.topic), "its tags could not be read, but must be copied")
    calls = made.calls.elsewhere(Unit(wanted.topic.account, wanted.region))
    names = topic_names(wanted.topic, wanted.region)
    arn, there = new_topic.place_for(calls, names, mark(wanted.topic))
    found = read_topic(calls, arn) if there else Found(preview_topic(old, arn, wanted), old.key)
    known = subscriptions_of(calls, str(arn)) if there else ()
    return made._replace(
        calls=calls,
        topic=arn,
        there=there,
        found=found._replace(managed=tuple(dict.fromkeys((*old.managed, *found.managed)))),
        subscribed=tuple(subscriptions_of(made.calls, str(wanted.topic))),
        known=frozenset((one.protocol, one.endpoint) for one in known),
    )


def _with_new_key(made: ReplacementPlan, wanted: Wanted, reasons: tuple[str, ...]) -> ReplacementPlan:
    """Find the key that replaces the old one, or plan it."""
    alias = Alias(*new_key.place_for(made.calls, alias_names(made.topic), mark(made.topic)))
    name = alias.arn.resource
    key = (
        Keys(made.calls).key_of(made.topic, name)
        if alias.there
        else preview_key(alias.arn, wanted, made.topic)
    )
    found = made.found._replace(topic=made.found.topic.with_key(name), key=key)
    return made._replace(found=found, alias=alias, reasons=(*made.reasons, *reasons))


def replacement(made: ReplacementPlan, changes: tuple[Change, ...]) -> Replacement:
    """Return the replacement as reports show it."""
    return Replacement(
        str(made.replaced),
        str(made.topic),
        made.reasons,
        tuple(map(Step, changes)),
        tuple(_left_out(made)),
        tuple(_switch(made)),
    )


def _left_out(made: ReplacementPlan) -> Iterator[Remark]:
    old, new = made.replaced, made.topic
    if made.alias is not None and made.old.key is not None and made.old.key.manager != "AWS":
        reason = "the new key allows only its account and Connect"
        yield Remark(f"policy of the key `{made.old.topic.key}`", reason)
    if old == new:
        return
    yield from lost_attributes(made.old.attributes)
    yield from lost_tags(made.old.tags or {}, frozenset(managers(made.old.tags or {})))
    if made.old.topic.settings.fifo.value is not True:
        command = f"aws sns get-data-protection-policy --region {old.region} --resource-arn {old}"
        yield Remark("data protection policy", f"not checked; to see whether there is one, run: {command}")
    if not isinstance(made.old.topic.policy, PolicyText):
        yield Remark(
            "policy", "it could not be read, so the new topic only gets the policy that AWS documents"
        )
    for one in made.subscribed:
        reason = why_not(one, new)
        yield from [Remark(one.name, reason)] if reason else lost_parts(one, new)


def _switch(made: ReplacementPlan) -> Iterator[str]:
    moved = made.topic != made.replaced
    if moved:
        yield from to_new_topic(made.replaced, made.topic, made.subscribers)
    if made.alias is not None:
        policy, alias = made.found.topic.policy, made.alias.arn
        yield from to_new_key(made.topic, alias, None if isinstance(policy, Unknown) else policy.policy)
        if not moved:
            yield to_new_encryption(made.topic, alias)
