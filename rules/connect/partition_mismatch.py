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
    """Topic, instance, key and principals are not in one partition.

    ## What it finds

    Instances, keys and principals whose ARN begins with another partition than the topic's, and topics
    whose Region belongs to another partition than their ARN says.

    ## Why it matters

    `aws`, `aws-us-gov` and `aws-cn` are separate clouds: no request passes from one into another, and an
    ARN with the wrong one matches nothing. It is a common slip where a template is carried over.

    ## Example

        topic          arn:aws-us-gov:sns:us-gov-west-1:111122223333:chat
        aws:SourceArn  arn:aws:connect:us-gov-west-1:111122223333:instance/...

    ## Use instead

        aws:SourceArn  arn:aws-us-gov:connect:us-gov-west-1:111122223333:instance/...

    ## Fix safety

    Correcting the partition of a statement for Connect gives it the effect that it was written for.

    ## References

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """

    id = "partition-mismatch"
    family = "connect"
    summary = "topic, instance, key and principals are not in one partition"
    severity = Severity.ERROR
    link = Link.REGION
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Compare every ARN with the topic's."""
        topic = case.topic.arn
        if isinstance(topic, Unknown):
            yield topic
            return
        belongs = partition_of(topic.region)
        if belongs not in (None, topic.partition):
            message = f"the topic's ARN says {topic.partition}, but {topic.region} belongs to {belongs}"
            yield self.finding(case.name, message, case.here(case.topic.arn_place))
            return
        for what, arn, at in _others(case):
            if arn.partition != topic.partition:
                message = f"the topic is in partition {topic.partition}, {what} `{arn}` in {arn.partition}"
                help_text = f"it would have to begin with `arn:{topic.partition}:`"
                yield self.finding(case.name, message, at, help=help_text)


def _others(case: TopicAnalysis) -> Iterator[tuple[str, Arn, Location]]:
    """What bears on the topic, as sentences call it, with its ARN and the place of that."""
    for arn in case.instances:
        yield "the instance", arn, case.here(case.topic.arn_place)
    for arn, at in case.instances_written:
        yield "the instance", arn, at
    if isinstance(case.key, Key) and isinstance(case.key.arn, Arn):
        yield "the key", case.key.arn, case.here(case.topic.key_place)
    for statement in case.statements:
        for entry in statement.principal_entries:
            principal = Arn.parse(entry.value) if isinstance(entry.value, str) else None
            if principal is not None:
                yield "the principal", principal, case.at(entry.route)
