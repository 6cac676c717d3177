"""The principals of a statement, as they are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_IAM = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}):(?:root|(?:user|role|assumed-role|federated-user)/.+)")


def principals_of(statement: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Give the kind and name of every principal of a statement; nothing for one that names nobody."""
    named = statement.get("Principal", statement.get("NotPrincipal"))
    if named == "*":
        yield "AWS", "*"
    elif isinstance(named, dict):
        for kind, names in named.items():
            yield from ((kind, name) for name in (names if isinstance(names, list) else [names]))


def account_of(name: object) -> str:
    """The account of an AWS principal, empty when the text is none.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if not isinstance(name, str):
        return ""
    if re.fullmatch(r"\d{12}", name):
        return name
    found = _IAM.fullmatch(name)
    return found[1] if found else ""
