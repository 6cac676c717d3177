"""Recent streaming calls, from the event history of CloudTrail.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from checker.analysis.inventory import Place
from checker.core.errors import Skipped
from checker.inputs.cloudtrail.event import HiddenTopicError, NoTimeError, Start, read_event
from checker.inputs.cloudtrail.fold import FullError, Store
from checker.inputs.cloudtrail.fragment import ROUTE, At
from checker.inputs.cloudtrail.streams import Contacts
from checker.live.aws.calls import Calls, Listing
from checker.live.aws.errors import UnreadError
from checker.live.aws.facts import document_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import Contact
    from checker.inputs.cloudtrail.fold import Began

NAMES = ("StartContactStreaming", "StartChatContact", "SendChatIntegrationEvent", "StopContactStreaming")
_LOOKUP = Listing("cloudtrail", "lookup_events", "Events")
_MOST_PAGES = 20
"""At two calls a second more would hold up the audit; the newest events come first."""

_PAGE = 50


def contacts_of(calls: Calls, hours: int) -> tuple[Contact, ...]:
    """Give the contacts that streamed in the last hours, told apart by what they stream to; none for no hours."""
    if not hours:
        return ()
    unread = 0
    with closing(Store()) as store:
        try:
            for number, record in enumerate(
                chain.from_iterable(_records(calls, name, hours) for name in NAMES)
            ):
                unread += not _keep(store, record, number)
        except UnreadError as error:  # the other names would fare no better
            calls.note(error)
        contacts = Contacts(_place)
        for seen in store.contacts():
            contacts.add(seen)
    if unread or contacts.lost or contacts.cut:
        reason = f"events that do not say all that they should: {unread + contacts.lost + contacts.cut}"
        calls.skipped.append(Skipped(_what(calls), reason))
    return tuple(contacts.all())


def _what(calls: Calls) -> str:
    return f"CloudTrail of {calls.unit.name}"


def _records(calls: Calls, name: str, hours: int) -> Iterator[object]:
    """Look up the events of one name, as LookupEvents takes no more than one attribute."""
    since = datetime.now(UTC) - timedelta(hours=hours)
    asked = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}], "StartTime": since}
    pages = calls.pages(_LOOKUP, _what(calls), **asked, MaxResults=_PAGE)
    events = chain.from_iterable(pages)
    yield from map(_record, islice(events, _MOST_PAGES * _PAGE))
    if next(events, None) is not None:
        reason = f"only the newest {_MOST_PAGES * _PAGE} events `{name}` of {hours} hours were read"
        calls.skipped.append(Skipped(_what(calls), reason, help="choose fewer with --trail-hours"))


def _record(event: dict[str, Any]) -> object:
    try:
        return json.loads(event.get("CloudTrailEvent") or "{}")
    except (ValueError, RecursionError):
        return {"eventName": event.get("EventName")}  # without a time, so that it counts as unread


def _keep(store: Store, record: object, number: int) -> bool:
    """Keep the start or the end of a stream, told apart by its number; false for one that says too little."""
    try:
        event = read_event(record)
        if isinstance(event, Start):
            store.start(event, 0, At(number, 1, 0))
        elif event is not None:
            store.stop(event)
    except (NoTimeError, HiddenTopicError, FullError):
        return False
    return True


def _place(began: Began) -> Place:
    """Place a stream at the instance that it is of, for an event has no name of its own."""
    name = began.origin.instance or "CloudTrail"
    return Place(document_of(name, {ROUTE[0]: began.origin.topic}), ROUTE)
