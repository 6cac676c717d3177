"""The summary of an organization policy, as AWS Organizations returns it.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_PolicySummary.html
"""

from __future__ import annotations

from checker.core.arn import Arn
from checker.policy.node import Node, Object

RCP = "RESOURCE_CONTROL_POLICY"
"""The type of a resource control policy."""


def summary_of(root: Node) -> Object | None:
    """Return the summary in the output of `aws organizations describe-policy`; ``None`` for other documents.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribePolicy.html
    """
    policy = root.get("Policy") if isinstance(root, Object) else None
    summary = policy.get("PolicySummary") if isinstance(policy, Object) else None
    return summary if isinstance(summary, Object) else None


def owners_in(text: str) -> tuple[str, str]:
    """Return the organization and its management account from an ARN of AWS Organizations; empty for other ARNs.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
    """
    arn = Arn.parse(text)
    parts = arn.resource.split("/") if arn is not None else []
    if arn is None or arn.service != "organizations" or arn.account == "aws" or len(parts) < 2:
        return "", ""
    return parts[1], arn.account
