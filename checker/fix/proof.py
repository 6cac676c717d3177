"""What a fix is worth: safe if the prover finds that nobody gains or loses anything but what was meant.

Connect, for an instance that streams to the topic, may gain what AWS documents that it needs, and Connect for
anybody else may lose what it had: those are the deputies being shut out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.access import deeds
from checker.arn import Arn, is_uuid
from checker.case import TopicCase
from checker.difference import Difference, difference
from checker.finding import Applicability
from checker.iam.space import DATA_KEY, DECRYPT, PUBLISH
from checker.parties import FOREIGN, HALF_SOURCED, INSTANCE, INSTANCES, UNSOURCED
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.access import Access
    from checker.iam.space import Target
    from checker.key_case import KeyCase
    from checker.policy.model import Policy

_SOME_KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000"
_CONNECT = (INSTANCE, INSTANCES, FOREIGN, UNSOURCED, HALF_SOURCED)


class Worth(NamedTuple):
    """Whether a fix is safe, and if not why."""

    applicability: Applicability
    reason: str = ""


def worth(case: TopicCase | KeyCase, new: Policy) -> Worth:
    """Prove that a changed policy does no more than it should."""
    if isinstance(case.text, Unknown):
        return Worth(Applicability.UNSAFE, case.text.reason)
    faults = _faults(case, effect(case, case.text.policy, new))
    reason = next(faults, "")
    return Worth(Applicability.UNSAFE if reason else Applicability.SAFE, reason)


def effect(case: TopicCase | KeyCase, old: Policy, new: Policy) -> Difference:
    """Who gains and who loses when the policy of a topic or key changes."""
    return difference(old, new, _target(case), case.instances)


def _target(case: TopicCase | KeyCase) -> Target:
    """The resource; a key without an ARN has one made up, since its policy speaks of `*`."""
    if isinstance(case, TopicCase) or isinstance(case.key.arn, Arn):
        return case.target
    return case.target._replace(resource=_SOME_KEY)


def _faults(case: TopicCase | KeyCase, found: Difference) -> Iterator[str]:
    """Say who gains or loses what was not meant, and what nobody can tell."""
    for one in found.gained:
        if not (_is_meant_for_topic(case, one) if isinstance(case, TopicCase) else _is_meant_for_key(one)):
            yield f"{one.who} would gain {deeds(one.actions)}"
    for one in found.lost:
        if not (isinstance(case, TopicCase) and _is_shut_out(case, one)):
            yield f"{one.who} would lose {deeds(one.actions)}"
    for doubt in found.doubts:
        yield f"nobody can tell who gains or loses: {doubt.told}"


def _is_meant_for_topic(case: TopicCase, access: Access) -> bool:
    """True for an instance that streams to the topic, or that the policy means, and may publish now."""
    return (
        access.party.kind == INSTANCE and access.party.name in _trusted(case) and access.actions == (PUBLISH,)
    )


def _is_meant_for_key(access: Access) -> bool:
    """True for the use of the key; AWS documents no condition on it, so it is for every instance."""
    return access.party.kind in _CONNECT and all(
        one.startswith((DATA_KEY, DECRYPT)) for one in access.actions
    )


def _is_shut_out(case: TopicCase, access: Access) -> bool:
    """True for Connect on behalf of others than the instances that stream to the topic."""
    known = access.party.kind == INSTANCE and access.party.name in _trusted(case)
    return access.party.kind in _CONNECT and not known


def _trusted(case: TopicCase) -> frozenset[str]:
    """The instances that are known, and those that the policy names outright."""
    named = (one for one in case.named_instances if is_uuid(one.instance_id))
    return frozenset(map(str, (*case.instances, *named)))
