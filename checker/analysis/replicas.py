"""The replicas of Connect instances: one instance with the same ID and account in several Regions.

https://docs.aws.amazon.com/connect/latest/adminguide/setup-connect-global-resiliency.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import NO_REPLICA
from checker.core.unknown import Unknown
from checker.policy.vocabulary import is_misspelled_connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.analysis.inventory import Instance, Source, Topic
    from checker.core.arn import Arn


def is_replica(one: Arn, other: Arn) -> bool:
    """True for instances in two Regions that share their ID; each streams to topics in its own Region."""
    return one != other and anywhere(one) == anywhere(other)


def anywhere(instance: Arn) -> Arn:
    """Return the ARN of an instance without its Region, which all its replicas share."""
    return instance._replace(region="")


def regions_in(source: str, statuses: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the Regions in which a described instance exists, from its ReplicationConfiguration.

    ``source`` is SourceRegion, ``statuses`` are pairs of Region and ReplicationStatus. A replica that could not be
    created or that is being deleted is not there.
    https://docs.aws.amazon.com/connect/latest/APIReference/API_ReplicationConfiguration.html
    """
    there = (region for region, status in statuses if not status.endswith(NO_REPLICA))
    return tuple(dict.fromkeys(region for region in (source, *there) if region))


def with_replicas(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    """Add the replicas of each instance that one of the instances is known to have.

    So it is enough to name an instance in one Region, and to describe it once. An instance that is named in a Region
    in which the description does not have it stays as it is.
    """
    listed = tuple(instances)
    known = _regions(listed)
    named = {(one.arn, one.source, one.home) for one in listed}
    spread: list[Instance] = []
    for instance in listed:
        regions = known.get(anywhere(instance.arn), ())
        own, *others = instance.with_replicas(regions)
        spread.append(own if instance.arn.region in regions else instance)
        if instance.arn.region in regions:
            spread += (one for one in others if (one.arn, one.source, one.home) not in named)
    return tuple(spread)


def _regions(instances: Sequence[Instance]) -> dict[Arn, tuple[str, ...]]:
    """Return the Regions of each described instance, and of each that one source names in several Regions."""
    found: dict[Arn, dict[str, None]] = {}
    named: dict[tuple[Arn, Source], dict[str, None]] = {}
    for instance in instances:
        own = named.setdefault((anywhere(instance.arn), instance.source), {})
        own[instance.arn.region] = None
        if not isinstance(instance.replicas, Unknown):
            found.setdefault(anywhere(instance.arn), {}).update(
                dict.fromkeys((instance.arn.region, *instance.replicas))
            )
    for (instance_arn, _), regions in named.items():
        if len(regions) > 1:
            found.setdefault(instance_arn, {}).update(regions)
    return {arn: tuple(regions) for arn, regions in found.items()}


NO_INSTANCE = Unknown("no Connect instance is known for the topic")


def may_stream(topic: Topic) -> bool:
    """True for a topic that the user named, or that its code or policy connects to Amazon Connect or may connect."""
    if topic.named or topic.sender:
        return True
    policy = topic.policy
    if isinstance(policy, Unknown):
        return not topic.without_connect
    entries = (entry for one in policy.policy.known_statements() for entry in one.principal_entries)
    return policy.names_connect or any(
        isinstance(entry.value, Unknown) or is_misspelled_connect(entry.value) for entry in entries
    )


def not_streaming(replica: Arn) -> str:
    """State that a replica streams to no topic."""
    return (
        f"Connect instance `{replica.instance_id}` has a replica in {replica.region}, but no topic there is checked for "
        "it: after a failover, no chat message arrives"
    )


def not_read(replica: Arn, reason: str = "no such topic was read") -> str:
    """State that it is not known whether a replica streams to a topic."""
    return (
        f"Connect instance `{replica.instance_id}` has a replica in {replica.region}, and it is not known whether that "
        f"streams to a topic there: {reason}"
    )


def help_for(topic: Arn, replica: Arn) -> str:
    """Describe what a replica needs, next to the topic that its source streams to; `checker policy` refuses a FIFO topic."""
    needed = f"create a topic in {replica.region} with subscribers of its own"
    if topic.resource.endswith(".fifo"):
        return needed
    return (
        f"{needed}; `checker policy --topic-arn {topic} "
        f"--instance-arn {replica._replace(region=topic.region)} --replica-region {replica.region}` prints its policy"
    )
