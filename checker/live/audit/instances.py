"""Find the Connect instances of a unit, and the topics they stream to."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from checker.analysis.inventory import CREATION_FAILED, Instance, Pairing, Place, Source
from checker.analysis.pairing import fits, is_near, is_of_another
from checker.analysis.replicas import anywhere
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.inputs.cloudtrail.event import HiddenTopicError, NoTimeError, Start, read_event
from checker.inputs.cloudtrail.fold import FullError, Store
from checker.inputs.cloudtrail.fragment import ROUTE, FilePosition
from checker.inputs.cloudtrail.streams import Contacts
from checker.lint.audited import trail_name
from checker.live.aws.access import Unit
from checker.live.aws.calls import LOOKUP, Calls
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.facts import document_of, instance_of
from checker.live.aws.lookup import INSTANCES, PAGE, look_up_existing, regions_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from checker.analysis.inventory import Contact, Topic
    from checker.analysis.pairing import Named
    from checker.inputs.cloudtrail.fold import StartedStream
    from checker.lint.explanation import InstanceStatus
    from checker.live.aws.session import Sessions


def list_instances(calls: Calls) -> tuple[Instance, ...] | None:
    """Return the instances of a unit. If the list fails, record that and return None.

    Instances whose creation failed are ignored.

    Connect is called in every Region, because the list of its Regions may be outdated. A Region that is not in the list
    and does not answer has no Connect.
    https://docs.aws.amazon.com/connect/latest/APIReference/API_ListInstances.html
    """
    try:
        pages = calls.pages(INSTANCES, f"the Connect instances of {calls.unit.name}", MaxResults=PAGE)
        listed = [entry for page in pages for entry in page if entry.get("InstanceStatus") != CREATION_FAILED]
    except CallError as error:
        if error.fault is Fault.NO_ANSWER and not calls.offers("connect"):
            return ()
        calls.note(error)
        return None
    return tuple(instance for instance in map(instance_of, listed) if instance is not None)


def describe_replicas(
    calls: Calls, listed: Sequence[Instance], known: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the other Regions in which the listed instances exist, by ARN. Failed reads are recorded.

    Instances whose ARNs are ``known`` were looked up before, and are not described again.
    """
    found: dict[str, tuple[str, ...]] = {}
    for arn in dict.fromkeys(instance.arn for instance in listed if str(instance.arn) not in known):
        try:
            answer = calls.find("connect", "describe_instance", str(arn), InstanceId=arn.instance_id)
        except CallError as error:
            calls.note(error)
            continue
        if answer is not None:  # it may have been deleted since it was listed
            found[str(arn)] = tuple(region for region in regions_of(answer) if region != arn.region)
    return found


def pair_topic(
    topic: Topic,
    named: Named,
    listed: Sequence[Instance],
    contacts: Sequence[Contact],
    *,
    complete: bool = True,
) -> Topic:
    """Pair a topic with the instances that are known to stream to it. ``named`` is what its policy names.

    These are the instances that CloudTrail shows or the policy names. Otherwise it is the unit's only instance,
    unless the policy names other accounts or instances, or the list is not ``complete``. Of several instances, none
    is paired.
    """
    seen = _seen(topic, contacts)
    return topic._replace(pairings=_streaming(topic, named, listed, seen, complete=complete))


def pair_streaming(
    topic: Topic, listed: Sequence[Instance], contacts: Sequence[Contact]
) -> tuple[Pairing, ...]:
    """Pair a topic with the existing instances that CloudTrail shows to stream to it. Deleted ones are ignored."""
    seen = _seen(topic, contacts)
    arns = dict.fromkeys(instance.arn for instance in listed)
    return tuple(Pairing(arn, Source.CLOUDTRAIL) for arn in arns if arn in seen)


def _seen(topic: Topic, contacts: Sequence[Contact]) -> set[Arn | None]:
    return {contact.instance for contact in contacts if any(arn == topic.name for arn, _ in contact.topics)}


def pair_without_trail(topic: Topic, named: Named, listed: Sequence[Instance]) -> Topic | None:
    """Pair a topic before CloudTrail is read. Return None if CloudTrail could change the result."""
    paired = _streaming(topic, named, listed, ())
    paired_if_seen = _streaming(topic, named, listed, {instance.arn for instance in listed})
    return topic._replace(pairings=paired) if paired == paired_if_seen else None


def names_only_missing(listed: Sequence[Instance], topic: Topic, named: Named) -> bool:
    """Return True if a policy names only instances of the topic's account and Region, and none of them exists."""
    here = isinstance(topic.arn, Arn) and (topic.arn.account, topic.arn.region)
    ours = all((arn.account, arn.region) == here for arn in named.instances)
    return bool(named.instances) and ours and not {instance.arn for instance in listed} & set(named.instances)


