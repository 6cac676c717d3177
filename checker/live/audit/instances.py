"""The Connect instances of a unit, and which of them stream to a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.case import TopicCase
from checker.inventory import Instance, Inventory
from checker.live.calls import Calls, Listing
from checker.live.facts import instance_of
from checker.live.faults import Fault, UnreadError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from checker.arn import Arn
    from checker.inventory import Contact, Topic

_INSTANCES = Listing("connect", "list_instances", "InstanceSummaryList")
_PAGE = 10


def list_instances(calls: Calls) -> tuple[Instance, ...] | None:
    """Give the instances of a unit, or ``None`` if they could not be listed, which is noted.

    Every Region is asked, for lists of Regions age. One that no list has, and where nothing answers, has no Connect.
    https://docs.aws.amazon.com/connect/latest/APIReference/API_ListInstances.html
    """
    try:
        pages = calls.pages(_INSTANCES, f"the Connect instances of {calls.unit.name}", MaxResults=_PAGE)
        listed = [one for page in pages for one in page]
    except UnreadError as error:
        if error.fault is Fault.LOST and not calls.offers("connect"):
            return ()
        calls.note(error)
        return None
    return tuple(one for one in map(instance_of, listed) if one is not None)


def tied(topic: Topic, listed: Sequence[Instance], contacts: Sequence[Contact]) -> Topic:
    """Tie a topic to the instances that stream to it, as far as that is known.

    Those that CloudTrail shows and those that the policy names; else the only one that there is, unless the
    policy names accounts or instances that are others. Of several nobody says which one it is.
    """
    seen = {one.instance for one in contacts if any(arn == topic.name for arn, _ in one.topics)}
    return topic._replace(instances=_streaming(TopicCase(topic, Inventory()), listed, seen))


def tied_whatever_streams(topic: Topic, listed: Sequence[Instance]) -> Topic | None:
    """The same before CloudTrail is read; ``None`` if what it shows could make a difference."""
    case = TopicCase(topic, Inventory())
    found = _streaming(case, listed, ())
    same = found == _streaming(case, listed, {one.arn for one in listed})
    return topic._replace(instances=found) if same else None


def _streaming(
    case: TopicCase, listed: Sequence[Instance], seen: Collection[Arn | None]
) -> tuple[Instance, ...]:
    named = case.named_instances
    found = tuple(one for one in listed if one.arn in named or one.arn in seen)
    strange = named or (listed and listed[0].arn.account not in (case.named_accounts or _any(listed)))
    return found or (() if strange or len(listed) != 1 else tuple(listed))


def _any(listed: Sequence[Instance]) -> tuple[str, ...]:
    return tuple(one.arn.account for one in listed)
