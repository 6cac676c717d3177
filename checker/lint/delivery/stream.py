"""Checks whether a subscribed delivery stream receives a topic's messages through the subscription's role.

https://docs.aws.amazon.com/sns/latest/dg/prereqs-kinesis-data-firehose.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.unknown import Truth, Unknown, all_of
from checker.iam.prove import prove
from checker.iam.prove.service_space import role_space, trust_space
from checker.lint.delivery.model import DeliveryWarning, Step, exists_step, step, target_of
from checker.lint.status import OK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.endpoints import Role, Stream


WRITE = ("firehose:PutRecord", "firehose:PutRecordBatch")
LOOK = (
    "firehose:DescribeDeliveryStream",
    "firehose:ListDeliveryStreams",
    "firehose:ListTagsForDeliveryStream",
)
"""The additional actions that AWS recommends."""
_ACTIVE = "ACTIVE"
_BOUNDARY = Unknown("a permissions boundary may restrict the role")
_TRUST_HELP = "allow sns.amazonaws.com to do `sts:AssumeRole` in the role's trust policy"
_MAY_HELP = f"allow the role to do {' and '.join(f'`{action}`' for action in WRITE)} on the stream"
_STREAM_HELP = "subscribe an existing delivery stream that is ACTIVE"


def role_steps(role: Role | Unknown | None, stream: Arn, topic: Arn) -> tuple[Step, ...]:
    """Check the role of the subscription; ``None`` if the subscription has none."""
    if role is None:
        return (
            step("role", truth=False, good="", bad="the subscription has no role", help_text=_TRUST_HELP),
        )
    first = exists_step("role", role, "the subscription's role does not exist", _TRUST_HELP)
    if isinstance(role, Unknown) or first.status != OK:
        return (first,)
    trusted = _trusts(role, topic)
    return (
        step("role", trusted, f"`{role.name}` trusts SNS", f"`{role.name}` does not trust SNS", _TRUST_HELP),
        step(
            "role_policy",
            all_of(may(role, action, stream) for action in WRITE),
            "the role can write to the stream",
            "the role cannot write to the stream",
            _MAY_HELP,
        ),
    )


def _trusts(role: Role, topic: Arn) -> Truth:
    if isinstance(role.trust, Unknown):
        return role.trust
    return prove.one_request(role.trust.policy, trust_space(target_of(role), topic)).truth


def may(role: Role, action: str, stream: Arn) -> Truth:
    """Return whether the policies of a role together allow an action."""
    if isinstance(role.policy, Unknown):
        return role.policy
    if isinstance(role.arn, Unknown):
        return role.arn
    allowed = prove.one_request(role.policy.policy, role_space(role.arn, action, str(stream))).truth
    return _BOUNDARY if role.bounded and allowed is True else allowed


def stream_step(stream: Stream | Unknown) -> Step:
    """Check the stream itself."""
    first = exists_step("stream", stream, "the delivery stream does not exist", _STREAM_HELP)
    if isinstance(stream, Unknown) or first.status != OK:
        return first
    if isinstance(stream.status, Unknown):
        return step("stream", stream.status, "", "")
    destinations = (
        " and ".join(f"`{one}`" for one in stream.destinations) or "a destination that is not known"
    )
    name = stream.arn.resource if isinstance(stream.arn, Arn) else stream.name
    good = f"`{name}` is {stream.status} and writes to {destinations}"
    return step(
        "stream", stream.status == _ACTIVE, good, f"the delivery stream is {stream.status}", _STREAM_HELP
    )


def role_warnings(role: Role, stream: Arn) -> Iterator[DeliveryWarning]:
    """Report recommended permissions that the role lacks."""
    lacking = [action for action in LOOK if may(role, action, stream) is False]
    if lacking:
        yield DeliveryWarning(
            f"the role lacks {', '.join(f'`{action}`' for action in lacking)}, which AWS recommends",
            "add the actions to the role's policy",
        )
