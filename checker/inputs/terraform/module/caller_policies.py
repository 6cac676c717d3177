"""Declares the identity policies of a root's roles, users and groups that may start chat streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.caller_policy import is_about_streaming
from checker.core.unknown import Unknown
from checker.inputs.declared import DeclaredPolicy
from checker.inputs.terraform.identity_policies import INLINE, OWNERS, ROLE
from checker.inputs.terraform.module.declare import ModuleResource
from checker.inputs.terraform.module.expand import Nested

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.terraform.module.session import Instance


def caller_policies(instances: Iterable[Instance]) -> Iterator[DeclaredPolicy]:
    """Yield the policies of resources with such a type."""
    for resource in map(ModuleResource, instances):
        if resource.kind == ROLE:
            yield from _inline(resource)
            continue
        policy = resource.policy("policy")
        if is_about_streaming(policy):
            owner = resource.text(OWNERS[resource.kind]) if OWNERS[resource.kind] else None
            # A reference such as `aws_iam_role.chat.id` names the resource before its attribute.
            name = owner.where.rpartition(".")[0] if isinstance(owner, Unknown) else owner or ""
            place = resource.place("policy")
            yield DeclaredPolicy(resource.address, place, (name,), policy, resource.conditions)


def _inline(role: ModuleResource) -> Iterator[DeclaredPolicy]:
    for block in role.blocks(INLINE):
        node = block.value("policy") if isinstance(block, Nested) else None
        policy = block.document(node) if isinstance(block, Nested) and node is not None else None
        if is_about_streaming(policy):
            yield DeclaredPolicy(role.address, role.place(), (role.address,), policy, role.conditions)
