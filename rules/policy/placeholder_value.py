"""The rule `placeholder-value`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.fixes.statement import fill_in
from checker.lint.rule import Link, PolicyRule
from checker.policy.placeholder import placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import PolicyAnalysis
    from checker.core.finding import Finding


class PlaceholderValue(PolicyRule):
    """A value of the policy is a placeholder that was not filled in.

    ## What it finds

    Principals, resources and condition values such as `YOUR_CONNECT_INSTANCE_ARN`, `<account-id>` or
    `arn:aws:sns:REGION:ACCOUNT:topic`. What counts as one depends on the role of the text: `account` is a
    placeholder for an account id, and a valid name of a topic. Other rules judge the policy as if the placeholder
    were filled in, with the topic, account or instance that it stands for; they stay undetermined where several
    instances are known.

    ## Why it matters

    AWS's sample policy is full of them. SNS accepts a placeholder in a condition without a word, and the
    statement then matches nobody.

    ## Example

        "aws:SourceArn": "YOUR_CONNECT_INSTANCE_ARN"

    ## Use instead

        "aws:SourceArn": "arn:aws:connect:us-east-1:111122223333:instance/..."

    ## Fix safety

    Filled in from the known instance and topic, the statement does what its text says.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/find-instance-arn.html
    """

    id = "placeholder-value"
    family = "policy"
    summary = "a value of the policy is a placeholder that was not filled in"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY

    def check_policy(self, case: PolicyAnalysis) -> Iterator[Finding | Unknown]:
        """Look at every value."""
        if isinstance(case.text, Unknown) or case.policy is case.text.policy:
            return  # nothing was masked, so there is none
        for route, text in placeholders(case.text.policy, case.symbol):
            help_text = "put the real value in its place"
            at, fixes = case.at(route), fill_in(case, route, text)
            message = f"`{text}` is a placeholder"
            yield self.finding(case.name, message, at, help=help_text, fixes=fixes)
