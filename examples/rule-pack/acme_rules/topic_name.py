"""The rule `acme-topic-name`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding


class AcmeTopicName(Rule):
    """The name of a topic for chats does not begin with `chat-`.

    ## What it finds

    Topics in scope whose name begins with anything else.

    ## What it proves

    PASS means that the name was read and begins with `chat-`. A topic whose ARN is
    not known is not known.

    ## Why it matters

    Acme's alarms watch topics by their names.

    ## Example

        arn:aws:sns:us-east-1:111122223333:messages

    ## Use instead

        arn:aws:sns:us-east-1:111122223333:chat-messages

    ## Fix safety

    No fix: a topic cannot be renamed.

    ## References

    - https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """

    id = "acme-topic-name"
    family = "acme"
    summary = "the name of a topic for chats does not begin with chat-"
    severity = Severity.WARNING
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look at the last part of the ARN."""
        topic = case.topic.arn
        if isinstance(topic, Unknown):
            yield topic
        elif not topic.resource.startswith("chat-"):
            message = f"the topic is called `{topic.resource}`"
            yield self.finding(case.name, message, case.here(case.topic.arn_place), help="begin with `chat-`")
