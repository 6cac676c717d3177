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

    from checker.analysis.policy import PolicyAnalysis
    from checker.core.finding import Finding


class PlaceholderValue(PolicyRule):
    """A value of the policy is a placeholder that was not replaced.

    ## What it finds

    Principals, resources and condition values such as `YOUR_CONNECT_INSTANCE_ARN`, `<account-id>` or
    `arn:aws:sns:REGION:ACCOUNT:topic`. The context decides whether a text is a placeholder: `account` is a
    placeholder where an account ID is required, and a valid topic name. Other rules check the policy as if the
    placeholder were replaced by the topic, account or instance that it represents. Their results are undetermined
    if several instances are known.

    ## What it proves

    PASS means that no value of the policy is written like a placeholder. A wrong
    value with a valid form, such as the account of another team, is not found here.
    A value that was not read is not known; a reference to a parameter or resource
    is not a placeholder.

    ## Why it matters

    AWS's sample policy contains many placeholders. SNS accepts a placeholder in a condition without an error, and
    the statement then matches no request.

    ## Example

        "aws:SourceArn": "YOUR_CONNECT_INSTANCE_ARN"

    ## Use instead

        "aws:SourceArn": "arn:aws:connect:us-east-1:111122223333:instance/..."

    ## Fix safety

    The fix replaces the placeholder with the value of the known instance or topic. The statement then has its
    intended effect.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/find-instance-arn.html
    """

    id = "placeholder-value"
    family = "policy"
    summary = "a value of the policy is a placeholder that was not replaced"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY

    def check_policy(self, case: PolicyAnalysis) -> Iterator[Finding | Unknown]:
        """Report each placeholder among the values."""
        if isinstance(case.text, Unknown) or case.policy is case.text.policy:
            return  # nothing was masked, so the policy has no placeholder
        for route, text in placeholders(case.text.policy, case.symbol):
            help_text = "replace it with the real value"
            at, fixes = case.at(route), fill_in(case, route, text)
            message = f"`{text}` is a placeholder"
            yield self.finding(case.name, message, at, help=help_text, fixes=fixes)
