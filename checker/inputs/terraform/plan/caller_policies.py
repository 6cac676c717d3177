"""Declares the identity policies of a plan or state that may start chat streams.

Terraform reads back all inline policies of a role into the role. In a plan, those that the configuration does not set
are not declared; in a state, those with the name of a policy resource of the role are the same policy.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from checker.analysis.caller_policy import is_about_streaming
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.declared import DeclaredPolicy
from checker.inputs.terraform.identity_policies import INLINE, OWNERS, ROLE
from checker.inputs.terraform.plan.policy_document import PlannedBlock
from checker.policy.node import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.analysis.inventory import Place
    from checker.inputs.terraform.plan.plan import Plan
    from checker.inputs.terraform.plan.resource import Resource
    from checker.policy.node import Node


def caller_policies(plan: Plan) -> Iterator[DeclaredPolicy]:
    """Yield the known policies of the resources of a plan. One that cannot be read is left to the tools for IAM."""
    owners = _Owners(plan)
    resources = [one for one in plan.resources if one.type in OWNERS]
    for one in resources:
        yield from _declared(one, one.place("policy"), owners.of(one), partial(plan.policy, one, "policy"))
    attached = {(owners.of(one), name) for one in resources if isinstance(name := one.text("name"), str)}
    for role in plan.resources:
        for block in _inline_policies(plan, role) if role.type == ROLE else ():
            if (role.address, text_of(block.value("name"))) not in attached:
                read = partial(plan.policy_of, block, "policy")
                yield from _declared(role, role.place(INLINE), role.address, read)


def _inline_policies(plan: Plan, role: Resource) -> Iterator[PlannedBlock]:
    if not plan.has_configuration or plan.origins.is_set(role, INLINE):
        yield from (one for one in plan.block(role).blocks(INLINE) if isinstance(one, PlannedBlock))


def _declared(
    resource: Resource, place: Place, owner: str, read: Callable[[], Node | Unknown | None]
) -> Iterator[DeclaredPolicy]:
    try:
        policy = read()
    except InputError:
        return
    if is_about_streaming(policy):
        yield DeclaredPolicy(resource.address, place, (owner,), policy)


class _Owners:
    """Finds the role, user or group that alone has a policy."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.by_name: dict[tuple[str, object], list[str]] = {}
        for one in plan.resources:
            self.by_name.setdefault((one.type, one.text("name")), []).append(one.address)

    def of(self, policy: Resource) -> str:
        """Return the address of the owner, or its name; empty if others may have the policy."""
        name = OWNERS[policy.type]
        if not name:
            return ""
        kind = f"aws_iam_{name}"
        value = policy.text(name)
        if isinstance(value, Unknown):
            source = self.plan.origins.one(policy, name)
            return source.resource if source is not None and source.type == kind else ""
        addresses = self.by_name.get((kind, value), [])
        return addresses[0] if len(addresses) == 1 else "" if addresses else value or ""
