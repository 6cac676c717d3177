"""Find or plan the replacement of a topic or key that cannot be fixed in place.

A planned topic or key is previewed as facts, so that rules can check it before it is created.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.analysis.documented import (
    key_condition,
    key_statement,
    policy_of,
    root_statement,
    topic_statements,
)
from checker.analysis.inventory import Key, Place, PolicyText
from checker.core.arn import Arn
from checker.core.errors import AwsError, InputError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.fix.live.copied_parts import (
    PartNotCopied,
    copied,
    copied_attributes,
    copied_tags,
    lost_attributes,
    lost_parts,
    lost_tags,
    replace_arn,
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
from checker.live.aws.facts import document_of, topic_of
from checker.live.aws.facts import policy_of as read_policy
from checker.live.aws.keys import Keys
from checker.live.aws.lookup import check_account
from checker.live.aws.topic import TopicState, managers, read_topic
from checker.live.repair import new_key, new_topic
from checker.live.repair.change_handler import compact
from checker.live.repair.new_topic import subscriptions_of
from checker.policy import vocabulary
from checker.policy.text_json import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.analysis.documented import KeyCondition
    from checker.analysis.inventory import Topic
    from checker.fix.live.copied_parts import Subscribed
    from checker.live.aws.calls import Calls


class ReplacementRequest(NamedTuple):
    """The topic, the instances that stream to it, and the condition for the key grant."""

    topic: Arn
    instances: tuple[Arn, ...]
    kms_condition: KeyCondition | None = None

    @property
    def region(self) -> str:
        """Return the Region that the topic must be in. Raises InputError."""
        regions = {arn.region for arn in self.instances}
        if len(regions) != 1:
            what = "the instances are in several Regions" if regions else "no instance is named"
            help_text = "name the instances of one Region: the topic must be in the same Region"
            raise InputError(
                "--instance-arn", f"{what}, so the topic's Region is not known", help_text=help_text
            )
        for arn in self.instances:
            if arn.partition != self.topic.partition:
                reason = f"`{arn}` is in partition {arn.partition}, the topic in {self.topic.partition}"
                raise InputError("--instance-arn", reason)
        return regions.pop()


def preview_topic(old: TopicState, arn: Arn, request: ReplacementRequest) -> Topic:
    """Return the future topic with the policy of the old one, or with the documented policy if that is unknown."""
    text = old.texts().get(str(request.topic))
    policy = (
        json_text(policy_of(topic_statements(str(arn), request.instances)))
        if text is None
        else replace_arn(text, request.topic, arn)
    )
    key = {"KmsMasterKeyId": old.topic.key} if isinstance(old.topic.key, str) else {}
    return topic_of(
        str(arn), {**copied_attributes(old.attributes), **key, "TopicArn": str(arn), "Policy": policy}
    )


def preview_key(alias: Arn, request: ReplacementRequest, topic: Arn) -> Key:
    """Return the future key, enabled and with the documented policy. KMS will assign its ID."""
    arn = alias._replace(resource="key/to-be-created")
    condition = key_condition(request.kms_condition, [str(topic)], request.instances)
    statements = [root_statement(arn.partition, arn.account), key_statement(condition=condition)]
    policy = read_policy(str(arn), json_text(policy_of(statements)), vocabulary.KEY)
    place = Place(document_of(str(arn), {"Arn": str(arn)}), ("KeyMetadata",))
    return Key(
        arn,
        place,
        policy,
        state="Enabled",
        manager="CUSTOMER",
        spec="SYMMETRIC_DEFAULT",
        usage="ENCRYPT_DECRYPT",
        grants=(),
        aliases=(alias.resource,),
    )


class Alias(NamedTuple):
    """The alias of the key that will encrypt the topic, and whether it exists."""

    arn: Arn
    exists: bool


class ReplacementPlan(NamedTuple):
    """The future state: the topic, which exists if ``exists`` is True, with its key and its subscribers.

    ``old`` is the replaced topic, with its subscriptions. ``known`` are subscriptions that the new topic has already,
    by protocol and endpoint. ``alias`` is that of a key that replaces another one.
    """

    calls: Calls
    old: TopicState
    topic: Arn
    state: TopicState
    reasons: tuple[str, ...]
    exists: bool = True
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
        return tuple(
            copied(subscription, self.topic)
            for subscription in self.subscribed
            if not why_not(subscription, self.topic)
        )

    def changes(self, texts: Mapping[str, str]) -> Iterator[Change]:
        """Yield the changes with these policies, by ARN: first the key, then the topic, then the subscriptions."""
        yield from self._key_changes(texts)
        yield from self._topic_changes(texts)
        for subscription in self.subscribers:
            if (subscription.protocol, subscription.endpoint) not in self.known:
                specification = {
                    "Protocol": subscription.protocol,
                    "Endpoint": subscription.endpoint,
                    "Attributes": dict(subscription.attributes),
                }
                yield Change(str(self.topic), SUBSCRIPTION, "", json.dumps(specification))

    def _key_changes(self, texts: Mapping[str, str]) -> Iterator[Change]:
        name = str(self.state.key.arn) if self.state.key is not None else ""
        current = self.state.texts()
        if self.alias is not None and not self.alias.exists:
            yield Change(str(self.alias.arn), NEW_KEY, "", json.dumps(self._key({**current, **texts}[name])))
        elif name in texts:
            yield Change(name, KEY, current[name], texts[name])

    def _topic_changes(self, texts: Mapping[str, str]) -> Iterator[Change]:
        """Yield the changes of the topic. The policy comes last, so that it never allows more than the key."""
        name, current = str(self.topic), self.state.texts()
        if not self.exists:
            yield Change(name, NEW_TOPIC, "", json.dumps(self._topic({**current, **texts}[name])))
            return
        if self.alias is not None:
            old = self.state.attributes.get("KmsMasterKeyId", "")
            yield Change(name, ENCRYPTION, old, self.alias.arn.resource)
        if name in texts:
            yield Change(name, TOPIC, current[name], texts[name])

    def _key(self, policy: str) -> dict[str, object]:
        return {
            "Description": f"Amazon Connect chat streaming to {self.topic}",
            "Policy": compact(policy),
            "Tags": {REPLACES: mark(self.topic)},
        }

    def _topic(self, policy: str) -> dict[str, object]:
        key = self.state.topic.key
        encrypted = {"KmsMasterKeyId": key} if isinstance(key, str) else {}
        tags = self.old.tags or {}
        return {
            "Attributes": {**copied_attributes(self.old.attributes), **encrypted, "Policy": compact(policy)},
            "Tags": {**copied_tags(tags, frozenset(managers(tags))), REPLACES: mark(self.replaced)},
        }


def plan_replacement(calls: Calls, request: ReplacementRequest, state: TopicState) -> ReplacementPlan | None:
    """Return the replacement that a topic or its key needs. None if it needs none. Raises CheckerError."""
    region = request.region
    reasons = tuple(topic_reasons(state.topic, region))
    planned = ReplacementPlan(calls, state, request.topic, state, reasons)
    if not reasons and not list(key_reasons(state.topic, state.key, region)):
        return None
    check_account(calls, request.topic)
    if reasons:
        planned = _with_new_topic(planned, request)
    # The old key stays in use while the new topic does not exist yet.
    current = planned.state if planned.exists else state
    keys = tuple(key_reasons(current.topic, current.key, region))
    return _with_new_key(planned, request, keys) if keys else planned


def _with_new_topic(planned: ReplacementPlan, request: ReplacementRequest) -> ReplacementPlan:
    """Find the topic that replaces the old one, or plan it."""
    old = planned.old
    if old.tags is None:
        raise AwsError(str(request.topic), "its tags could not be read, but must be copied")
    calls = planned.calls.elsewhere(planned.calls.unit._replace(region=request.region))
    names = topic_names(request.topic, request.region)
    arn, exists = new_topic.place_for(calls, names, mark(request.topic))
    state = read_topic(calls, arn) if exists else TopicState(preview_topic(old, arn, request), old.key)
    subscriptions = subscriptions_of(calls, str(arn)) if exists else ()
    return planned._replace(
        calls=calls,
        topic=arn,
        exists=exists,
        state=state._replace(managed=tuple(dict.fromkeys((*old.managed, *state.managed)))),
        subscribed=tuple(subscriptions_of(planned.calls, str(request.topic))),
        known=frozenset((subscription.protocol, subscription.endpoint) for subscription in subscriptions),
    )


def _with_new_key(
    planned: ReplacementPlan, request: ReplacementRequest, reasons: tuple[str, ...]
) -> ReplacementPlan:
    """Find the key that replaces the old one, or plan it."""
    alias = Alias(*new_key.place_for(planned.calls, alias_names(planned.topic), mark(planned.topic)))
    name = alias.arn.resource
    key = (
        Keys(planned.calls).key_of(planned.topic, name)
        if alias.exists
        else preview_key(alias.arn, request, planned.topic)
    )
    state = planned.state._replace(topic=planned.state.topic.with_key(name), key=key)
    return planned._replace(state=state, alias=alias, reasons=(*planned.reasons, *reasons))


def replacement(planned: ReplacementPlan, changes: tuple[Change, ...]) -> Replacement:
    """Return the replacement as reports show it."""
    return Replacement(
        str(planned.replaced),
        str(planned.topic),
        planned.reasons,
        tuple(map(Step, changes)),
        tuple(_left_out(planned)),
        tuple(_switch(planned)),
    )


def _left_out(planned: ReplacementPlan) -> Iterator[PartNotCopied]:
    old, new = planned.replaced, planned.topic
    if planned.alias is not None and planned.old.key is not None and planned.old.key.manager != "AWS":
        reason = "the new key allows only its account and Connect"
        yield PartNotCopied(f"policy of the key `{planned.old.topic.key}`", reason)
    if old == new:
        return
    yield from lost_attributes(planned.old.attributes)
    yield from lost_tags(planned.old.tags or {}, frozenset(managers(planned.old.tags or {})))
    if planned.old.topic.settings.fifo.value is not True:
        command = f"aws sns get-data-protection-policy --region {old.region} --resource-arn {old}"
        yield PartNotCopied(
            "data protection policy", f"not checked; to see whether there is one, run: {command}"
        )
    if not isinstance(planned.old.topic.policy, PolicyText):
        yield PartNotCopied(
            "policy", "it could not be read, so the new topic only gets the policy that AWS documents"
        )
    for subscription in planned.subscribed:
        reason = why_not(subscription, new)
        yield from [PartNotCopied(subscription.name, reason)] if reason else lost_parts(subscription, new)


def _switch(planned: ReplacementPlan) -> Iterator[str]:
    moved = planned.topic != planned.replaced
    if moved:
        yield from to_new_topic(planned.replaced, planned.topic, planned.subscribers)
    if planned.alias is not None:
        policy, alias = planned.state.topic.policy, planned.alias.arn
        yield from to_new_key(planned.topic, alias, None if isinstance(policy, Unknown) else policy.policy)
        if not moved:
            yield to_new_encryption(planned.topic, alias)
