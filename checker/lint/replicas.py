"""The texts about a replica without a topic, which a check of files and an audit of several Regions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from checker.core.arn import Arn

REPLICA_RULE = "replica-not-streaming"
NO_INSTANCE = Unknown("no Connect instance is known for the topic")


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
    """Describe what a replica needs, next to the topic that its source streams to."""
    return (
        f"create a topic in {replica.region} with subscribers of its own; `checker policy --topic-arn {topic} "
        f"--instance-arn {replica._replace(region=topic.region)} --replica-region {replica.region}` prints its policy"
    )
