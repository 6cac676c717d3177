"""Where two kinds of resource-based policy differ in what AWS accepts."""

from __future__ import annotations

from typing import NamedTuple


class Dialect(NamedTuple):
    """Where two kinds of resource-based policy differ in what AWS accepts.

    ``inert_gaps``: a statement without Action or Resource is stored and has no effect (KMS) rather than
    being refused (SNS). ``last_char`` is the highest character that may stand in it.
    """

    name: str
    service: str
    max_bytes: int
    max_statements: int | None
    single_resource: bool
    empty_principal: bool
    inert_gaps: bool
    last_char: str


TOPIC = Dialect(
    "topic policy",
    "sns",
    30 * 1024,
    100,
    single_resource=True,
    empty_principal=False,
    inert_gaps=False,
    last_char="\x7f",
)
"""https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html"""

KEY = Dialect(
    "key policy",
    "kms",
    32 * 1024,
    None,
    single_resource=False,
    empty_principal=True,
    inert_gaps=True,
    last_char="\xff",
)
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"""
