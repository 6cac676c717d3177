"""Makes the resources and data sources of a module available for declaration."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from checker.analysis.inventory import Place
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.declared import Where
from checker.inputs.terraform.awscc import name_in
from checker.inputs.terraform.declare import tags_in
from checker.inputs.terraform.hcl.render import decode
from checker.inputs.terraform.hcl.values import is_composed, text, truth, why_unknown
from checker.inputs.terraform.module.attributes import (
    arn_of,
    composed_arns,
    conditions_of,
    place_of,
    text_argument,
    written_argument,
)
from checker.inputs.terraform.module.expand import Nested
from checker.inputs.text import TextDocument
from checker.policy.node import Array, Member, Object, Scalar

if TYPE_CHECKING:
    from checker.core.arn import Arn
    from checker.inputs.terraform.hcl.body import Argument
    from checker.inputs.terraform.module.session import Instance
    from checker.policy.model import Value
    from checker.policy.node import Node


_SHOWN = (
    *("name", "fifo_topic", "kms_master_key_id", "policy", "topic_arn", "arn", "key_id"),
    *("topic_name", "policy_document", "topics", "key_policy", "alias_name"),
)


class ModuleResource:
    """An instance of a resource, as ``checker.inputs.terraform.declare`` reads it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.address = instance.address
        self.kind = instance.kind

    @cached_property
    def arn(self) -> Arn | Unknown:
        """The ARN, if all its parts are known."""
        return arn_of(self.instance)

    @property
    def where(self) -> Where:
        """The Region and account, according to its provider."""
        provider = place_of(self.instance)
        return Where(provider.region, provider.account)

    @property
    def named(self) -> bool:
        """True if the user named the file."""
        return self.instance.block.header.source.name in self.instance.module.session.named

    @property
    def conditions(self) -> tuple[str, ...]:
        """The unknown expressions that decide whether the resource exists."""
        return conditions_of(self.instance)

    @property
    def references(self) -> tuple[str, ...]:
        """The ARNs that a module can compose for a topic whose ARN is unknown."""
        is_open = self.kind in ("aws_sns_topic", "awscc_sns_topic") and isinstance(self.arn, Unknown)
        return tuple(composed_arns(self.instance)) if is_open else ()

    @property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """The known tags."""
        tags = self.value("tags")
        pairs = ((key, text(value)) for key, value in tags_in(tags))
        return tuple((key, value) for key, value in pairs if isinstance(value, str))

    def text(self, name: str) -> Value | None:
        """Return an argument as text; ``None`` if it is not set or empty."""
        value = text_argument(self.instance, name_in(self.kind, name))
        return None if value == "" else value

    def texts(self, name: str) -> tuple[Value, ...]:
        """Return the items of a list argument as texts; empty if it is not set."""
        node = self.value(name)
        found = map(text, node.items if isinstance(node, Array) else () if node is None else (node,))
        return tuple(one for one in found if one is not None)

    def flag(self, name: str) -> bool | Unknown | None:
        """Return a boolean argument; ``None`` if it is not set, Unknown if it is not a boolean."""
        node = self.value(name)
        found = None if node is None else truth(node)
        return Unknown("not a boolean") if node is not None and found is None else found

    def value(self, name: str) -> Node | None:
        """Return an argument; ``None`` if it is missing or null."""
        return written_argument(self.instance, name_in(self.kind, name))

    def blocks(self, name: str) -> tuple[Nested | Scalar, ...]:
        """Return the nested blocks of a type; an unknown value stands for an unknown number of blocks."""
        return Nested(self.instance.block, self.instance.scope).blocks(name)

    def json(self, name: str) -> Node | Unknown | None:
        """Return an argument that is JSON in a string, as policies are; ``None`` if it is not set or empty."""
        return self.policy(name)

    def policy(self, name: str) -> Node | Unknown | None:
        """Return the policy as an object; ``None`` if it is not set.

        An error in its text is noted, and the policy becomes Unknown.
        """
        node = self.value(name)
        if node is None or not isinstance(node, Scalar):
            return node
        why = why_unknown(node)
        if why is not None and not is_composed(node):
            return why
        return None if node.value == "" else self._decoded(node)

    def _decoded(self, node: Scalar) -> Node | Unknown:
        try:
            return decode(node)
        except InputError as error:
            self.instance.module.session.faults.append(error)
            return Unknown(error.reason)

    def place(self, *names: str) -> Place:
        """Return the place of the first of these arguments that is set, or of the resource."""
        names = tuple(name_in(self.kind, name) for name in names)
        body, header = self.instance.block.body, self.instance.block.header
        members = tuple(
            _member(argument)
            for name, argument in body.arguments.items()
            if name in _SHOWN and argument.at.source is header.source
        )
        document = TextDocument(header.source, Object(members, *header))
        return Place(document, next(((name,) for name in names if name in body.arguments), ()))


def _member(argument: Argument) -> Member:
    value = Scalar(None, *argument.expression.at)
    return Member(argument.name, value, argument.at.start, argument.at.end)
