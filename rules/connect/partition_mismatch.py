"""The rule `partition-mismatch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Key
from checker.core.arn import Arn, partition_of
from checker.core.finding import Location, Severity
from checker.core.unknown import Unknown
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding


class PartitionMismatch(Rule):
    """The topic, instance, key and principals are not in one partition.

    ## What it finds

    Instances, keys and principals in another partition than the topic, and topics whose Region does not belong
    to the partition in their ARN.

    ## What it proves

    PASS means that the ARNs of the instances, the key and the principals have the
    topic's partition, and that the topic's Region belongs to it. A Region that the
    list of this release does not have is not compared. Principals without an ARN,
    such as account IDs, have no partition. A value that was not read is not known.

    ## Why it matters

    `aws`, `aws-us-gov` and `aws-cn` are isolated from each other. No request crosses from one to another, and an
    ARN with the wrong partition matches nothing. This is a common mistake when a template is copied from another
    partition.

    ## Example

        topic          arn:aws-us-gov:sns:us-gov-west-1:111122223333:chat
        aws:SourceArn  arn:aws:connect:us-gov-west-1:111122223333:instance/...

    ## Use instead

        aws:SourceArn  arn:aws-us-gov:connect:us-gov-west-1:111122223333:instance/...

    ## Fix safety

    There is no fix. Correcting the partition in a statement for Connect gives it its intended effect.

    ## References

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """

    id = "partition-mismatch"
    family = "connect"
    summary = "the topic, instance, key and principals are not in one partition"
    severity = Severity.ERROR
    link = Link.REGION
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Compare the partition of each ARN with the topic's."""
        topic = case.topic.arn
        if isinstance(topic, Unknown):
            yield topic
            return
        expected = partition_of(topic.region)
        if expected not in (None, topic.partition):
            message = (
                f"the topic's ARN has partition {topic.partition}, but {topic.region} belongs to {expected}"
            )
            yield self.finding(case.name, message, case.here(case.topic.arn_place))
            return
        for label, arn, at in _related_arns(case):
            if arn.partition != topic.partition:
                message = (
                    f"the topic is in partition {topic.partition}, but {label} `{arn}` is in {arn.partition}"
                )
                help_text = f"use an ARN that begins with `arn:{topic.partition}:`"
                yield self.finding(case.name, message, at, help=help_text)
        yield from case.unread
        if isinstance(case.topic.key, Unknown):
            yield case.topic.key


def _related_arns(case: TopicAnalysis) -> Iterator[tuple[str, Arn, Location]]:
    """Yield the instances, key and principals of the topic: a label, the ARN, and its location."""
    for arn in case.instances:
        yield "the instance", arn, case.here(case.topic.arn_place)
    for arn, at in case.instances_written:
        yield "the instance", arn, at
    key = case.key.arn if isinstance(case.key, Key) else Arn.parse(str(case.topic.key))
    if isinstance(key, Arn):
        yield "the key", key, case.here(case.topic.settings.key.place)
    for statement in case.statements:
        for entry in statement.principal_entries:
            principal = Arn.parse(entry.value) if isinstance(entry.value, str) else None
            if principal is not None:
                yield "the principal", principal, case.at(entry.route)
