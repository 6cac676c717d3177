"""Finds what takes the place of a topic or a key that cannot be mended where it is, or says what it will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.replacement import alias_names, key_reasons, mark, topic_names, topic_reasons
from checker.inputs.text import InputError
from checker.live.access import Unit
from checker.live.caller import check_account
from checker.live.keys import Keys
from checker.live.repair import new_key, new_topic
from checker.live.repair.imagined import imagined_key, imagined_topic
from checker.live.repair.subscribing import subscriptions_of
from checker.live.repair.successor import Alias, Successor
from checker.live.resource import Found, read_topic

if TYPE_CHECKING:
    from checker.live.calls import Calls
    from checker.live.repair.imagined import Wanted


def successor(calls: Calls, wanted: Wanted, found: Found) -> Successor | None:
    """Say what has to take the place of a topic or its key; ``None`` if nothing has to. Raises InputError."""
    region = wanted.region
    reasons = tuple(topic_reasons(found.topic, region))
    made = Successor(calls, found, wanted.topic, found, reasons)
    if not reasons and not list(key_reasons(found.topic, found.key, region)):
        return None
    check_account(calls, wanted.topic)
    if reasons:
        made = _moved(made, wanted)
    # While the topic is not there yet, the old one's key is the one that it would have.
    then = made.found if made.there else found
    keys = tuple(key_reasons(then.topic, then.key, region))
    return _rekeyed(made, wanted, keys) if keys else made


def _moved(made: Successor, wanted: Wanted) -> Successor:
    """Find the topic that takes the place of the old one, or say what it will be."""
    old = made.old
    if old.tags is None:
        raise InputError(str(wanted.topic), "its tags, which are to be copied, could not be read")
    calls = made.calls.elsewhere(Unit(wanted.topic.account, wanted.region))
    names = topic_names(wanted.topic, wanted.region)
    arn, there = new_topic.place_for(calls, names, mark(wanted.topic))
    found = read_topic(calls, arn) if there else Found(imagined_topic(old, arn, wanted), old.key)
    known = subscriptions_of(calls, str(arn)) if there else ()
    return made._replace(
        calls=calls,
        topic=arn,
        there=there,
        found=found._replace(managed=tuple(dict.fromkeys((*old.managed, *found.managed)))),
        subscribed=tuple(subscriptions_of(made.calls, str(wanted.topic))),
        known=frozenset((one.protocol, one.endpoint) for one in known),
    )


def _rekeyed(made: Successor, wanted: Wanted, reasons: tuple[str, ...]) -> Successor:
    """Find the key that takes the place of the old one, or say what it will be."""
    alias = Alias(*new_key.place_for(made.calls, alias_names(made.topic), mark(made.topic)))
    name = alias.arn.resource
    key = (
        Keys(made.calls).key_of(made.topic, name)
        if alias.there
        else imagined_key(alias.arn, wanted, made.topic)
    )
    found = made.found._replace(topic=made.found.topic._replace(key=name), key=key)
    return made._replace(found=found, alias=alias, reasons=(*made.reasons, *reasons))
