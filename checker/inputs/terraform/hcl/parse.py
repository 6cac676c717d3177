"""Parses HCL text into blocks and arguments.

The native syntax is supported: https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.inputs.terraform.hcl.body import Argument, Block, Body
from checker.inputs.terraform.hcl.limits import MAX_DEPTH
from checker.inputs.terraform.hcl.lowering import children, lower
from checker.inputs.terraform.hcl.syntax_tree import syntax_tree

if TYPE_CHECKING:
    from tree_sitter import Node

    from checker.inputs.terraform.hcl.expression import Expression
    from checker.inputs.terraform.hcl.syntax_tree import SyntaxTree
    from checker.policy.source import Source


def parse(source: Source, text: str | None = None) -> Body:
    """Parse a file. Raises InputError, with the position, for invalid HCL and exceeded limits.

    ``text`` is the text of the file in which parts are replaced by blanks.
    """
    if text is not None and (not text or text.isspace()):
        return Body({}, ())
    tree = syntax_tree(source, text)
    inside = children(tree.root)
    if inside and inside[0].type != "body":
        raise _unexpected(tree, inside[0])
    return _body(tree, inside[0] if inside else None, 0)


def parse_value(source: Source) -> Expression:
    """Parse text with one argument and return its expression. Raises InputError."""
    body = parse(source)
    argument = next(iter(body.arguments.values()), None)
    if argument is None:
        length = len(source.text)
        raise InputError(source.name, "expected an expression", source.position(0, min(1, length)))
    return argument.expression


def _unexpected(tree: SyntaxTree, node: Node, help_text: str = "") -> InputError:
    shown = tree.word(node).split("\n", 1)[0]
    position = tree.source.position(tree.start(node), tree.start(node) + 1)
    return InputError(tree.source.name, f"unexpected `{shown[:40]}`", position, help_text=help_text)


def _body(tree: SyntaxTree, node: Node | None, depth: int) -> Body:
    arguments: dict[str, Argument] = {}
    blocks: list[Block] = []
    last: Node | None = None
    for child in children(node) if node is not None else ():
        if last is not None and "\n" not in tree.source.text[tree.end(last) : tree.start(child)]:
            raise _unexpected(tree, child, "each argument and block begins on a line of its own")
        last = child
        if child.type == "attribute":
            one = _argument(tree, child, depth)
            arguments.setdefault(one.name, one)
        elif depth < MAX_DEPTH:
            blocks.append(_block(tree, child, depth + 1))
    return Body(arguments, tuple(blocks))


def _argument(tree: SyntaxTree, node: Node, depth: int) -> Argument:
    name, _, value = children(node)
    return Argument(tree.word(name), tree.at(name), lambda: lower(tree, value, depth))


def _block(tree: SyntaxTree, node: Node, depth: int) -> Block:
    inside = children(node)
    words = [one for one in inside if one.type in ("identifier", "string_lit")]
    body = next((one for one in inside if one.type == "body"), None)
    return Block(
        tree.word(words[0]),
        tuple(tree.word(one).strip('"') for one in words[1:]),
        _body(tree, body, depth),
        tree.at(node),
        tree.at(words[0], words[-1]),
    )
