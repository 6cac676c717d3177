"""Whether organization policies permit SNS to deliver messages to subscribed queues and delivery streams.

The policies of the account that owns the queue, its key, the stream or its role apply.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.organization import OPEN, Permission, member_organizations, permission
from checker.core.arn import Arn, is_account
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown, all_of
from checker.iam.prove.callers import ORG_ID, PRINCIPAL_ACCOUNT, PRINCIPAL_ARN
from checker.iam.prove.service_space import (
    RequestSource,
    delivery_space,
    queue_key_space,
    role_space,
    sourced_spaces,
    trust_space,
)
from checker.iam.prove.space import DATA_KEY, DECRYPT, SNS, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.inventory import Organization
    from checker.iam.prove.space import Space


def as_far_as_known(arn: Arn | Unknown, service: str, topic: Arn) -> Arn:
    """Return an ARN in which each part that is not known is `OPEN`. ``service`` and ``topic`` help if no part is."""
    if isinstance(arn, Arn):
        return arn
    text = "".join(one if isinstance(one, str) else OPEN for one in arn.pieces)
    return Arn.parse(text) or Arn(topic.partition, service, OPEN, OPEN, OPEN)


_NO_OWNER = Unknown("the account of the resource is not known")


class _Resource(NamedTuple):
    """What SNS uses, as far as it is known; ``is_any`` is true for an example, because the ARN is not known."""

    target: Target
    owner: str | Unknown
    is_any: bool

    @classmethod
    def of(cls, arn: Arn | Unknown, service: str, topic: Arn) -> _Resource:
        known = as_far_as_known(arn, service, topic)
        owner = known.account if is_account(known.account) else _NO_OWNER
        region = _NO_REGION if OPEN in known.region else known.region
        target = Target(str(known), region, owner, known.partition)
        return cls(target, owner, is_any=isinstance(arn, Unknown))


_NO_REGION = Unknown("the Region of the resource is not known")


def may_send(
    organization: Organization, queue: Arn | Unknown, topic: Arn, principals: Sequence[str] = (SNS,)
) -> Permission:
    """Return whether organization policies permit SNS to send the messages of a topic to a queue.

    ``principals`` are the possible names of SNS. SNS passes the topic as aws:SourceArn; AWS does not document whether
    it passes aws:SourceAccount.
    """
    return _unanimous([_may_send(organization, queue, topic, one) for one in principals])


def _unanimous(asked: Sequence[Permission]) -> Permission:
    """Return the permission of SNS, of which AWS may not document the name."""
    truths = [one.truth for one in asked]
    if True in truths and False in truths:
        return Permission(
            Unknown("AWS does not document the name of the SNS principal between these two Regions")
        )
    truth = all_of(truths)
    return next(one for one in asked if one.truth == truth)


def _may_send(organization: Organization, queue: Arn | Unknown, topic: Arn, principal: str) -> Permission:
    found = _Resource.of(queue, "sqs", topic)

    def forms(own: str) -> Iterator[tuple[Space, ...]]:
        owners = member_organizations(organization, topic.account, found.owner, own)
        source = RequestSource((str(topic),), (topic.account, None), owners)
        space = delivery_space(found.target, topic, principal)
        return ((one,) for one in sourced_spaces(space, source, own))

    return permission(organization, found.owner, found.target, forms, is_any=found.is_any)


def may_use_queue_key(
    organization: Organization, key: Arn | Unknown, topic: Arn, principals: Sequence[str] = (SNS,)
) -> Permission:
    """Return whether organization policies permit SNS to use the key of a queue for the messages of a topic.

    ``principals`` are the possible names of SNS. AWS does not document which source keys it passes on to KMS.
    """
    return _unanimous([_may_use_queue_key(organization, key, topic, one) for one in principals])


def _may_use_queue_key(
    organization: Organization, key: Arn | Unknown, topic: Arn, principal: str
) -> Permission:
    found = _Resource.of(key, "kms", topic)

    def forms(own: str) -> Iterator[tuple[Space, ...]]:
        source = _maybe_sourced(organization, topic, found.owner, own)
        spaces = (queue_key_space(found.target, action, principal) for action in (DATA_KEY, DECRYPT))
        yield from zip(*(sourced_spaces(space, source, own) for space in spaces), strict=True)

    return permission(organization, found.owner, found.target, forms, is_any=found.is_any)


def may_assume(organization: Organization, role: Arn, topic: Arn) -> Permission:
    """Return whether organization policies permit SNS to assume the role of a subscription.

    AWS does not document which source keys SNS passes on to AWS STS.
    """
    target = Target.of(role)

    def forms(own: str) -> Iterator[tuple[Space, ...]]:
        source = _maybe_sourced(organization, topic, role.account, own)
        return ((one,) for one in sourced_spaces(trust_space(target, topic), source, own))

    return permission(organization, role.account, target, forms)


def _maybe_sourced(organization: Organization, topic: Arn, owner: str | Unknown, own: str) -> RequestSource:
    """Return the topic as the source of a request for which AWS does not document the source keys."""
    owners = member_organizations(organization, topic.account, owner, own)
    return RequestSource((str(topic), None), (topic.account, None), owners)


_WRITE = ("firehose:PutRecord", "firehose:PutRecordBatch")


def may_write(organization: Organization, stream: Arn, role: Arn) -> Permission:
    """Return whether organization policies permit the role of a subscription to write to a delivery stream."""

    def forms(own: str) -> Iterator[tuple[Space, ...]]:
        for owner in member_organizations(organization, role.account, stream.account, own):
            known = {
                PRINCIPAL_ARN: str(role),
                PRINCIPAL_ACCOUNT: role.account,
                "aws:principalisawsservice": "false",
                **({} if owner is None else {ORG_ID: owner}),
            }
            absent = frozenset() if owner is not None else frozenset((ORG_ID,))
            spaces = (role_space(role, action, str(stream)) for action in _WRITE)
            own_spaces = (one._replace(fixed={**one.fixed, **known}, absent=absent) for one in spaces)
            yield from zip(*(sourced_spaces(one, _NO_SOURCE, own) for one in own_spaces), strict=True)

    return permission(organization, stream.account, Target.of(stream), forms)


_NO_SOURCE = RequestSource((None,), (None,), ())
"""The source of a request that is made with the credentials of a role."""
