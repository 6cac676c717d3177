"""Blocks and arguments of a file, whichever of its two syntaxes it is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.inputs.terraform.hcl.expression import Expression
    from checker.policy.node import Stretch


class Argument:
    """``name = expression``; the expression is read when it is asked for, most never are."""

    __slots__ = ("_expression", "_read", "at", "name")

    def __init__(self, name: str, at: Stretch, read: Callable[[], Expression]) -> None:
        self.name = name
        self.at = at
        self._read = read
        self._expression: Expression | None = None

    @property
    def expression(self) -> Expression:
        """The value."""
        if self._expression is None:
            self._expression = self._read()
        return self._expression


class Body(NamedTuple):
    """What stands between two braces, or in a file.

    ``nested`` gives the blocks of a type that cannot be told from arguments, as in the JSON syntax.
    """

    arguments: Mapping[str, Argument]
    written: tuple[Block, ...]
    nested: Callable[[str], tuple[Block, ...]] = lambda _: ()

    def blocks(self, kind: str) -> tuple[Block, ...]:
        """The blocks of one type."""
        return (*(one for one in self.written if one.kind == kind), *self.nested(kind))


class Block(NamedTuple):
    """``type "label" { ... }``; ``at`` is the whole of it and ``header`` what stands before the brace."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    at: Stretch
    header: Stretch