def _streaming(
    topic: Topic,
    named: Named,
    listed: Sequence[Instance],
    seen: Collection[Arn | None],
    *,
    complete: bool = True,
) -> tuple[Pairing, ...]:
    """Pair the instances of the unit, each with the reason. Instances that only the policy names come last.

    CloudTrail is the reason only if nothing else pairs the instance. So a report does not depend on whether
    CloudTrail answered before or after the topic was checked.
    """
    arns = tuple(dict.fromkeys(instance.arn for instance in listed))
    meant = {anywhere(arn) for arn in named.instances}  # the ID of an instance is that of its replica
    here = {arn: Pairing(arn, Source.ACCOUNT, topic.name) for arn in arns if anywhere(arn) in meant}
    streaming = {arn: Pairing(arn, Source.CLOUDTRAIL) for arn in arns if arn in seen}
    only = arns[0] if complete and len(arns) == 1 and fits(arns[0], topic, named) else None
    if only and not here and not is_of_another(only, named):
        here = {only: Pairing(only, Source.ACCOUNT)}
    paired = {**streaming, **here}
    others = (
        arn
        for arn in named.instances
        if arn not in paired and isinstance(topic.arn, Arn) and is_near(arn, topic.arn)
    )
    return (
        *(paired[arn] for arn in arns if arn in paired),
        *(Pairing(arn, Source.POLICY, topic.name) for arn in others),
    )


def look_up_named(
    sessions: Sessions, units: Sequence[Unit], named: Iterable[str]
) -> Iterator[tuple[str, InstanceStatus]]:
    """Yield the named instances with the results of their lookups. Raises AwsError for one that does not exist."""
    roles = {unit.account: unit.role for unit in units}
    regions = tuple(dict.fromkeys(unit.region for unit in units))
    for arn in dict.fromkeys(map(Arn.parse, named)):
        if arn is None:
            continue
        unit = Unit(arn.account, arn.region, roles.get(arn.account, ""))
        yield str(arn), look_up_existing(Calls(sessions, unit, threading.Event()), arn, *regions)


STARTS = ("StartContactStreaming", "StartChatContact", "SendChatIntegrationEvent")
NAMES = (*STARTS, "StopContactStreaming")
_MOST_PAGES = 20
"""At two calls per second, more pages would delay the audit. The newest events come first."""

_EVENTS_A_PAGE = 50


def contacts_of(calls: Calls, hours: int) -> tuple[Contact, ...]:
    """Return the distinct contacts that streamed in the last hours. Return none if ``hours`` is 0."""
    if not hours:
        return ()
    unread = 0
    with closing(Store()) as store:
        try:
            for number, record in enumerate(
                chain.from_iterable(records_of(calls, name, hours) for name in NAMES)
            ):
                unread += not _keep(store, record, number)
        except CallError as error:  # the lookups of the other event names would fail too
            calls.note(error)
        contacts = Contacts(_place)
        for seen in store.contacts():
            contacts.add(seen)
    if unread or contacts.lost or contacts.cut:
        reason = f"incomplete events: {unread + contacts.lost + contacts.cut}"
        calls.skip(Skipped(_what(calls), reason))
    return tuple(contacts.all())


def _what(calls: Calls) -> str:
    return trail_name(calls.unit.name)


def records_of(calls: Calls, name: str, hours: int) -> Iterator[object]:
    """Yield the newest events of one name in the last hours. LookupEvents accepts only one attribute.

    Raises CallError. Events that are not read are recorded.
    """
    since = datetime.now(UTC) - timedelta(hours=hours)
    parameters = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
        "StartTime": since,
    }
    pages = calls.pages(LOOKUP, _what(calls), **parameters, MaxResults=_EVENTS_A_PAGE)
    events = chain.from_iterable(pages)
    yield from map(_record, islice(events, _MOST_PAGES * _EVENTS_A_PAGE))
    if next(events, None) is not None:
        reason = f"only the newest {_MOST_PAGES * _EVENTS_A_PAGE} `{name}` events of the last {hours} hours were read"
        calls.skip(Skipped(_what(calls), reason, help="set a shorter period with --trail-hours"))


def _record(event: dict[str, Any]) -> object:
    try:
        return json.loads(event.get("CloudTrailEvent") or "{}")
    except (ValueError, RecursionError):
        return {"eventName": event.get("EventName")}  # without a time it counts as unread


def _keep(store: Store, record: object, number: int) -> bool:
    """Store the start or end of a stream, numbered to stay distinct. Return False for an incomplete event."""
    try:
        event = read_event(record)
        if isinstance(event, Start):
            store.start(event, 0, FilePosition(number, 1))
        elif event is not None:
            store.stop(event)
    except (NoTimeError, HiddenTopicError, FullError):
        return False
    return True


def _place(began: StartedStream) -> Place:
    """Return the instance as the place of a stream, because an event has no name of its own."""
    name = began.origin.instance or "CloudTrail"
    return Place(document_of(name, {ROUTE[0]: began.origin.topic}), ROUTE)
