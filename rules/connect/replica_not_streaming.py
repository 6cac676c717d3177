"""The rule `replica-not-streaming`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Source
from checker.analysis.replicas import NO_INSTANCE, help_for, may_stream, not_read, not_streaming
from checker.core.arn import Arn
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import Pairing, Topic
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding


class ReplicaNotStreaming(Rule):
    """The replica of the instance in another Region streams to no topic.

    ## What it finds

    Topics that a replicated Connect instance streams to, if no topic in the replica's Region is paired with the
    replica. Replicas are known from `ReplicationConfiguration` in the output of `aws connect describe-instance`, from
    `replicas` in a streaming manifest, and from an audit, which describes every instance.

    ## What it proves

    PASS means that the instance has no replica, or that a topic in the Region of
    each replica was checked for the replica. Whether that topic works is the result
    of the other rules for it, such as `connect-not-allowed`,
    `connect-cannot-use-key` and `no-durable-subscriber`, which are not repeated
    here.

    Only a manifest, and an audit of both Regions, list all topics. Other files may
    not contain every topic, so that a replica without one is not known. It is not
    known either if the audit did not cover the other Region completely.

    ## Why it matters

    Amazon Connect Global Resiliency gives the replica of an instance the same ID in another Region. AWS
    documents no replication of SNS topics, policies, KMS keys or subscriptions. It documents that the topic and the
    instance must be in the same Region. Nothing is broken while the source Region handles the traffic. After a
    failover, no chat message arrives, and nothing reports an error.

    ## Example

        instances:
          - arn: arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-...
            replicas: [us-west-2]
        topics:
          - arn: arn:aws:sns:us-east-1:111122223333:chat

    ## Use instead

        topics:
          - arn: arn:aws:sns:us-east-1:111122223333:chat
          - arn: arn:aws:sns:us-west-2:111122223333:chat

    The second topic needs a policy that allows the ARN of the replica, a key that the replica can use, and
    subscribers of its own. `checker policy --replica-region REGION` prints the policies for both topics.

    ## Fix safety

    There is no fix. A topic must be created.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/setup-connect-global-resiliency.html
    - https://docs.aws.amazon.com/connect/latest/APIReference/API_ReplicationConfiguration.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """

    id = "replica-not-streaming"
    family = "connect"
    summary = "the replica of the instance in another Region streams to no topic"
    severity = Severity.WARNING
    needs_policy = False
    needs_live = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look for a topic in the Region of each replica."""
        if not case.pairings:
            yield NO_INSTANCE
        for pairing in case.pairings:
            if isinstance(pairing.replicas, Unknown):
                yield pairing.replicas
            for replica in pairing.replica_arns():
                yield from self._of_replica(case, pairing, replica)

    def _of_replica(self, case: TopicAnalysis, pairing: Pairing, replica: Arn) -> Iterator[Finding | Unknown]:
        """Report a replica without a topic. Only a manifest lists all topics."""
        others = [one for one in case.inventory.topics if may_stream(one)]
        if any(_streams(one, replica) for one in others):
            return
        topic, at = case.topic.arn, case.here(case.topic.arn_place)
        unplaced = [one.arn for one in (case.topic, *others) if isinstance(one.arn, Unknown)]
        if unplaced or isinstance(topic, Unknown):
            yield Unknown(f"not known which topic is in {replica.region}: {unplaced[0].reason}")
        elif topic.region == replica.region:
            return  # cross-region reports a topic that is only paired with the instance in the other Region
        elif pairing.source is Source.MANIFEST and not any(_is_open(one, replica) for one in others):
            yield self.finding(case.name, not_streaming(replica), at, help=help_for(topic, replica))
        else:
            help_text = f"{_READ}; if there is none: {help_for(topic, replica)}"
            yield self.undetermined(case.name, not_read(replica), at, help=help_text)


_READ = "check the files of both Regions together, or use `checker audit`"


def _is_open(topic: Topic, replica: Arn) -> bool:
    """True for a topic in the replica's Region of which it is not known which instance streams to it."""
    return isinstance(topic.arn, Arn) and topic.arn.region == replica.region and not topic.pairings


def _streams(topic: Topic, replica: Arn) -> bool:
    """True for a topic in the replica's Region that is paired with the replica."""
    is_there = isinstance(topic.arn, Arn) and topic.arn.region == replica.region
    return is_there and any(one.instance == replica for one in topic.pairings or ())
