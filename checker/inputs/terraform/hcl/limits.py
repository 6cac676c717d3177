"""Refuses text that would take too long to parse, before it is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.terraform.hcl.tokens import end_of_heredoc
from checker.policy.node import Scalar, children

if TYPE_CHECKING:
    import re

    from checker.policy.node import Node
    from checker.policy.source import Source


MAX_DEPTH = 100
"""Maximum depth of brackets; policies in `jsonencode` nest about ten levels deep."""

MAX_TOKENS = 200_000
"""Maximum number of tokens, about a second of parsing; a file of 4 KB has about 600."""

_SMALL = 20_000
_TOKEN = pattern(
    r'(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<comment>\#[^\n]*|//[^\n]*)|(?P<long>/\*)|<<-?(?P<heredoc>[^\W\d][\w.-]*)\r?\n'
    r"|(?P<open>[\[({])|(?P<close>[\])}])|\w+|\n|[^\s\w]"
)


def check_limits(source: Source, text: str) -> None:
    """Raise InputError, with the position, for a text of a source with too many tokens or nested brackets."""
    if len(text) <= _SMALL and sum(map(text.count, "[({")) <= MAX_DEPTH:
        return
    depth = count = at = 0
    while (match := _TOKEN.search(text, at)) is not None:
        kind, at = match.lastgroup, match.end()
        count += 1
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "string":
            count += 6 * match["string"].count("${")
        elif kind in ("long", "heredoc"):
            at = _after(source, text, match)
        if depth > MAX_DEPTH:
            raise _refused(source, match, f"nested more than {MAX_DEPTH} levels deep")
        if count > MAX_TOKENS:
            raise _refused(source, match, f"longer than the limit of {MAX_TOKENS} tokens")


def _after(source: Source, text: str, match: re.Match[str]) -> int:
    """Return the end of a comment or heredoc. Raises InputError for one that is not closed, which the parser would read slowly."""
    if match.lastgroup == "long":
        end = text.find("*/", match.end())
        if end < 0:
            raise _refused(source, match, "this comment is not closed")
        return end + 2
    end = end_of_heredoc(text, match["heredoc"], match.end())
    if text[text.rfind("\n", 0, end) + 1 : end].strip() != match["heredoc"]:
        raise _refused(source, match, "this heredoc is not closed")
    return end


def _refused(source: Source, match: re.Match[str], reason: str) -> InputError:
    return InputError(source.name, reason, source.position(match.start(), match.end()))


TOO_MUCH = "evaluation limit exceeded"

MAX_STEPS = 150_000
"""Maximum number of steps, about half a second; a module with fifty resources takes about 5,000."""

MAX_NESTING = 60
"""Maximum depth of references and nested expressions, because each level uses stack space."""

MAX_TEXT = 512 * 1024
MAX_ITEMS = 1024
MAX_SIZE = 20_000
"""Maximum number of values in a value; a policy of the maximum size in AWS has about 2,000."""

_LOOKED_AT = 8


class Budget:
    """The remaining steps of an evaluation and its current depth."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps
        self.depth = 0
        self.marks = 0
        self._sizes: dict[int, tuple[Node, int]] = {}  # keeps nodes alive, so that ids stay unique

    def size(self, node: Node) -> int:
        """Count the values in a value; a shared value counts at each occurrence."""
        if isinstance(node, Scalar):
            return 1
        known = self._sizes.get(id(node))
        if known is None:
            known = self._sizes[id(node)] = (node, 1 + sum(map(self.size, children(node))))
        return known[1]

    def spend_looks(self, *nodes: Node) -> bool:
        """Spend the steps for walking through values."""
        return self.spend(1 + sum(map(self.size, nodes)) // _LOOKED_AT)

    def new_mark(self) -> int:
        """Return a unique number for a mark."""
        self.marks += 1
        return self.marks

    def spend(self, steps: int = 1) -> bool:
        """Spend steps; false if none remain."""
        self.left -= steps
        return self.left > 0

    def spend_text(self, length: int) -> bool:
        """Spend the steps for a text of this length; false if none remain."""
        return length <= MAX_TEXT and self.spend(1 + length // 64)

    def spend_items(self, count: int) -> bool:
        """Spend the steps for a list of this length; false if none remain."""
        return self.spend(1 + count)
