"""The resources of a template, as far as they tell what streams chats to a topic, whatever its conditions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.finding import Symbol
from checker.inputs.cloudformation.evaluation import Evaluation
from checker.inputs.cloudformation.texts import exported_as
from checker.inputs.senders import Part, is_part
from checker.policy.node import Array, Object, items, text_of
from checker.policy.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.cloudformation.sections import Resource, Template
    from checker.policy.node import Node
    from checker.policy.plain import Plain

_NAMES = ("RoleName", "UserName", "GroupName", "ManagedPolicyName", "FunctionName")
_SERVERLESS = {"AWS::Serverless::Function": "Function", "AWS::Serverless::StateMachine": "StateMachine"}
_VARIABLE = re.compile(r"\$\{(\w+)((?:\.[\w.]+)?)\}")


def parts_of(template: Template, given: Mapping[str, str]) -> Iterator[Part]:
    """Give what is written in a template that speaks of Connect."""
    if "connect" not in template.document.source.text.lower():
        return
    reader = _Reader(template, Evaluation(template, given))
    for resource in template.resources.values():
        if is_part(resource.type):
            yield reader.part(resource)


class _Reader:
    """Writes references as the names that the template's resources have elsewhere."""

    def __init__(self, template: Template, evaluation: Evaluation) -> None:
        self.template = template
        self.evaluation = evaluation
        root = template.document.root
        found = root.get("Globals") if isinstance(root, Object) else None
        self.globals = found if isinstance(found, Object) else None

    def part(self, resource: Resource) -> Part:
        written = resource.properties
        names = [written.get(name) for name in _NAMES] if isinstance(written, Object) else []
        texts = (text_of(name) for name in names if name is not None)
        arguments = self.plain(written) if isinstance(written, Object) else {}
        return Part(
            self.template.symbol(resource.logical),
            resource.type,
            tuple(text for text in texts if text),
            [arguments, *self.of_all(resource.type)],
        )

    def of_all(self, kind: str) -> Iterator[Plain]:
        """Give what SAM sets for all functions of a template."""
        section = self.globals.get(_SERVERLESS.get(kind, "")) if self.globals is not None else None
        if section is not None:
            yield self.plain(section)

    def plain(self, node: Node) -> Plain:
        """Turn properties into plain values."""
        if isinstance(node, Array):
            return [self.plain(one) for one in node.items]
        if not isinstance(node, Object):
            return plain(node)
        call = _CALLS.get(node.members[0].key) if len(node.members) == 1 else None
        if call is not None:
            return call(self, node.members[0].value)
        return {member.key: self.plain(member.value) for member in node.members}

    def reference(self, node: Node) -> Plain:
        """`Ref`, and `Fn::GetAtt` in both of its forms."""
        logical, _, attribute = ".".join(text_of(one) or "" for one in items(node)).partition(".")
        known = logical in self.template.resources
        return Symbol(self.template.symbol(logical, attribute) if known else f"${{{logical}}}")

    def substituted(self, node: Node) -> Plain:
        """`Fn::Sub`, with the values that it is given beside the text."""
        text, *values = items(node) or (node,)
        filled = _VARIABLE.sub(self.variable, text_of(text) or "")
        return [filled, *map(self.plain, values)]

    def variable(self, match: re.Match[str]) -> str:
        """Name the resource that a variable of a text means."""
        known = match[1] in self.template.resources
        return f"${{{self.template.symbol(match[1])}{match[2]}}}" if known else match[0]

    def joined(self, node: Node) -> Plain:
        """`Fn::Join` of what is known one by one."""
        separator, listed = (*items(node), node, node)[:2]
        pieces = [self.plain(one) for one in items(listed)]
        texts = [_written(one) for one in pieces]
        return [(text_of(separator) or "").join(texts), *pieces]

    def imported(self, node: Node) -> Plain:
        """`Fn::ImportValue`, by the name that the other template's resource has for it."""
        text = self.evaluation.text(node)
        return Symbol(exported_as(text)) if text is not None else self.plain(node)


def _written(value: Plain) -> str:
    """Write a piece of a text, one that is not known by its name."""
    if isinstance(value, Symbol):
        return value.name if "${" in value.name else f"${{{value.name}}}"
    return value if isinstance(value, str) else ""


_CALLS = {
    "Ref": _Reader.reference,
    "Fn::GetAtt": _Reader.reference,
    "Fn::Sub": _Reader.substituted,
    "Fn::Join": _Reader.joined,
    "Fn::ImportValue": _Reader.imported,
}
