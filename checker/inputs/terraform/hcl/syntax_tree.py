"""Parses HCL to a syntax tree of tree-sitter, and says why a text is not valid.

The grammar treats newlines as blanks, so what depends on them is checked here and in `parse`.
https://github.com/tree-sitter-grammars/tree-sitter-hcl
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import tree_sitter_hcl
from tree_sitter import Language, Parser

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.inputs.terraform.hcl.limits import check_limits
from checker.inputs.terraform.hcl.tokens import plain, unclosed
from checker.policy.node import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from checker.policy.source import Source


class SyntaxTree(NamedTuple):
    """The tree of a text; ``offsets`` has the character of each byte, ``None`` if each character is one byte."""

    root: Node
    source: Source
    offsets: Sequence[int] | None

    def at(self, first: Node, last: Node | None = None) -> Span:
        """Return the range of a node, or from a node to another one."""
        end = self.end(first if last is None else last)
        return Span(self.source, self.start(first), end)

    def start(self, node: Node) -> int:
        """Return the offset of the first character of a node."""
        return node.start_byte if self.offsets is None else self.offsets[node.start_byte]

    def end(self, node: Node) -> int:
        """Return the offset after the last character of a node."""
        return node.end_byte if self.offsets is None else self.offsets[node.end_byte]

    def word(self, node: Node) -> str:
        """Return the text of a node."""
        return self.source.text[self.start(node) : self.end(node)]


def syntax_tree(source: Source, text: str | None = None) -> SyntaxTree:
    """Parse a text. Raises InputError, with the position, for invalid HCL and exceeded limits.

    ``text`` is the text of the source in which parts are replaced by blanks.
    """
    written = source.text if text is None else text
    check_limits(source, written)
    tree = _parsed(source, written)
    if tree.root.has_error:
        tree = _parsed(source, plain(written))
    if tree.root.has_error:
        raise _fault(tree, written)
    return tree


def _parsed(source: Source, text: str) -> SyntaxTree:
    raw = text.encode("utf-8", "replace")
    offsets = None if len(raw) == len(text) else _offsets(text)
    return SyntaxTree(_parser().parse(raw).root_node, source, offsets)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_hcl.language()))


def _offsets(text: str) -> list[int]:
    """Return the character of each byte, and of the end."""
    widths = (len(one.encode("utf-8", "replace")) for one in text)
    return [*(number for number, width in enumerate(widths) for _ in range(width)), len(text)]


def _fault(tree: SyntaxTree, text: str) -> InputError:
    """Explain an invalid text: a bracket or string that is not closed, else the first unexpected character."""
    name, source = tree.source.name, tree.source
    opened = unclosed(text)
    if opened is not None:
        return InputError(name, opened.reason, source.position(opened.at, opened.at + 1))
    node = _first_error(tree.root)
    start = _after(tree, node, text)
    reason = "unexpected end of file" if start == len(text) else f"unexpected {_shown(text[start])}"
    return InputError(name, reason, source.position(start, min(start + 1, len(text))))


def _first_error(root: Node) -> Node:
    """Return the innermost error that comes first."""
    node = root
    while (inner := next(filter(_is_faulty, node.children), None)) is not None:
        node = inner
    return node


def _is_faulty(node: Node) -> bool:
    return node.has_error or node.is_error or node.is_missing


def _after(tree: SyntaxTree, node: Node, text: str) -> int:
    """Return the offset of the first character that is not part of what was understood before an error."""
    understood = [one for one in node.children if one.end_byte > one.start_byte]
    at = tree.end(understood[-1]) if understood else tree.start(node)
    return at + len(text[at:]) - len(text[at:].lstrip())


def _shown(character: str) -> str:
    return f"`{character}`" if character.isprintable() else f"character U+{ord(character):04X}"
