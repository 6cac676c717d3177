"""Converts syntax trees to expressions, without recursion over the links of a long chain."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
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
from checker.policy.node import Number, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tree_sitter import Node

    from checker.inputs.terraform.hcl.syntax_tree import SyntaxTree


def heredoc(at: Span, depth: int) -> Expression:
    """Read the heredoc at a range, including its markers."""
    if depth > MAX_DEPTH:
        return Unsupported(at, _TOO_DEEP)
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


_ESCAPE = pattern(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\(.)|\$(?=\$\{)|%(?=%\{)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t"}
_LAST = 0x10FFFF


def quoted(tree: SyntaxTree, node: Node, depth: int) -> Expression:
    """Read a string in quotes."""
    at = tree.at(node)
    inside = [one for one in node.children if one.type in ("template_interpolation", "template_directive")]
    if not all(map(_is_simple, inside)) or _ESCAPED_TWICE.search(at.source.text, at.start, at.end):
        return _with_directives(at)
    parts: list[Part] = []
    start = at.start + 1
    for one in inside:
        parts += _characters(tree, start, tree.start(one))
        parts.append(Interpolation(tree.at(one), lower(tree, children(one)[1], depth)))
        start = tree.end(one)
    parts += _characters(tree, start, at.end - 1)
    first = parts[0] if parts else Text("", ())
    if len(parts) < 2 and isinstance(first, Text) and len(first.text) == at.end - at.start - 2:
        return Literal(at, first.text)
    return Template(at, tuple(parts))


_ESCAPED_TWICE = pattern(r"\$\$\$|%%%")
"""Signs before a brace of which it is not clear from the tree which ones are an escape."""


def _is_simple(node: Node) -> bool:
    """True for ``${ expression }``, without marks that trim blanks."""
    inside = [one.type for one in node.children if one.type != _COMMENT]
    return inside == ["template_interpolation_start", "expression", "template_interpolation_end"]


def _characters(tree: SyntaxTree, start: int, end: int) -> list[Part]:
    """Read the characters of a range, if there are any."""
    return [unescaped(tree.source.text[start:end], range(start, end + 1))] if end > start else []


def _with_directives(at: Span) -> Expression:
    text = at.source.text[at.start + 1 : at.end - 1]
    try:
        return Template(at, split(at.source, text, range(at.start + 1, at.end), unescaped))
    except TemplateError as error:
        return Unsupported(at, str(error))


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


_COMMENT = "comment"
_CONSTANTS = {"true": True, "false": False, "null": None}
_STEPS = ("get_attr", "index", "splat")


def lower(tree: SyntaxTree, node: Node, depth: int = 0) -> Expression:
    """Convert an expression; an expression that is nested too deeply is Unsupported."""
    return _Lowering(tree).expression(node, depth)


def children(node: Node) -> list[Node]:
    """Return the children of a node without comments."""
    return [one for one in node.children if one.type != _COMMENT]


_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"


class TooDeepError(Exception):
    """An expression is nested too deeply."""


class _Lowering:
    def __init__(self, tree: SyntaxTree) -> None:
        self.tree = tree
        self.at, self.word = tree.at, tree.word

    def expression(self, node: Node, depth: int) -> Expression:
        """Read a node of the type `expression`."""
        return self.term(children(node), depth)

    def term(self, nodes: Sequence[Node], depth: int) -> Expression:
        """Read a value, in parentheses or not, and the steps that follow it."""
        first = nodes[0]
        in_parentheses = first.type == "("
        steps = nodes[3:] if in_parentheses else nodes[1:]
        at = self.at(first, nodes[-1])
        if depth > MAX_DEPTH:
            return Unsupported(at, _TOO_DEEP)
        inner = depth + (1 if steps or in_parentheses else 0)
        root = self.expression(nodes[1], inner) if in_parentheses else self.value(first, inner)
        try:
            return Access(at, root, tuple(self.steps(steps, depth + 1))) if steps else root
        except TooDeepError:
            return Unsupported(at, _TOO_DEEP)

    def value(self, node: Node, depth: int) -> Expression:
        """Read a value of any type; some nodes only wrap the one that says what the value is."""
        made: Callable[[Node, int], Expression] | None = getattr(self, f"of_{node.type}", None)
        return made(node, depth + 1) if made else Unsupported(self.at(node), "not supported")

    def of_wrapped(self, node: Node, depth: int) -> Expression:
        return self.value(children(node)[0], depth - 1)

    of_literal_value = of_template_expr = of_collection_value = of_for_expr = of_operation = of_wrapped

    def of_expression(self, node: Node, depth: int) -> Expression:
        return self.expression(node, depth)

    def of_variable_expr(self, node: Node, _depth: int) -> Expression:
        return Name(self.at(node), self.word(node))

    def of_numeric_lit(self, node: Node, _depth: int) -> Expression:
        return Literal(self.at(node), Number(self.word(node)))

    def of_bool_lit(self, node: Node, _depth: int) -> Expression:
        return Literal(self.at(node), _CONSTANTS[self.word(node)])

    of_null_lit = of_bool_lit

    def of_quoted_template(self, node: Node, depth: int) -> Expression:
        return quoted(self.tree, node, depth)

    of_string_lit = of_quoted_template

    def of_heredoc_template(self, node: Node, depth: int) -> Expression:
        return heredoc(self.at(node), depth)

    def of_tuple(self, node: Node, depth: int) -> Expression:
        return ListOf(self.at(node), tuple(self.expressions(node, depth)))

    def expressions(self, node: Node, depth: int) -> list[Expression]:
        """Read all expressions in a node."""
        return [self.expression(one, depth) for one in node.children if one.type == "expression"]

    def of_object(self, node: Node, depth: int) -> Expression:
        elements = [one for one in node.children if one.type == "object_elem"]
        return ObjectOf(self.at(node), tuple(self.element(one, depth) for one in elements))

    def element(self, node: Node, depth: int) -> Element:
        key, value = (one for one in node.children if one.type == "expression")
        at = self.at(key)
        name: Expression = Literal(at, self.word(key)) if _is_bare(key) else self.expression(key, depth)
        return Element(name, at, self.expression(value, depth))

    def of_function_call(self, node: Node, depth: int) -> Expression:
        given = next((one for one in node.children if one.type == "function_arguments"), None)
        arguments = self.expressions(given, depth) if given is not None else []
        is_spread = given is not None and any(one.type == "ellipsis" for one in given.children)
        name = "".join(self.word(node.children[0]).split())
        return Call(self.at(node), name, tuple(arguments), is_spread)

    def of_unary_operation(self, node: Node, depth: int) -> Expression:
        sign, *inside = children(node)
        operand = self.term(inside, depth)
        number = operand.value if isinstance(operand, Literal) else None
        if sign.type == "-" and isinstance(number, Number) and not number.text.startswith("-"):
            return Literal(self.at(node), Number(f"-{number.text}"))
        return Unary(self.at(node), self.word(sign), operand)

    def of_binary_operation(self, node: Node, depth: int) -> Expression:
        at, rest = self.at(node), []
        left: list[Node] = [node]
        while (operation := _as_operation(left)) is not None:
            left, sign, right = _sides(children(operation))
            rest.append((self.word(sign), self.term(right, depth)))
        return Operation(at, self.term(left, depth), tuple(reversed(rest)))

    def of_conditional(self, node: Node, depth: int) -> Expression:
        """Read a chain `a ? b : c ? d : e`, which the grammar groups from the left, and HCL from the right."""
        nodes = [one for one in node.children if one.type == "expression"]
        while (condition := children(nodes[0]))[0].type == "conditional":
            nodes[:1] = [one for one in condition[0].children if one.type == "expression"]
        *values, last = [self.expression(one, depth) for one in nodes]
        for number in range(len(values) - 2, -1, -2):
            at = self.at(nodes[number], nodes[-1])
            last = Conditional(at, values[number], values[number + 1], last)
        return last

    def of_for_tuple_expr(self, node: Node, depth: int) -> Expression:
        intro = next(one for one in node.children if one.type == "for_intro")
        condition = next((one for one in node.children if one.type == "for_cond"), None)
        values = self.expressions(node, depth)
        return For(
            self.at(node),
            tuple(self.word(one) for one in intro.children if one.type == "identifier"),
            self.expressions(intro, depth)[0],
            values[0] if len(values) > 1 else None,
            values[-1],
            self.expressions(condition, depth)[0] if condition is not None else None,
            any(one.type == "ellipsis" for one in node.children),
        )

    of_for_object_expr = of_for_tuple_expr

    def steps(self, nodes: Sequence[Node], depth: int) -> list[Step]:
        """Read the steps after a value. ``[*]`` applies all that follow it to each item, ``.*`` only attributes."""
        found: list[Step] = []
        for number, node in enumerate(nodes):
            if node.type == "splat":
                splat = children(node)[0]
                following = [*children(splat)[1:], *nodes[number + 1 :]]
                return [*found, *self.splat(splat, following, self.tree.end(nodes[-1]), depth)]
            found.append(self.step(node, depth))
        return found

    def splat(self, splat: Node, following: Sequence[Node], end: int, depth: int) -> list[Step]:
        """Read a splat and the steps that follow it. Raises TooDeepError for a long chain of splats."""
        if depth > MAX_DEPTH:
            raise TooDeepError
        each = following if splat.type == "full_splat" else _attributes(following)
        rest = self.steps(following[len(each) :], depth + 1)
        return [Splat(tuple(self.steps(each, depth + 1)), end), *rest]

    def step(self, node: Node, depth: int) -> Step:
        end = self.tree.end(node)
        if node.type == "get_attr":
            return Attribute(self.word(node.children[-1]), end)
        index = children(node)[0]
        if index.type == "legacy_index":
            digits = self.word(index)[1:].strip()
            key = Span(self.tree.source, end - len(digits), end)
            return Index(Literal(key, Number(digits)), end)
        return Index(self.expressions(index, depth)[0], end)


def _attributes(steps: Sequence[Node]) -> list[Node]:
    """Return the first steps that are attributes, or items as in `.0`."""
    return list(takewhile(_is_attribute, steps))


def _is_attribute(step: Node) -> bool:
    return step.type == "get_attr" or (step.type == "index" and children(step)[0].type == "legacy_index")


def _as_operation(nodes: Sequence[Node]) -> Node | None:
    """Return the binary operation that an operand consists of, if it is one."""
    node = nodes[0]
    if len(nodes) == 1 and node.type == "operation":
        node = children(node)[0]
    return node if len(nodes) == 1 and node.type == "binary_operation" else None


def _sides(nodes: Sequence[Node]) -> tuple[list[Node], Node, list[Node]]:
    """Return the left operand, the operator and the right operand of an operation."""
    at = next(number for number, one in enumerate(nodes) if one.type in _OPERATORS)
    return list(nodes[:at]), nodes[at], list(nodes[at + 1 :])


_OPERATORS = frozenset(("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||"))


def _is_bare(key: Node) -> bool:
    """True for a key that is a name, or a word such as `true`, without quotes or parentheses."""
    inside = children(key)
    if len(inside) > 1:
        return False
    return inside[0].type == "variable_expr" or (
        inside[0].type == "literal_value" and children(inside[0])[0].type in ("bool_lit", "null_lit")
    )
