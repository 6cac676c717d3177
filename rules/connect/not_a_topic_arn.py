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
    """What a contact streams to is not the ARN of an SNS topic.

    ## What it finds

    Streaming endpoints of contacts, and topics of a manifest, that are something else: the ARN of a
    subscription, of a queue or another service's, a URL, a bare name, a name that no topic can have.

    ## Why it matters

    `StreamingEndpointArn` takes the ARN of a standard SNS topic, of at most 350 characters. A
    subscription's ARN looks like its topic's, with one part more.

    ## Example

        topics: [arn:aws:sns:us-east-1:111122223333:chat:6b0e71bd-7e97-4d97-80ce-4a0994e55286]

    ## Use instead

        topics: [arn:aws:sns:us-east-1:111122223333:chat]

    ## Fix safety

    Cutting the last part off a subscription's ARN gives its topic; anything else is for the owner to say.

    ## References

    - https://docs.aws.amazon.com/connect/latest/APIReference/API_ChatStreamingConfiguration.html
    - https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """

    id = "not-a-topic-arn"
    family = "connect"
    summary = "what a contact streams to is not the ARN of an SNS topic"
    severity = Severity.ERROR
    link = Link.TOPIC_TYPE
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look at what was given for the topic's ARN."""
        if case.topic.claimed and (reason := topic_arn_problem(case.topic.claimed)):
            yield self._found(case.name, case.topic.claimed, reason, case.here(case.topic.arn_place))

    def check_contact(self, contact: Contact) -> Iterator[Finding | Unknown]:
        """Look at every topic of the contact."""
        for text, place in contact.topics:
            if reason := topic_arn_problem(text):
                yield self._found(contact.id, text, reason, Location(place.document, place.route))

    def _found(self, resource: str, text: str, reason: str, at: Location) -> Finding:
        return self.finding(resource, f"`{text}` is not the ARN of a topic: {reason}", at, help=_HELP)
