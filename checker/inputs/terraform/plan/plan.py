"""Represents a plan or state: its resources and their configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.sensitive import parse_sensitive
from checker.inputs.terraform import declare
from checker.inputs.terraform.address import split, without_indices
from checker.inputs.terraform.declare import POLICIES
from checker.inputs.terraform.plan.configuration import is_null, mapping, references_of
from checker.inputs.terraform.plan.plan_index import TYPES, has_marks
from checker.inputs.terraform.plan.policy_document import PlannedBlock
from checker.inputs.terraform.plan.resource import AFTER_APPLY, DEFERRED, NOT_IN_PLAN
from checker.inputs.terraform.plan.trace import PlanReference, References, follow
from checker.inputs.terraform.policy_document import document_of
from checker.policy.node import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.inputs.terraform.plan.configuration import Setting
    from checker.inputs.terraform.plan.plan_index import Outline
    from checker.inputs.terraform.plan.resource import Resource
    from checker.inputs.terraform.plan.trace import Scope
    from checker.policy.model import Value
    from checker.policy.node import Node
    from checker.policy.source import Source


def is_left_out(name: str, scope: Scope, setting: Setting, variables: Mapping[str, object]) -> bool:
    """True for an attribute that is not set, or set to a variable without a value."""
    expression = setting.expressions.get(name)
    for _ in range(len(split(scope.address)) + 1):
        if expression is None or is_null(expression):
            return True
        steps = [split(one) for one in references_of(expression)]
        if len(steps) != 1 or len(steps[0]) != 2 or steps[0][0].name != "var":
            return False
        name = steps[0][1].name
        if scope.call is None or scope.outer is None:
            given = mapping(variables.get(name))
            return "value" in given and given["value"] is None
        expression = scope.call.setting.expressions.get(name)
        if expression is None:
            default = mapping(scope.module.variables.get(name))
            return "default" in default and default["default"] is None
        scope = scope.outer
    return False


_MOST_NAMED = 3
_OWNERS = frozenset(one.owner for one in POLICIES.values())
_TOPIC = ("aws_sns_topic", "awscc_sns_topic")
_KEY = tuple(one for one in declare.TYPES if "_kms_" in one and not one.endswith(("_policy", "_grant")))
_MEANT = {
    "arn": _TOPIC,
    "topic_arn": _TOPIC,
    "topics": _TOPIC,
    "key_id": _KEY,
    "kms_master_key_id": _KEY,
    "target_key_id": _KEY,
    "primary_key_arn": _KEY,
}
"""Resource types that an attribute names; other resources in its expression only affect the choice."""


class Origins:
    """Resolves attributes in the configuration of a plan; empty for a state."""

    def __init__(self, outline: Outline, resources: list[Resource]) -> None:
        self.outline = outline
        self.references = References(outline.root, frozenset(one.address for one in resources))

    def is_set(self, resource: Resource, name: str) -> bool:
        """True for an attribute that the configuration sets; AWS fills in some others."""
        found = self.references.setting(resource.address)
        if found is None or is_left_out(name, found[1], found[0], self.outline.variables):
            return False
        return resource.deferred or not resource.lacks(name) or self._may_be_unknown(resource, name)

    def _may_be_unknown(self, resource: Resource, name: str) -> bool:
        """True unless an unknown attribute has only known sources, so that AWS fills it in."""
        return any(
            one.hidden or without_indices(one.resource) in self.outline.unsettled
            for one in self.of(resource, name)
        )

    def of(self, resource: Resource, name: str) -> tuple[PlanReference, ...]:
        """Return the sources of an attribute that may be unknown during planning."""
        found = self.references.setting(resource.address)
        return self.of_expression(resource, found[0].expressions.get(name)) if found else ()

    def of_expression(self, resource: Resource, expression: object) -> tuple[PlanReference, ...]:
        """Return the sources of any expression of a resource."""
        references = follow(self.references, resource.address, expression)
        return tuple(one for one in references if not self._is_absent(one)) or references

    def _is_absent(self, reference: PlanReference) -> bool:
        """True for a missing instance, as in the unused branch of a condition."""
        steps = {step.name for step in split(reference.resource)}
        gone = not self.references.knows(reference.resource)
        return gone and not steps.isdisjoint(TYPES) and "data" not in steps

    def one(self, resource: Resource, name: str) -> PlanReference | None:
        """Return the only resource that an attribute comes from; ``None`` if it is ambiguous."""
        found = self.of(resource, name)
        if any(one.hidden for one in found):
            return None
        meant = [one for one in found if one.type in _MEANT.get(name, ())] or list(found)
        return meant[0] if len({one.resource for one in meant}) == 1 else None

    def value(self, resource: Resource, name: str) -> Value | None:
        """Return a text; an unknown text has the name of the only resource that it comes from."""
        value = resource.text(name)
        if not isinstance(value, Unknown):
            return value
        one = self.one(resource, name)
        if one is not None:
            return value._replace(where=one.text)
        if name in _OWNERS:
            return value  # two unknown owners must not count as the same owner
        return value._replace(where=named(self.of(resource, name)) or value.where)


def named(references: tuple[PlanReference, ...]) -> str:
    """Return a name for the sources of a value."""
    return ", ".join(dict.fromkeys(one.text for one in references[:_MOST_NAMED]))


class Plan:
    """The planned resources and the references between them."""

    def __init__(self, source: Source, outline: Outline, resources: list[Resource]) -> None:
        self.source = source
        self.outline = outline
        self.resources = resources
        self.documents = {one.address: one for one in resources if one.type == "aws_iam_policy_document"}
        self.origins = Origins(outline, resources)

    @property
    def has_configuration(self) -> bool:
        """False for a state, which has no configuration."""
        return self.outline.root is not None

    def policy(self, resource: Resource, name: str, own: str = "") -> Node | Unknown | None:
        """Return the policy in an attribute; ``own`` is the ARN of its resource. Raises InputError.

        ``None`` where it is not set.
        """
        if resource.deferred:
            return Unknown(DEFERRED, f"{resource.address}.{name}")
        node = resource.node(name)
        if node is None or text_of(node) == "":
            return self._unknown_policy(resource, name) if resource.lacks(name) else None
        if has_marks(resource.sensitive, name):
            return parse_sensitive(node, f"{resource.address}.{name}", own)
        return node

    def _unknown_policy(self, resource: Resource, name: str) -> Node | Unknown:
        """Return a policy known only after apply."""
        return self._rendered(self.origins.of(resource, name), f"{resource.address}.{name}")

    def _rendered(self, references: tuple[PlanReference, ...], name: str) -> Node | Unknown:
        """Return the policy that comes from some sources; a policy document is rendered from its known parts."""
        if len({one.resource for one in references}) == 1 and references[0].resource in self.documents:
            return document_of(self.block(self.documents[references[0].resource]))
        reason = NOT_IN_PLAN if self.has_configuration else AFTER_APPLY
        return Unknown(reason, named(references) or name)

    def policy_of(self, block: PlannedBlock, name: str) -> Node | Unknown | None:
        """Return the policy in an argument of a nested block. Raises InputError.

        ``None`` where it is not set.
        """
        resource, path = block.resource, (*block.path, name)
        if resource.lacks(*path):
            references = self.origins.of_expression(resource, block.written.get(name))
            return self._rendered(references, resource.address)
        node = block.node.get(name)
        hidden = node is not None and resource.hides(*path)
        return parse_sensitive(node, resource.address) if node is not None and hidden else node

    def block(self, resource: Resource) -> PlannedBlock:
        """Return a resource as a block, with the expressions of its arguments."""
        found = self.origins.references.setting(resource.address)

        def name(expression: object) -> str:
            return named(self.origins.of_expression(resource, expression))

        return PlannedBlock(resource, resource.values, (), found[0].expressions if found else {}, name)
