"""Does a KMS grant let a service use a key.

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
    """The parts of a grant that decide."""

    @property
    def grantee(self) -> str | Unknown:
        """A service principal or an ARN."""

    @property
    def operations(self) -> tuple[str, ...] | Unknown:
        """Names without the ``kms:`` of actions."""

    @property
    def source_arn(self) -> str | None:
        """The SourceArn constraint, mandatory for a service grantee."""

    @property
    def encryption_context(self) -> tuple[tuple[str, str | Unknown], ...] | Unknown:
        """The pairs that the request's encryption context must have."""

    @property
    def doubt(self) -> Unknown | None:
        """Why the grant may not exist."""


def grant_covers(
    grant: GrantFacts, service: str, action: str, topic: str | Unknown, sources: Sequence[str]
) -> Truth:
    """Decide for a service that publishes to ``topic`` for one of the ``sources``, ARNs of instances.

    The constraint on SourceArn is as good as a condition on aws:SourceArn in the grant.
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
        else Unknown("a grant constrained to a source, and no instance is known", grant.source_arn)
    )


def _context(grant: GrantFacts, topic: str | Unknown) -> Truth:
    if isinstance(grant.encryption_context, Unknown):
        return grant.encryption_context
    wanted = dict(grant.encryption_context)
    if not wanted:
        return True
    if set(wanted) != {_TOPIC}:
        return False
    asked = wanted[_TOPIC]
    unknown = next((one for one in (asked, topic) if isinstance(one, Unknown)), None)
    return asked == topic if unknown is None else unknown
