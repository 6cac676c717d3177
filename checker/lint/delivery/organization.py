"""Checks whether organization policies deny SNS the delivery to a queue or delivery stream.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.delivery_permission import may_assume, may_send, may_use_queue_key, may_write
from checker.analysis.inventory import Key
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import all_of
from checker.iam.prove.space import SNS
from checker.lint.delivery.model import Step, step
from checker.lint.delivery.regions import principals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.endpoints import Queue
    from checker.analysis.inventory import Organization
    from checker.analysis.organization import Permission
    from checker.core.unknown import Unknown


_HELP = "exempt {caller} in the organization policy; only an administrator of the organization can change it"


class _Use(NamedTuple):
    """The use of a resource by a caller, and whether organization policies permit it."""

    caller: str
    resource: str
    permission: Permission


def queue_organization_steps(
    queue: Queue, key: Key | Unknown | None, topic: Arn, organization: Organization | None
) -> Iterator[Step]:
    """Yield the step for the policies of the owners of a queue and of its customer managed key."""
    if organization is None:
        return
    senders = principals(topic, queue.arn) if isinstance(queue.arn, Arn) else (SNS,)
    uses = [_Use(SNS, "the queue", may_send(organization, queue.arn, topic, senders))]
    if isinstance(key, Key) and key.manager != "AWS":
        uses.append(
            _Use(SNS, "the key of the queue", may_use_queue_key(organization, key.arn, topic, senders))
        )
    yield _step(uses)


def stream_organization_steps(
    stream: Arn, role: Arn | Unknown | None, topic: Arn, organization: Organization | None
) -> Iterator[Step]:
    """Yield the step for the policies of the owners of a role, and of the delivery stream that it writes to."""
    if organization is None or not isinstance(role, Arn):
        return
    yield _step(
        [
            _Use(SNS, f"the role `{role}`", may_assume(organization, role, topic)),
            _Use(f"`{role}`", "the delivery stream", may_write(organization, stream, role)),
        ]
    )


def _step(uses: Sequence[_Use]) -> Step:
    denied = next((one for one in uses if one.permission.truth is False), uses[0])
    bad = f"{denied.permission.named} denies {denied.caller} the use of {denied.resource}"
    truth = all_of(one.permission.truth for one in uses)
    good = "no organization policy denies the delivery"
    return step("organization_policy", truth, good, bad, _HELP.format(caller=denied.caller))
