"""The rule `competing-topic-policies`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Role, Severity
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown

_ONE = "keep one resource that writes the policy, and put all statements in it"
_EACH = "give each topic its own policy; SNS rejects a policy that names several topics"


class CompetingTopicPolicies(Rule):
    """Several resources write the policy of one topic, or one resource writes the same policy for several topics.

    ## What it finds

    - A warning: two policy resources for one topic, or a policy resource in addition to an inline policy. The
      last one that is deployed wins.
    - An error: one CloudFormation TopicPolicy that names several topics.

    ## What it proves

    PASS means that the files of this run have at most one resource that writes the
    policy of the topic, and that it writes it for this topic alone. Other
    repositories and stacks, the console and scripts can still replace the policy.
    In AWS, where a topic has one policy, the rule finds nothing.

    ## Why it matters

    SNS stores one policy for each topic and replaces it as a whole. Two resources overwrite each other on
    alternating deployments, and the statement for Connect appears and disappears without an error.

    ## Example

        resource "aws_sns_topic" "chat" { policy = ... }
        resource "aws_sns_topic_policy" "chat" { arn = aws_sns_topic.chat.arn ... }

    ## Use instead

        resource "aws_sns_topic_policy" "chat" { arn = aws_sns_topic.chat.arn ... }

    ## Fix safety

    There is no fix. The owner decides which statements to keep.

    ## References

    - https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
    - https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sns-topicpolicy.html
    """

    id = "competing-topic-policies"
    family = "sns"
    summary = "several resources write the policy of one topic, or one writes the same for several topics"
    severity = Severity.ERROR
    link = Link.TOPIC_POLICY
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Count the resources that write the policy, and the topics that share it."""
        topic = case.topic
        if len(topic.writers) > 1:
            places = [case.here(place) for place in topic.writers]
            message = f"{len(places)} resources write the policy of `{case.name}`; the last one deployed wins"
            yield self.finding(case.name, message, places, severity=Severity.WARNING, help=_ONE)
        if topic.sharing > 1:
            at = [case.here(place) for place in topic.writers] or [case.here()]
            message = f"one resource writes the same policy for {topic.sharing} topics"
            yield self.finding(
                case.name, message, [at[0], *(one._replace(role=Role.RELATED) for one in at[1:])], help=_EACH
            )
