"""Inserts local files into a template where it includes them, as `aws cloudformation package` uploads them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.inputs.cloudformation.nested import local_file
from checker.inputs.discover import home_of, name_of
from checker.inputs.text import TextDocument, parse_text, read_text
from checker.policy.node import Array, Object, items, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.inputs.collect import Facts
    from checker.policy.node import Member, Node


INCLUDE = "AWS::Include"
_TRANSFORMS = ("Fn::Transform", "Transform")
_MOST = 50
"""The maximum number of inclusions in a template."""


def with_includes(path: Path, document: TextDocument, facts: Facts) -> TextDocument:
    """Return a template with the content of the local files that it includes. Those not read are reported."""
    if INCLUDE not in document.source.text:
        return document
    return document._replace(root=_Inserter(path, document, facts).node(document.root))


class _Inserter:
    def __init__(self, path: Path, document: TextDocument, facts: Facts) -> None:
        self.path = path
        self.document = document
        self.facts = facts
        self.count = 0

    def node(self, node: Node) -> Node:
        if isinstance(node, Array):
            return node._replace(items=tuple(map(self.node, node.items)))
        if not isinstance(node, Object):
            return node
        members = (one for member in node.members for one in self.members(member))
        return node._replace(members=tuple(members))

    def members(self, member: Member) -> Iterator[Member]:
        """Return a member, or the members of the file that it includes."""
        name = _location(member)
        content = self.content(name, member) if name is not None else None
        if content is not None:
            yield from content.members
        else:
            yield member._replace(value=self.node(member.value))

    def count_one(self, name: str) -> None:
        """Count an inclusion. Raises InputError beyond the limit."""
        self.count += 1
        if self.count > _MOST:
            raise InputError(name, f"a template includes more than {_MOST} files")

    def content(self, name: str, member: Member) -> Object | None:
        """Read an included file; ``None`` if it is not an object. CloudFormation does not include files in it."""
        child = self.path.parent / name
        try:
            self.count_one(name)
            root = parse_text(name_of(child), read_text(child)).root
        except InputError as error:
            where = member.value.source.position(member.start, member.end)
            reason = f"the included file `{name}` was not read: {error.reason}"
            self.facts.skipped.append(Skipped(self.document.name, reason, position=where, help=error.help))
            return None
        self.facts.opened.add(home_of(child))
        return root if isinstance(root, Object) else None


def _location(member: Member) -> str | None:
    """Return the local file that a transform includes; ``None`` for any other member."""
    calls = items(member.value)
    call = calls[0] if len(calls) == 1 and member.key in _TRANSFORMS else None
    if not isinstance(call, Object) or text_of(call.get("Name")) != INCLUDE:
        return None
    parameters = call.get("Parameters")
    location = text_of(parameters.get("Location")) if isinstance(parameters, Object) else None
    return location if location is not None and local_file(location) else None
