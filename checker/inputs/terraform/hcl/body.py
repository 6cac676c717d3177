"""Blocks and arguments of a file, for both HCL and JSON syntax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.inputs.terraform.hcl.expression import Expression
    from checker.policy.node import Span


class Argument:
    """An argument ``name = expression``. The expression is parsed on first use, because most are never used."""

    __slots__ = ("_expression", "_read", "at", "name")

    def __init__(self, name: str, at: Span, read: Callable[[], Expression]) -> None:
        self.name = name
        self.at = at
        self._read = read
        self._expression: Expression | None = None

    @property
    def expression(self) -> Expression:
        """Return the expression."""
        if self._expression is None:
            self._expression = self._read()
        return self._expression


class Body(NamedTuple):
    """The content of a block or file.

    ``nested`` returns the blocks of a type if they look like arguments, as in JSON syntax.
    """

    arguments: Mapping[str, Argument]
    written: tuple[Block, ...]
    nested: Callable[[str], tuple[Block, ...]] = lambda _: ()

    def blocks(self, kind: str) -> tuple[Block, ...]:
        """Return the blocks of one type."""
        return (*(one for one in self.written if one.kind == kind), *self.nested(kind))


class Block(NamedTuple):
    """A block ``type "label" { ... }``; ``at`` is its whole range, ``header`` the range before the brace."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    at: Span
    header: Span
