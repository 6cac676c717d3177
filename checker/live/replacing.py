"""Plans what takes the place of a topic or a key that cannot be mended where it is; what is there already is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.documented import key_statement, pins, policy_of, root_statement, topic_statements
from checker.fix.replacement import (
    Remark,
    Replacement,
    Step,
    alias_names,
    carried,
    key_reasons,
    lost_attributes,
    lost_tags,
    mark,
    readdressed,
    topic_names,
    topic_reasons,
)
from checker.fix.subscribing import lost_parts, why_not
from checker.fix.switching import to_new_encryption, to_new_key, to_new_topic
from checker.inputs.text import InputError
from checker.inventory import Key, Place, PolicyText
from checker.live import new_key, new_topic
from checker.live.access import Unit
from checker.live.document import document_of
from checker.live.facts import policy_of as read_policy
from checker.live.facts import topic_of
from checker.live.keys import Keys
from checker.live.resource import Found, managers, read_topic
from checker.live.subscribing import subscriptions_of
from checker.live.successor import Alias, Successor
from checker.policy import dialect
from checker.policy.plain import json_text
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.arn import Arn
    from checker.fix.receipt import Change
    from checker.inventory import Topic
    from checker.live.calls import Calls


class Wanted(NamedTuple):
    """The topic that is asked about, the instances that stream to it, and whether their key is bound to them."""

    topic: Arn
    instances: tuple[Arn, ...]
    kms_condition: bool = False

    @property
    def region(self) -> str:
        """Where the topic has to be. Raises InputError."""
        regions = {one.region for one in self.instances}
        if len(regions) != 1:
            what = "instances of several Regions" if regions else "no instance"
            help_text = "name the instance, or those of one Region: their topic has to be there"
            raise InputError("--instance-arn", f"{what}: it is not known where to", help_text=help_text)
        for one in self.instances:
            if one.partition != self.topic.partition:
                reason = f"`{one}` is in partition {one.partition}, the topic in {self.topic.partition}"
                raise InputError("--instance-arn", reason)
        return regions.pop()


def successor(calls: Calls, wanted: Wanted, found: Found) -> Successor | None:
    """Say what has to take the place of a topic or its key; ``None`` if nothing has to. Raises InputError."""
    region = wanted.region
    reasons = tuple(topic_reasons(found.topic, region))
    made = Successor(calls, found, wanted.topic, found, reasons)
    if not reasons and not list(key_reasons(found.topic, found.key, region)):
        return None
    _check_account(calls, wanted.topic)
    if reasons:
        made = _moved(made, wanted)
    # While the topic is not there yet, the old one's key is the one that it would have.
    then = made.found if made.there else found
    keys = tuple(key_reasons(then.topic, then.key, region))
    return _rekeyed(made, wanted, keys) if keys else made


def _check_account(calls: Calls, topic: Arn) -> None:
    """What is created belongs to the account of the caller."""
    account = calls.need("sts", "get_caller_identity", "the caller")["Account"]
    if account != topic.account:
        reason = f"the topic belongs to account {topic.account}, the caller to {account}"
        raise InputError(str(topic), reason, help_text="use credentials of the topic's account")


def _moved(made: Successor, wanted: Wanted) -> Successor:
    """Find the topic that takes the place of the old one, or say what it will be."""
    old = made.old
    if old.tags is None:
        raise InputError(str(wanted.topic), "its tags, which are to be copied, could not be read")
    calls = made.calls.elsewhere(Unit(wanted.topic.account, wanted.region))
    names = topic_names(wanted.topic, wanted.region)
    arn, there = new_topic.place_for(calls, names, mark(wanted.topic))
    found = read_topic(calls, arn) if there else Found(_imagined_topic(old, arn, wanted), old.key)
    known = subscriptions_of(calls, str(arn)) if there else ()
    return made._replace(
        calls=calls,
        topic=arn,
        there=there,
        found=found._replace(managed=tuple(dict.fromkeys((*old.managed, *found.managed)))),
        subscribed=tuple(subscriptions_of(made.calls, str(wanted.topic))),
        known=frozenset((one.protocol, one.endpoint) for one in known),
    )


def _imagined_topic(old: Found, arn: Arn, wanted: Wanted) -> Topic:
    """The topic as it would be with the policy of the old one, or with what AWS documents if that is not known."""
    text = old.texts().get(str(wanted.topic))
    policy = (
        json_text(policy_of(topic_statements(str(arn), wanted.instances)))
        if text is None
        else readdressed(text, wanted.topic, arn)
    )
    key = {"KmsMasterKeyId": old.topic.key} if isinstance(old.topic.key, str) else {}
    return topic_of(str(arn), {**carried(old.attributes), **key, "TopicArn": str(arn), "Policy": policy})


def _rekeyed(made: Successor, wanted: Wanted, reasons: tuple[str, ...]) -> Successor:
    """Find the key that takes the place of the old one, or say what it will be."""
    alias = Alias(*new_key.place_for(made.calls, alias_names(made.topic), mark(made.topic)))
    name = alias.arn.resource
    key = Keys(made.calls).key_of(made.topic, name) if alias.there else _imagined_key(alias.arn, wanted)
    found = made.found._replace(topic=made.found.topic._replace(key=name), key=key)
    return made._replace(found=found, alias=alias, reasons=(*made.reasons, *reasons))


def _imagined_key(alias: Arn, wanted: Wanted) -> Key:
    """The key as it would be: usable, and with the policy that AWS documents. Its id is KMS's to choose."""
    arn = alias._replace(resource="key/to-be-created")
    condition = pins(wanted.instances) if wanted.kms_condition else None
    statements = [root_statement(arn.partition, arn.account), key_statement(condition=condition)]
    policy = read_policy(str(arn), json_text(policy_of(statements)), dialect.KEY)
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


def replacement(made: Successor, changes: tuple[Change, ...]) -> Replacement:
    """What reports say of it."""
    return Replacement(
        str(made.replaced),
        str(made.topic),
        made.reasons,
        tuple(map(Step, changes)),
        tuple(_left_out(made)),
        tuple(_switch(made)),
    )


def _left_out(made: Successor) -> Iterator[Remark]:
    old, new = made.replaced, made.topic
    if made.alias is not None and made.old.key is not None and made.old.key.manager != "AWS":
        reason = "the new key lets its account and Connect in, and nobody else"
        yield Remark(f"policy of the key `{made.old.topic.key}`", reason)
    if old == new:
        return
    yield from lost_attributes(made.old.attributes)
    yield from lost_tags(made.old.tags or {}, frozenset(managers(made.old.tags or {})))
    if made.old.topic.fifo is not True:
        command = f"aws sns get-data-protection-policy --region {old.region} --resource-arn {old}"
        yield Remark("data protection policy", f"not looked for; if there is one, this shows it: {command}")
    if not isinstance(made.old.topic.policy, PolicyText):
        yield Remark("policy", "it could not be read, so the new topic gets what AWS documents alone")
    for one in made.subscribed:
        reason = why_not(one, new)
        yield from [Remark(one.name, reason)] if reason else lost_parts(one, new)


def _switch(made: Successor) -> Iterator[str]:
    moved = made.topic != made.replaced
    if moved:
        yield from to_new_topic(made.replaced, made.topic, made.subscribers)
    if made.alias is not None:
        policy, alias = made.found.topic.policy, made.alias.arn
        yield from to_new_key(made.topic, alias, None if isinstance(policy, Unknown) else policy.policy)
        if not moved:
            yield to_new_encryption(made.topic, alias)
