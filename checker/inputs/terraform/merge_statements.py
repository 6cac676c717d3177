"""Merges the statements of several documents in the way of aws_iam_policy_document.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.node import Node, Object, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def merged_by_sid(statements: Iterable[Node]) -> list[Node]:
    """Merge statements in the provider's order; a statement replaces an earlier one with the same Sid."""
    found: list[Node] = []
    at: dict[str, int] = {}
    for one in statements:
        sid = (text_of(one.get("Sid")) or "") if isinstance(one, Object) else ""
        if sid in at:
            found[at[sid]] = one
            continue
        if sid:
            at[sid] = len(found)
        found.append(one)
    return found
