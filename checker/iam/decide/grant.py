"""Decides whether a KMS grant allows a service to use a key.

https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from checker.core.unknown import Truth, Unknown, all_of

if TYPE_CHECKING:
    from collections.abc import Sequence


_TOPIC = "aws:sns:topicArn"


class GrantFacts(Protocol):
    """The parts of a grant that the decision depends on."""

    @property
    def grantee(self) -> str | Unknown:
        """A service principal or an ARN."""

    @property
    def operations(self) -> tuple[str, ...] | Unknown:
        """Names of operations, without the prefix ``kms:``."""

    @property
    def source_arn(self) -> str | None:
        """The SourceArn constraint, which is mandatory for a service grantee."""

    @property
    def encryption_context(self) -> tuple[tuple[str, str | Unknown], ...] | Unknown:
        """The pairs that the encryption context of the request must have."""

    @property
    def doubt(self) -> Unknown | None:
        """Why the grant may not exist."""


def grant_covers(
    grant: GrantFacts, service: str, action: str, topic: str | Unknown, sources: Sequence[str]
) -> Truth:
    """Decide whether a grant allows a service to publish to ``topic`` for one of ``sources``, ARNs of instances.

    The SourceArn constraint has the same effect as a condition on aws:SourceArn.
    """
    grantee, operations = grant.grantee, grant.operations
    return all_of(
        (
            grantee if isinstance(grantee, Unknown) else grantee == service,
            operations if isinstance(operations, Unknown) else action.partition(":")[2] in operations,
            _source(grant, sources),
            _context(grant, topic),
            True if grant.doubt is None else grant.doubt,
        )
    )


def _source(grant: GrantFacts, sources: Sequence[str]) -> Truth:
    if grant.source_arn is None or grant.source_arn in sources:
        return True
    return (
        False
        if sources
        else Unknown("the grant is limited to a source, and the instance is not known", grant.source_arn)
    )


def _context(grant: GrantFacts, topic: str | Unknown) -> Truth:
    if isinstance(grant.encryption_context, Unknown):
        return grant.encryption_context
    pairs = dict(grant.encryption_context)
    if not pairs:
        return True
    if set(pairs) != {_TOPIC}:
        return False
    required = pairs[_TOPIC]
    unknown = next((one for one in (required, topic) if isinstance(one, Unknown)), None)
    return required == topic if unknown is None else unknown
