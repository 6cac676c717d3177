"""A plan or state as a whole: its resources, and what is written for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.terraform.plan.masking import parse_sensitive
from checker.inputs.terraform.plan.origins import Origins, named
from checker.inputs.terraform.plan.plan_index import has_marks
from checker.inputs.terraform.plan.policy_document import Arguments, policy_of
from checker.inputs.terraform.plan.resource import AFTER_APPLY
from checker.policy.node import text_of

if TYPE_CHECKING:
    from checker.inputs.terraform.plan.plan_index import Outline
    from checker.inputs.terraform.plan.resource import Resource, ShownSource
    from checker.policy.node import Node


class Plan:
    """The resources as they will be, and the references between them."""

    def __init__(self, source: ShownSource, outline: Outline, resources: list[Resource]) -> None:
        self.source = source
        self.outline = outline
        self.resources = resources
        self.documents = {one.address: one for one in resources if one.type == "aws_iam_policy_document"}
        self.origins = Origins(outline, resources)

    @property
    def has_configuration(self) -> bool:
        """False for a state, which only says what is there."""
        return self.outline.root is not None

    def policy(self, resource: Resource, name: str, own: str = "") -> Node | Unknown | None:
        """The policy that an attribute holds; ``own`` is the ARN of its resource. Raises InputError.

        ``None`` where it is not set.
        """
        node = resource.node(name)
        if node is None or text_of(node) == "":
            return self._unknown_policy(resource, name) if resource.lacks(name) else None
        if has_marks(resource.sensitive, name):
            return parse_sensitive(node, f"{resource.address}.{name}", own)
        self.source.show(node)
        return node

    def _unknown_policy(self, resource: Resource, name: str) -> Node | Unknown:
        """A policy that is known after the apply; one of a document is put together of what is known."""
        references = self.origins.of(resource, name)
        if len({one.resource for one in references}) == 1 and references[0].resource in self.documents:
            return self._document(self.documents[references[0].resource])
        return Unknown(AFTER_APPLY, named(references) or f"{resource.address}.{name}")

    def _document(self, document: Resource) -> Node:
        if not has_marks(document.sensitive):
            self.source.show(document.node("statement") or document.values)
        found = self.origins.references.setting(document.address)
        written = found[0].expressions if found else {}
        given = Arguments(document, lambda written: named(self.origins.of_expression(document, written)))
        return policy_of(given, written)
