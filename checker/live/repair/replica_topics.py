"""The replicas of a repair's instances whose topics the repair does not include, and those topics from CloudTrail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import topic_arn
from checker.core.errors import CheckerError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.live.audit.instances import contacts_of
from checker.live.repair.planning import TRAIL_HOURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.core.arn import Arn
    from checker.live.aws.calls import Calls
    from checker.live.repair.joint import JointPlan


class OtherRegion(NamedTuple):
    """A replica in a Region without a topic in the plan, and the topics that it streams to there.

    ``unread`` are the reasons why there may be more topics than CloudTrail shows.
    """

    replica: Arn
    topics: tuple[Arn, ...] = ()
    unread: tuple[str, ...] = ()


def other_regions(plan: JointPlan) -> Iterator[OtherRegion]:
    """Yield the replicas without a topic in the plan. Reads CloudTrail in their Regions; never raises CheckerError."""
    covered = {topic.region for each in plan.plans for topic in (each.wanted.topic, each.topic)}
    found: dict[Arn, Calls] = {}
    for each in plan.plans:
        for instance in each.wanted.instances:
            regions = () if isinstance(instance.replicas, Unknown) else instance.replicas
            replicas = (instance.arn._replace(region=one) for one in regions if one not in covered)
            found.update(dict.fromkeys(replicas, each.calls))
    yield from (_streaming_to(calls, replica) for replica, calls in found.items())


def _streaming_to(calls: Calls, replica: Arn) -> OtherRegion:
    try:
        there = calls.at(replica)
        contacts = contacts_of(there, TRAIL_HOURS)
    except CheckerError as error:
        return OtherRegion(replica, unread=(error.reason,))
    names = (name for contact in contacts if contact.instance == replica for name, _ in contact.topics)
    topics = dict.fromkeys(_topics_in(names, replica.region))
    return OtherRegion(replica, tuple(topics), tuple(skipped.reason for skipped in there.skipped))


def _topics_in(names: Iterable[str], region: str) -> Iterator[Arn]:
    for name in names:
        arn = topic_arn(name)
        if arn is not None and arn.region == region:
            yield arn
