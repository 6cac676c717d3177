"""Does a KMS grant let a service use a key.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from checker.iam.truth import Truth, all_of
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOPIC = "aws:sns:topicArn"


class GrantFacts(Protocol):
    """The parts of a grant that decide."""

    @property
    def grantee(self) -> str:
        """A service principal or an ARN."""

    @property
    def operations(self) -> tuple[str, ...]:
        """Names without the ``kms:`` of actions."""

    @property
    def source_arn(self) -> str | None:
        """The SourceArn constraint, mandatory for a service grantee."""

    @property
    def encryption_context(self) -> tuple[tuple[str, str], ...]:
        """The pairs that the request's encryption context must have."""


def grant_covers(
    grant: GrantFacts, service: str, action: str, topic: str | Unknown, sources: Sequence[str]
) -> Truth:
    """Decide for a service that publishes to ``topic`` for one of the ``sources``, ARNs of instances.

    The constraint on SourceArn is as good as a condition on aws:SourceArn in the grant.
    """
    if grant.grantee != service or action.partition(":")[2] not in grant.operations:
        return False
    return all_of((_source(grant, sources), _context(grant, topic)))


def _source(grant: GrantFacts, sources: Sequence[str]) -> Truth:
    if grant.source_arn is None or grant.source_arn in sources:
        return True
    return (
        False
        if sources
        else Unknown("a grant constrained to a source, and no instance is known", grant.source_arn)
    )


def _context(grant: GrantFacts, topic: str | Unknown) -> Truth:
    wanted = dict(grant.encryption_context)
    if not wanted:
        return True
    if set(wanted) != {_TOPIC}:
        return False
    return topic if isinstance(topic, Unknown) else wanted[_TOPIC] == topic
