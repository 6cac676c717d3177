"""Policies in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.plain import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.policy.plain import Plain

INDENT = "  "


def json_statement(statement: Mapping[str, Plain]) -> str:
    """Write a statement as the AWS console does, an element a line."""
    return json_text(statement, INDENT)


def json_policy(policy: Mapping[str, Plain], limit: int) -> str:
    """Write a policy so that people can read it, unless only the blanks take it over the limit."""
    readable = json_text(policy, INDENT)
    return readable if len(readable) <= limit else json_text(policy)
