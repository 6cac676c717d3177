"""Parses dictionaries and lists as Python prints them, such as the answers of boto3.

Nothing is evaluated: the syntax tree is read for literals, and any other expression is a value that is not known.
"""

from __future__ import annotations

import ast
from itertools import accumulate
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.policy.node import Array, Member, Node, Number, Object, Scalar
from checker.policy.text_json import MAX_DEPTH

if TYPE_CHECKING:
    from checker.policy.source import Source


_LONGEST = 1024 * 1024
"""The maximum length in characters, because Python's parser needs much memory."""
_DEEPEST = 150
"""The maximum number of opening brackets inside each other before the text is given to Python's parser."""
_LINE = pattern(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_EXPRESSION = Unknown("a Python expression is not evaluated")


def parse_literal(source: Source) -> Node | None:
    """Parse a text with one literal into nodes; ``None`` for any other text, and beyond the limits."""
    if len(source.text) > _LONGEST or _depth(source.text) > _DEEPEST:
        return None
    try:
        tree = ast.parse(source.text.strip(), mode="eval")
        return _Reader(source).node(tree.body, 0)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _depth(text: str) -> int:
    """Return the depth of brackets, without regard to strings: an upper bound for text that balances."""
    steps = ((one in "([{") - (one in ")]}") for one in text)
    return max(accumulate(steps), default=0)


class _Reader:
    """Converts a syntax tree, whose columns count UTF-8 bytes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        text = source.text
        self.begin = len(text) - len(text.lstrip())
        self.lines = _LINE.findall(text[self.begin :])
        self.starts = list(accumulate(map(len, self.lines), initial=self.begin))

    def offset(self, line: int, column: int) -> int:
        written = self.lines[line - 1]
        before = written if written.isascii() else written.encode()[:column].decode("utf-8", "ignore")
        return self.starts[line - 1] + (column if written.isascii() else len(before))

    def span(self, tree: ast.expr) -> tuple[int, int]:
        start = self.offset(tree.lineno, tree.col_offset)
        return start, self.offset(tree.end_lineno or tree.lineno, tree.end_col_offset or 0)

    def node(self, tree: ast.expr, depth: int) -> Node:
        """Convert an expression. Raises ValueError for too many levels."""
        if depth > MAX_DEPTH:
            raise ValueError(depth)
        start, end = self.span(tree)
        if isinstance(tree, ast.Dict):
            pairs = zip(tree.keys, tree.values, strict=True)
            members = tuple(self.member(key, value, depth) for key, value in pairs)
            return Object(members, self.source, start, end)
        if isinstance(tree, ast.List | ast.Tuple):
            found = tuple(self.node(one, depth + 1) for one in tree.elts)
            return Array(found, self.source, start, end)
        return Scalar(_value(tree), self.source, start, end)

    def member(self, key: ast.expr | None, value: ast.expr, depth: int) -> Member:
        """Convert a pair. Raises ValueError for a key that is not text."""
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            raise ValueError(depth)  # noqa: TRY004 - as for other texts that are not read
        start, end = self.span(key)
        return Member(key.value, self.node(value, depth + 1), start, end)


def _value(tree: ast.expr) -> str | Number | bool | Unknown | None:
    """Return the value of a literal; Unknown for another expression, such as `datetime.datetime(...)`."""
    value = tree.value if isinstance(tree, ast.Constant) else _EXPRESSION
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Number(repr(value))
    return value if isinstance(value, str | bool | Unknown) or value is None else _EXPRESSION
