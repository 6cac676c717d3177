"""Describes what a changed Deny of a topic policy means for callers that an identity policy may allow.

In the account of the topic an Allow in an identity policy is enough, and a Deny of the topic policy overrides it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Of a key, its own policy decides whether identity policies count, so that this is not about keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.iam.decide.request import AwsPrincipal
from checker.policy.model import ALLOW, DENY, EVERYONE, RESOURCE, Patterns, Principal, Principals, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.iam.prove.universe import Representative
    from checker.policy.model import Policy


_IDENTITY_POLICY = Statement(
    -1,
    "",
    ALLOW,
    Principals(negated=False, entries=(Principal(EVERYONE, EVERYONE, ()),)),
    Patterns("Action", ("sns:*",)),
    Patterns(RESOURCE, (EVERYONE,)),
    (),
)
"""Represents the identity policies that may allow a caller of the topic's account."""


def with_identity_policy(old: Policy, new: Policy) -> tuple[Policy, Policy]:
    """Return two policies that differ in the requests that only a Deny of ``old`` stops.

    The second one allows a request, and the first one does not, exactly if a Deny of ``old`` applies to it, no Deny of
    ``new`` does, and no Allow of ``new`` either: access that ``new`` itself allows is found without identity policies.
    """
    allowed = (one._replace(effect=DENY) for one in new.known_statements() if one.effect == ALLOW)
    return (
        old._replace(statements=(*_without_allows(old), _IDENTITY_POLICY)),
        new._replace(statements=(*_without_allows(new), *allowed, _IDENTITY_POLICY)),
    )


def _without_allows(policy: Policy) -> tuple[Statement | Unknown, ...]:
    return tuple(one for one in policy.statements if isinstance(one, Unknown) or one.effect != ALLOW)


def identity_callers(callers: Iterable[Representative], account: str | Unknown) -> list[Representative]:
    """Return the callers of the topic's account, or all principals that may be, if the account is not known."""
    return [
        one
        for one in callers
        if isinstance(one.caller, AwsPrincipal) and (isinstance(account, Unknown) or one.account == account)
    ]
