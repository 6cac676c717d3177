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

QUEUE = Dialect(
    "queue policy",
    "sqs",
    8 * 1024,
    20,
    single_resource=False,
    empty_principal=False,
    inert_gaps=False,
    last_char="\x7f",
)
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html"""

ROLE = Dialect(
    "policy of the role",
    "iam",
    100 * 1024,
    None,
    single_resource=False,
    empty_principal=False,
    inert_gaps=False,
    last_char="\xff",
)
"""All policies of a role together. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
