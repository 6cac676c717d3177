"""The rule `not-a-topic-arn`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import topic_arn_problem
from checker.core.finding import Location, Severity
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import Contact
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown

_HELP = "a topic's ARN looks like arn:aws:sns:REGION:ACCOUNT:NAME"


class NotATopicArn(Rule):
    """The streaming endpoint of a contact is not the ARN of an SNS topic.

    ## What it finds

    Streaming endpoints of contacts, and topics of a manifest, that are not topic ARNs: the ARN of a
    subscription, of a queue or of another service, a URL, a bare name, or a name that is not valid for a topic.

    ## What it proves

    PASS means that each endpoint that was read has the form of a topic ARN:
    service, account, a valid name, at most 350 characters. It does not mean that
    the topic exists, or that it is a standard topic in the instance's Region:
    `fifo-topic` and `cross-region` check that.

    ## Why it matters

    `StreamingEndpointArn` must be the ARN of a standard SNS topic, of at most 350 characters. The ARN of a
    subscription looks like the ARN of its topic, with one more part.

    ## Example

        topics: [arn:aws:sns:us-east-1:111122223333:chat:6b0e71bd-7e97-4d97-80ce-4a0994e55286]

    ## Use instead

        topics: [arn:aws:sns:us-east-1:111122223333:chat]

    ## Fix safety

    There is no fix. To get the topic of a subscription, remove the last part of its ARN. In all other cases, the
    owner knows the topic.

    ## References

    - https://docs.aws.amazon.com/connect/latest/APIReference/API_ChatStreamingConfiguration.html
    - https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """

    id = "not-a-topic-arn"
    family = "connect"
    summary = "the streaming endpoint of a contact is not the ARN of an SNS topic"
    severity = Severity.ERROR
    link = Link.TOPIC_TYPE
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check the value that was given as the topic's ARN."""
        if case.topic.claimed and (reason := topic_arn_problem(case.topic.claimed)):
            yield self._found(case.name, case.topic.claimed, reason, case.here(case.topic.arn_place))

    def check_contact(self, contact: Contact) -> Iterator[Finding | Unknown]:
        """Check each topic of the contact."""
        for text, place in contact.topics:
            if reason := topic_arn_problem(text):
                yield self._found(contact.id, text, reason, Location(place.document, place.route))

    def _found(self, resource: str, text: str, reason: str, at: Location) -> Finding:
        return self.finding(resource, f"`{text}` is not the ARN of a topic: {reason}", at, help=_HELP)
