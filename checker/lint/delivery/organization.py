"""Checks whether organization policies deny SNS the delivery to a queue or delivery stream.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.delivery_permission import may_assume, may_send, may_use_queue_key, may_write
from checker.analysis.inventory import Key
from checker.core.arn import Arn
from checker.core.unknown import all_of
from checker.lint.delivery.model import Step, step
from checker.lint.delivery.regions import principals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.endpoints import Queue
    from checker.analysis.inventory import Organization
    from checker.analysis.organization import Permission
    from checker.core.unknown import Unknown


_HELP = "exempt {caller} in the organization policy; only an administrator of the organization can change it"


def queue_organization_steps(
    queue: Queue, key: Key | Unknown | None, topic: Arn, organization: Organization | None
) -> Iterator[Step]:
    """Yield the step for the policies of the owners of a queue and of its customer managed key."""
    if organization is None or not isinstance(queue.arn, Arn):
        return
    names = principals(topic, queue.arn)
    asked = [("the queue", may_send(organization, queue.arn, topic, names))]
    if isinstance(key, Key) and key.manager != "AWS" and isinstance(key.arn, Arn):
        asked.append(("the key of the queue", may_use_queue_key(organization, key.arn, topic, names)))
    yield _step(asked, "sns.amazonaws.com")


def stream_organization_steps(
    stream: Arn, role: Arn | Unknown | None, topic: Arn, organization: Organization | None
) -> Iterator[Step]:
    """Yield the steps for the policies of the owners of a role, which SNS assumes, and of the stream it writes to."""
    if organization is not None and isinstance(role, Arn):
        yield _step([("the role", may_assume(organization, role, topic))], "sns.amazonaws.com")
        yield _step([("the delivery stream", may_write(organization, stream, role))], f"`{role}`")


def _step(asked: Sequence[tuple[str, Permission]], caller: str) -> Step:
    denied = next((one for one in asked if one[1].truth is False), None)
    bad = f"{denied[1].named} denies {caller} the use of {denied[0]}" if denied else ""
    truth = all_of(permission.truth for _, permission in asked)
    good = "no organization policy denies the delivery"
    return step("organization_policy", truth, good, bad, _HELP.format(caller=caller))
