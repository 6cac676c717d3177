"""The rule `fifo-topic`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.fixes.replacement import standard_topic
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding


class FifoTopic(Rule):
    """The topic is a FIFO topic, which chat streaming does not support.

    ## What it finds

    Topics with `FifoTopic` set, or whose name ends in `.fifo`.

    ## What it proves

    PASS means that the attribute or the name shows a standard topic: only the name
    of a FIFO topic may end in `.fifo`. If neither is known, such as for a name that
    is a reference, the result is not known.

    ## Why it matters

    AWS documents that the message streaming APIs support standard topics only. No message arrives.

    ## Example

        "TopicArn": "arn:aws:sns:us-east-1:111122223333:chat.fifo", "FifoTopic": "true"

    ## Use instead

    A standard topic. The type of a topic cannot be changed. Create a new topic, copy the policy, move the
    subscriptions, and stream to the ARN of the new topic.

    ## Fix safety

    There is no fix in place. checker shows a replacement plan.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """

    id = "fifo-topic"
    family = "sns"
    summary = "the topic is a FIFO topic, which chat streaming does not support"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_TYPE
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check the type that AWS reports or that the name shows."""
        fifo = case.topic.settings.fifo
        if isinstance(fifo.value, Unknown):
            yield fifo.value
        elif fifo.value:
            yield self.finding(
                case.name,
                "the topic is a FIFO topic: AWS documents that chat streaming supports standard topics only",
                case.here(fifo.place),
                help="create a standard topic and stream to it; the type of a topic cannot be changed",
                fixes=standard_topic(case),
            )
