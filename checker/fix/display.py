"""A corrected statement to be copied by hand, in the language of the file that it belongs in."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from checker.fix.block_text import Lines, statement_text
from checker.fix.blocks import is_blocks
from checker.fix.edits import CannotEditError
from checker.fix.hcl_flow import HclFlow
from checker.fix.layers import file_of
from checker.fix.style import AT_THE_MARGIN
from checker.fix.template_flow import TemplateFlow
from checker.fix.yaml_block import YamlBlock
from checker.inputs.text import is_yaml
from checker.policy.change import Called
from checker.policy.node import Array, Node, Object
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator


def written_out(statement: Node, root: Node, name: str) -> Iterator[str]:
    """Write a statement for the file ``name`` in which the policy ``root`` stands, line by line."""
    yield from "".join(_chunks(_plain(statement), root, name)).split("\n")


def _chunks(statement: Node, root: Node, name: str) -> list[str]:
    source = file_of(root.source)
    if name.endswith(".tf"):
        return _hcl(statement, root)
    if is_yaml(source) or name.endswith((".yaml", ".yml")):
        return ["- ", *YamlBlock().inside(statement, "  ", source)]
    return _ShownFlow().node(statement, AT_THE_MARGIN, None)


def _hcl(statement: Node, root: Node) -> list[str]:
    if is_blocks(root):
        with suppress(CannotEditError):  # conditions that are not known cannot be told apart
            return statement_text(HclFlow(), statement, "", Lines("\n", "  "))
    return HclFlow().node(statement, AT_THE_MARGIN, None)


class _ShownFlow(TemplateFlow):
    """JSON for people, who know what a name stands for also where JSON cannot say it."""

    def reference(self, name: str) -> str:
        return super().reference(name) if "#" in name else f'"${{{name}}}"'


def _plain(node: Node) -> Node:
    """The statement with names in the place of what is not known."""
    if isinstance(node, Array):
        return node._replace(items=tuple(map(_plain, node.items)))
    if isinstance(node, Object):
        return node._replace(members=tuple(m._replace(value=_plain(m.value)) for m in node.members))
    value = node.value
    if isinstance(value, Unknown):
        return node._replace(value=Called(value.where) if value.where else f"<{value.reason}>")
    return node
