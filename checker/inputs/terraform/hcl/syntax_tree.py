"""Converts the parser's trees to expressions, without recursion over the links of a long chain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lark import Token, Tree

from checker.inputs.terraform.hcl.expression import (
    Access,
    Attribute,
    Call,
    Conditional,
    Element,
    Expression,
    For,
    Index,
    Interpolation,
    ListOf,
    Literal,
    Name,
    ObjectOf,
    Operation,
    Part,
    Splat,
    Step,
    Template,
    Text,
    Unary,
    Unsupported,
)
from checker.inputs.terraform.hcl.limits import MAX_DEPTH
from checker.inputs.terraform.hcl.template import TemplateError, split, substituted
from checker.policy.node import Number, Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.policy.source import Source


def heredoc(at: Stretch, depth: int) -> Expression:
    """Read the heredoc at a range, including its markers."""
    if depth > MAX_DEPTH:
        return Unsupported(at, f"nested more than {MAX_DEPTH} levels deep")
    written = at.source.text[at.start : at.end]
    first, _, _ = written.partition("\n")
    body = written[len(first) + 1 : written.rfind("\n") + 1]
    start = at.start + len(first) + 1
    kept = _without_indent(body) if first.startswith("<<-") else range(len(body))
    text = body if len(kept) == len(body) else "".join(body[one] for one in kept)
    offsets = [*(start + one for one in kept), start + len(body)]
    try:
        return Template(at, split(at.source, text, offsets))
    except TemplateError as error:
        return Unsupported(at, str(error))


def _without_indent(body: str) -> list[int]:
    """Return the indices of the characters that remain after the common indent is removed."""
    lines = body.splitlines(keepends=True)
    indent = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    kept: list[int] = []
    at = 0
    for line in lines:
        blank = len(line) - len(line.lstrip(" \t"))
        kept += range(at + min(indent, blank), at + len(line))
        at += len(line)
    return kept


_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\(.)|\$(?=\$\{)|%(?=%\{)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t"}
_LAST = 0x10FFFF


def quoted(tree: Tree[Token], at: Stretch, lower: Callable[[Tree[Token]], Expression]) -> Expression:
    """Read the tree of a string."""
    parts: list[Part] = []
    for child in tree.children:
        inside = child.children[0] if isinstance(child, Tree) else None
        if isinstance(inside, Token):
            parts.append(_characters(str(inside), inside.start_pos or 0))
        elif isinstance(inside, Tree) and inside.data == "interpolation":
            stretch = Stretch(at.source, inside.meta.start_pos, inside.meta.end_pos)
            expression = next(one for one in inside.children if isinstance(one, Tree))
            parts.append(Interpolation(stretch, lower(expression)))
        elif inside is not None:
            return _with_directives(at)
    if not parts:
        return Literal(at, "")
    first = parts[0]
    if len(parts) == 1 and isinstance(first, Text) and len(first.text) == at.end - at.start - 2:
        return Literal(at, first.text)
    return Template(at, tuple(parts))


def _with_directives(at: Stretch) -> Expression:
    text = at.source.text[at.start + 1 : at.end - 1]
    try:
        return Template(at, split(at.source, text, range(at.start + 1, at.end), unescaped))
    except TemplateError as error:
        return Unsupported(at, str(error))


def _characters(text: str, start: int) -> Text:
    return unescaped(text, range(start, start + len(text) + 1))


def unescaped(text: str, offsets: Sequence[int]) -> Text:
    """Resolve the escapes of a quoted string."""
    if "\\" not in text and "$${" not in text and "%%{" not in text:
        return Text(text, offsets)
    return substituted(text, offsets, _ESCAPE, _meant)


def _meant(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code:
        return chr(min(int(code, 16), _LAST))
    return _SIMPLE.get(match[3], match[3]) if match[3] else ""


_BLANK = "new_line_or_comment"
_WORDS = {"true": True, "false": False, "null": None}
_CHAIN = ("get_attr_expr_term", "index_expr_term", "attr_splat_expr_term", "full_splat_expr_term")
_Tree = Tree[Token]


def lower(tree: _Tree, source: Source, depth: int = 0) -> Expression:
    """Convert the tree of an expression; an expression that is nested too deeply is Unsupported."""
    return _Lowering(source).expression(tree, depth)


def children(tree: _Tree) -> list[_Tree | Token]:
    """Return the children of a tree without punctuation."""
    return [one for one in tree.children if not (isinstance(one, Tree) and one.data == _BLANK)]


def word(tree: _Tree | Token) -> str:
    """Return the text of an identifier, keyword or token."""
    while isinstance(tree, Tree):
        tree = tree.children[0]
    return str(tree).strip()


class _Lowering:
    def __init__(self, source: Source) -> None:
        self.source = source

    def at(self, tree: _Tree) -> Stretch:
        start, end = tree.meta.start_pos, min(tree.meta.end_pos, len(self.source.text))
        written = self.source.text[start:end]
        return Stretch(self.source, start, start + len(written.rstrip()))

    def expression(self, tree: _Tree, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            return Unsupported(self.at(tree), f"nested more than {MAX_DEPTH} levels deep")
        kind = str(tree.data)
        if kind == "expr_term":
            inside = _trees(tree)
            return self.expression(inside[0], depth + (len(tree.children) > 1))
        if kind in _CHAIN:
            return self.access(tree, depth)
        made: Callable[[_Tree, int], Expression] | None = getattr(self, f"of_{kind}", None)
        return made(tree, depth + 1) if made else Unsupported(self.at(tree), "not supported")

    def of_identifier(self, tree: _Tree, _depth: int) -> Expression:
        return Name(self.at(tree), word(tree))

    def of_int_lit(self, tree: _Tree, _depth: int) -> Expression:
        return Literal(self.at(tree), Number(word(tree)))

    of_float_lit = of_int_lit

    def of_literal_value(self, tree: _Tree, _depth: int) -> Expression:
        return Literal(self.at(tree), _WORDS[word(tree)])

    def of_string(self, tree: _Tree, depth: int) -> Expression:
        return quoted(tree, self.at(tree), lambda inner: self.expression(inner, depth))

    def of_heredoc_template(self, tree: _Tree, depth: int) -> Expression:
        return heredoc(self.at(tree), depth)

    of_heredoc_template_trim = of_heredoc_template

    def of_tuple(self, tree: _Tree, depth: int) -> Expression:
        return ListOf(self.at(tree), tuple(self.expression(one, depth) for one in _trees(tree)))

    def of_object(self, tree: _Tree, depth: int) -> Expression:
        return ObjectOf(self.at(tree), tuple(self.element(one, depth) for one in _trees(tree)))

    def element(self, tree: _Tree, depth: int) -> Element:
        key, value = _trees(tree)
        at = self.at(key)
        inside = key.children[0]
        bare = isinstance(inside, Tree) and _bare(inside)
        name: Expression = Literal(at, bare) if bare else self.expression(_tree(inside), depth)
        return Element(name, at, self.expression(value, depth))

    def of_function_call(self, tree: _Tree, depth: int) -> Expression:
        name = "::".join(word(one) for one in _trees(tree) if one.data == "identifier")
        given = next((one for one in _trees(tree) if one.data == "arguments"), None)
        inside = children(given) if given is not None else []
        arguments = tuple(self.expression(one, depth) for one in inside if isinstance(one, Tree))
        spread = any(isinstance(one, Token) and one.type == "ELLIPSIS" for one in inside)
        return Call(self.at(tree), name, arguments, spread)

    def of_unary_op(self, tree: _Tree, depth: int) -> Expression:
        return Unary(self.at(tree), word(tree.children[0]), self.expression(_trees(tree)[0], depth))

    def of_binary_op(self, tree: _Tree, depth: int) -> Expression:
        at, rest = self.at(tree), []
        while tree.data == "binary_op":
            left, right = _trees(tree)
            sign, operand = _trees(right)
            rest.append((word(sign), self.expression(operand, depth)))
            tree = left
        return Operation(at, self.expression(tree, depth), tuple(reversed(rest)))

    def of_conditional(self, tree: _Tree, depth: int) -> Expression:
        condition, then, otherwise = (self.expression(one, depth) for one in _trees(tree))
        return Conditional(self.at(tree), condition, then, otherwise)

    def of_for_tuple_expr(self, tree: _Tree, depth: int) -> Expression:
        intro, *values = _trees(tree)
        *inside, collection = _trees(intro)
        condition = values.pop() if values[-1].data == "for_cond" else None
        found = [self.expression(one, depth) for one in values]
        return For(
            self.at(tree),
            tuple(word(one) for one in inside),
            self.expression(collection, depth),
            found[0] if len(found) > 1 else None,
            found[-1],
            self.expression(_trees(condition)[-1], depth) if condition is not None else None,
            any(isinstance(one, Token) and one.type == "ELLIPSIS" for one in tree.children),
        )

    of_for_object_expr = of_for_tuple_expr

    def access(self, tree: _Tree, depth: int) -> Expression:
        """Read a chain of steps, starting from its end."""
        at = self.at(tree)
        groups: list[list[Step]] = []
        while tree.data in _CHAIN or (tree.data == "expr_term" and len(tree.children) == 1):
            inside = _trees(tree)
            if tree.data in _CHAIN:
                groups.append(self.steps(inside[1], depth + 1))
            tree = inside[0]
        steps = tuple(step for group in reversed(groups) for step in group)
        return Access(at, self.expression(tree, depth + 1), steps)

    def steps(self, tree: _Tree, depth: int) -> list[Step]:
        end = tree.meta.end_pos
        if tree.data == "get_attr":
            return [Attribute(word(tree.children[-1]), end)]
        if tree.data == "short_index":
            key = Stretch(self.source, end - len(word(tree.children[-1])), end)
            return [Index(Literal(key, Number(word(tree.children[-1]))), end)]
        if tree.data == "braces_index":
            return [Index(self.expression(_trees(tree)[0], depth), end)]
        inside = [step for one in _trees(tree) for step in self.steps(one, depth)]
        if tree.data == "full_splat":
            return [Splat(tuple(inside), end)]
        cut = next((n for n, one in enumerate(inside) if isinstance(one, Index)), len(inside))
        return [Splat(tuple(inside[:cut]), end), *inside[cut:]]  # `.*.a[0]` takes the index of the whole


def _trees(tree: _Tree) -> list[_Tree]:
    return [one for one in children(tree) if isinstance(one, Tree)]


def _tree(one: _Tree | Token) -> _Tree:
    return one if isinstance(one, Tree) else Tree("identifier", [one])


def _bare(key: _Tree) -> str:
    """Return the name of an unquoted key; empty for any other key."""
    while key.data == "expr_term" and len(key.children) == 1 and isinstance(key.children[0], Tree):
        key = key.children[0]
    return word(key) if key.data in ("identifier", "keyword", "literal_value") else ""
