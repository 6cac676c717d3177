"""Reads what AWS shows of the recent use of a topic: CloudWatch counters, and streams in CloudTrail."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from checker.analysis.inventory import Contact, Place, RefusedStart
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.inputs.cloudtrail.event import NoTimeError, read_refusal, read_start
from checker.lint.causes import Activity, Counters
from checker.live.audit.instances import STARTS, records_of
from checker.live.aws.errors import CallError
from checker.live.aws.facts import document_of
from checker.live.aws.metrics import HOUR, counter_parameters, counters_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.live.aws.calls import Calls


def read_activity(calls: Calls, topic: Arn, hours: int) -> Activity:
    """Read the use of a topic in the last hours. What cannot be read is unknown in the result, with the reason."""
    # A failed read does not make the answer about the chain incomplete.
    of_its_own = calls.elsewhere(calls.unit)
    counters = _counters(of_its_own, topic, hours)
    try:
        records = list(chain.from_iterable(records_of(of_its_own, name, hours) for name in STARTS))
    except CallError as error:
        return Activity(hours, counters, Unknown(error.reason))
    refused = tuple(one for one in _refused(records) if one.topic in ("", str(topic)))
    cut = next((Unknown(skipped.reason) for skipped in of_its_own.skipped), None)
    contacts = tuple(_contacts(records, topic))
    return Activity(hours, counters, contacts if contacts or cut is None else cut, refused)


def _counters(calls: Calls, topic: Arn, hours: int) -> Counters | Unknown:
    since = datetime.now(UTC) - timedelta(hours=hours)
    parameters = counter_parameters(topic, since, HOUR)
    try:
        return counters_in(calls.make("cloudwatch", "get_metric_data", str(topic), **parameters))
    except CallError as error:
        return Unknown(error.reason)


def _contacts(records: Iterable[object], topic: Arn) -> Iterator[Contact]:
    """Yield the contacts that started to stream to the topic, one record for each instance."""
    read = (start for start in map(read_start, records) if start and start.topic == str(topic))
    starts = {start.request or (start.contact, start.stream): start for start in read}
    counts = Counter(start.instance for start in starts.values())
    for instance, count in counts.items():
        first = next(start for start in starts.values() if start.instance == instance)
        place = Place(document_of(instance or "CloudTrail", {"topic": str(topic)}), ("topic",))
        yield Contact(first.contact, ((str(topic), place),), place, first.region, Arn.parse(instance), count)


def _refused(records: Iterable[object]) -> Iterator[RefusedStart]:
    for record in records:
        try:
            refused = read_refusal(record)
        except NoTimeError:
            continue
        if refused is not None:
            yield refused
