"""Policies as Terraform's data source `aws_iam_policy_document`, with the resources that attach them.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.block_text import Lines, block_text, lines_text, statement_text
from checker.fix.hcl_flow import HclFlow
from checker.policy.change import fresh
from checker.policy.plain import listed
from checker.policy.vocabulary import OLD_VERSION, VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.policy.plain import Plain

_LINES = Lines("\n", "  ")
_LAYOUT = _LINES.inside("")


def terraform_policy(name: str, policy: Mapping[str, Plain]) -> str:
    """Write the data source of a whole policy. Without Version a policy is of the old one."""
    version = policy.get("Version", OLD_VERSION)
    said = [("version", version)] if version != VERSION else []
    said += [("policy_id", policy["Id"])] if "Id" in policy else []
    parts = [_arguments(said)] if said else []
    parts += (
        statement_text(HclFlow(), fresh(one), _LAYOUT.indent, _LINES) for one in listed(policy["Statement"])
    )
    return "".join(block_text(f'data "aws_iam_policy_document" "{name}"', parts, _LAYOUT))


def terraform_resource(kind: str, name: str, arguments: Sequence[tuple[str, Plain]]) -> str:
    """Write a resource without blocks inside."""
    return "".join(block_text(f'resource "{kind}" "{name}"', [_arguments(arguments)], _LAYOUT))


def _arguments(pairs: Sequence[tuple[str, Plain]]) -> list[str]:
    written = ((key, HclFlow().node(fresh(value), _LAYOUT.deeper(), None)) for key, value in pairs)
    return lines_text(written, _LAYOUT)
