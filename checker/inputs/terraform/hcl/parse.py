"""Parses HCL text into blocks and arguments, using python-hcl2's grammar.

The native syntax is supported: https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import hcl2
from lark import Token, Tree
from lark.exceptions import LarkError, UnexpectedInput, UnexpectedToken

from checker.core.errors import InputError
from checker.inputs.terraform.hcl.body import Argument, Block, Body
from checker.inputs.terraform.hcl.limits import MAX_DEPTH, check_limits, with_plain_markers
from checker.inputs.terraform.hcl.syntax_tree import children, lower, word
from checker.policy.node import Stretch
from checker.policy.source import Source

if TYPE_CHECKING:
    from checker.core.finding import Position
    from checker.inputs.terraform.hcl.expression import Expression


_END = "$END"
_ANYTHING = "STRING_CHARS"  # the parser's token for unexpected characters


def parse(source: Source, text: str | None = None) -> Body:
    """Parse a file. Raises InputError, with the position, for invalid HCL and exceeded limits.

    ``text`` is the text of the file in which parts are replaced by blanks.
    """
    if text is not None and (not text or text.isspace()):
        return Body({}, ())
    parsed = source if text is None or text == source.text else Source(source.name, text)
    check_limits(parsed)
    return _body(_tree(parsed), source, 0)


def parse_value(source: Source) -> Expression:
    """Parse text with one argument and return its expression. Raises InputError."""
    check_limits(source)
    tree = _tree(source)
    argument = next(iter(tree.find_data("attribute")), None)
    if argument is None:
        raise InputError(source.name, "expected an expression", _clipped(source, 0, 1))
    return lower(_value(argument), source)


def _tree(source: Source) -> Tree[Token]:
    try:
        start: Tree[Token] = hcl2.parses_to_tree(with_plain_markers(source.text))
    except UnexpectedInput as error:
        raise InputError(source.name, _reason(error), _place(error, source)) from None
    except LarkError:
        raise InputError(source.name, "the file could not be parsed as HCL") from None
    return next(one for one in start.children if isinstance(one, Tree))


def _reason(error: UnexpectedInput) -> str:
    token = error.token if isinstance(error, UnexpectedToken) else None
    if not isinstance(token, Token):
        return "unexpected character"
    if token.type == _END:
        return "unexpected end of file; a block, bracket or string may not be closed"
    text = str(token).strip()
    if token.type == _ANYTHING or not text:
        text = text[:1] or "end of the line"
    return f"unexpected `{text}`" if text.isprintable() and len(text) < 40 else "unexpected text"


def _place(error: UnexpectedInput, source: Source) -> Position:
    start = int(getattr(error, "pos_in_stream", None) or 0)
    token = error.token if isinstance(error, UnexpectedToken) else None
    if isinstance(token, Token) and token.type == _END:
        start = max(0, len(source.text.rstrip()) - 1)
    return _clipped(source, start, start + 1)


def _clipped(source: Source, start: int, end: int) -> Position:
    length = len(source.text)
    return source.position(min(start, length), min(end, length))


def _body(tree: Tree[Token], source: Source, depth: int) -> Body:
    arguments: dict[str, Argument] = {}
    blocks: list[Block] = []
    for child in children(tree):
        if isinstance(child, Tree) and child.data == "attribute":
            one = _argument(child, source, depth)
            arguments.setdefault(one.name, one)
        elif isinstance(child, Tree) and depth < MAX_DEPTH:
            blocks.append(_block(child, source, depth + 1))
    return Body(arguments, tuple(blocks))


def _argument(tree: Tree[Token], source: Source, depth: int) -> Argument:
    name = tree.children[0]
    text = word(name)
    start = tree.meta.start_pos
    value = _value(tree)
    return Argument(text, Stretch(source, start, start + len(text)), lambda: lower(value, source, depth))


def _value(attribute: Tree[Token]) -> Tree[Token]:
    found = attribute.children[-1]
    return found if isinstance(found, Tree) else Tree("nothing", [])


def _block(tree: Tree[Token], source: Source, depth: int) -> Block:
    inside = children(tree)
    brace = next(one for one in inside if isinstance(one, Token))
    words = [one for one in inside if isinstance(one, Tree) and one.data != "body"]
    body = next(one for one in inside if isinstance(one, Tree) and one.data == "body")
    start, opened = tree.meta.start_pos, brace.start_pos or 0
    header = len(source.text[start:opened].rstrip())
    return Block(
        word(words[0]),
        tuple(_label(one) for one in words[1:]),
        _body(body, source, depth),
        Stretch(source, start, tree.meta.end_pos),
        Stretch(source, start, start + header),
    )


def _label(tree: Tree[Token]) -> str:
    tokens = tree.scan_values(lambda one: isinstance(one, Token) and one.type != "DBLQUOTE")
    return "".join(str(one) for one in tokens)
