"""The rule `not-a-topic-arn`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn, is_account
from checker.finding import Location, Severity
from checker.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.case import TopicCase
    from checker.finding import Finding
    from checker.inventory import Contact
    from checker.policy.unknown import Unknown

_HELP = "a topic's ARN looks like arn:aws:sns:REGION:ACCOUNT:NAME"
_LONGEST = 350


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

    def check_topic(self, case: TopicCase) -> Iterator[Finding | Unknown]:
        """Look at what was given for the topic's ARN."""
        if case.topic.claimed and (reason := _reason(case.topic.claimed)):
            yield self._found(case.name, case.topic.claimed, reason, case.here(case.topic.arn_place))

    def check_contact(self, contact: Contact) -> Iterator[Finding | Unknown]:
        """Look at every topic of the contact."""
        for text, place in contact.topics:
            if reason := _reason(text):
                yield self._found(contact.id, text, reason, Location(place.document, place.route))

    def _found(self, resource: str, text: str, reason: str, at: Location) -> Finding:
        return self.finding(resource, f"`{text}` is not the ARN of a topic: {reason}", at, help=_HELP)


def _reason(text: str) -> str:
    """Say what a text is instead of a topic's ARN; nothing if it is one."""
    arn = Arn.parse(text)
    if arn is None:
        return "it is a URL" if "://" in text else "it is no ARN"
    if arn.service != "sns":
        return f"it belongs to {arn.service or 'no service'}"
    if not is_account(arn.account):
        return f"`{arn.account}` is no account id"
    if ":" in arn.resource:
        return "it is the ARN of a subscription"
    if not arn.is_topic or not _is_name(arn.resource):
        return f"no topic can be called `{arn.resource}`"
    return f"it is longer than {_LONGEST} characters" if len(text) > _LONGEST else ""


def _is_name(name: str) -> bool:
    """True for what CreateTopic takes: letters, digits, hyphens and underscores, and `.fifo` at the end."""
    bare = name.removesuffix(".fifo").replace("-", "").replace("_", "")
    return name.isascii() and (bare.isalnum() or not bare) and 0 < len(name) <= 256
