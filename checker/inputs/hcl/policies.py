"""The policy that an argument holds, in whatever way it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.hcl.attributes import written_argument
from checker.inputs.hcl.decode import decode
from checker.inputs.hcl.values import is_put_together, why_unknown
from checker.policy.node import Node, Scalar

if TYPE_CHECKING:
    from checker.inputs.hcl.session import Instance


def policy_of(instance: Instance, name: str) -> Node | Unknown | None:
    """Give the policy as an object; ``None`` where none is set.

    A fault in its text is noted, and the policy is Unknown.
    """
    node = written_argument(instance, name)
    if node is None or not isinstance(node, Scalar):
        return node
    why = why_unknown(node)
    if why is not None and not is_put_together(node):
        return why
    if node.value == "":
        return None
    try:
        return decode(node)
    except InputError as error:
        instance.module.session.faults.append(error)
        return Unknown(error.reason)
