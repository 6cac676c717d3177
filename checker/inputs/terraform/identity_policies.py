"""The Terraform resource types that declare an IAM identity policy.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policy and related pages
"""

from __future__ import annotations

OWNERS = {
    "aws_iam_role_policy": "role",
    "aws_iam_user_policy": "user",
    "aws_iam_group_policy": "group",
    "aws_iam_policy": "",
}
"""The argument that names the only owner; a managed policy may have any."""
ROLE, INLINE = "aws_iam_role", "inline_policy"


def has_caller_policy(kind: str) -> bool:
    """True for a type of resource that declares an identity policy."""
    return kind in OWNERS or kind == ROLE
