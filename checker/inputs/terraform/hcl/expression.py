"""Expressions of HCL, each with the stretch of the file that it is written in.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from checker.inputs.sensitive import Secrets
    from checker.inputs.terraform.hcl.limits import Budget
    from checker.policy.node import Node, Number, Stretch
    from checker.policy.source import Source


_SHOWN = 80


class Literal(NamedTuple):
    """A number, a boolean, null, or a string without templates."""

    at: Stretch
    value: str | Number | bool | None


class Text(NamedTuple):
    """Characters of a template, with the offset of each in the file, and one more for the end."""

    text: str
    offsets: Sequence[int]


class Interpolation(NamedTuple):
    """``${ value }`` in a template."""

    at: Stretch
    value: Expression


class Choice(NamedTuple):
    """``%{ if condition }`` in a template."""

    at: Stretch
    condition: Expression
    then: tuple[Part, ...]
    otherwise: tuple[Part, ...]


class Loop(NamedTuple):
    """``%{ for name in collection }`` in a template; the last name is that of the value."""

    at: Stretch
    names: tuple[str, ...]
    collection: Expression
    body: tuple[Part, ...]


Part = Text | Interpolation | Choice | Loop


class Template(NamedTuple):
    """A string with templates or escapes in it, a heredoc, or a text that `templatefile` reads."""

    at: Stretch
    parts: tuple[Part, ...]


class ListOf(NamedTuple):
    """``[a, b]``."""

    at: Stretch
    items: tuple[Expression, ...]


class Element(NamedTuple):
    """One key of an object with its value; ``at`` is where the key stands."""

    key: Expression
    at: Stretch
    value: Expression


class ObjectOf(NamedTuple):
    """``{ a = b }``."""

    at: Stretch
    elements: tuple[Element, ...]


class Attribute(NamedTuple):
    """``.name``; ``end`` is where the expression up to here ends."""

    name: str
    end: int


class Index(NamedTuple):
    """``[key]``."""

    key: Expression
    end: int


class Splat(NamedTuple):
    """``[*]`` or ``.*`` with the steps that are taken into each item."""

    steps: tuple[Step, ...]
    end: int


Step = Attribute | Index | Splat


class Name(NamedTuple):
    """What a reference begins with: ``var``, a resource's type, the name of a loop."""

    at: Stretch
    name: str


class Access(NamedTuple):
    """A value and the steps that are taken into it: ``var.topics["a"].arn``."""

    at: Stretch
    root: Expression
    steps: tuple[Step, ...]


class Call(NamedTuple):
    """A function call; ``spread`` when the last argument is a list of arguments."""

    at: Stretch
    name: str
    arguments: tuple[Expression, ...]
    spread: bool


class Operation(NamedTuple):
    """Operands of one precedence, worked out from left to right."""

    at: Stretch
    first: Expression
    rest: tuple[tuple[str, Expression], ...]


class Unary(NamedTuple):
    """``!a`` or ``-a``."""

    at: Stretch
    sign: str
    operand: Expression


class Conditional(NamedTuple):
    """``condition ? then : otherwise``."""

    at: Stretch
    condition: Expression
    then: Expression
    otherwise: Expression


class For(NamedTuple):
    """``[for n in collection : value if condition]``, or with a key for an object."""

    at: Stretch
    names: tuple[str, ...]
    collection: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    grouped: bool


class Deferred(NamedTuple):
    """An expression inside a text, which is parsed only when its value is asked for; ``source`` is one argument."""

    at: Stretch
    source: Source


class Unsupported(NamedTuple):
    """What is not worked out, and why."""

    at: Stretch
    reason: str


Expression = (
    Literal
    | Template
    | ListOf
    | ObjectOf
    | Name
    | Access
    | Call
    | Operation
    | Unary
    | Conditional
    | For
    | Deferred
    | Unsupported
)


def written(at: Stretch, end: int | None = None) -> str:
    """Give the text of an expression on one line, cut where it is long."""
    stop = at.end if end is None else end
    text = at.source.text[at.start : min(stop, at.start + 4 * _SHOWN)]
    folded = " ".join(text.split())
    return folded if len(folded) <= _SHOWN else f"{folded[: _SHOWN - 1]}…"


class Surroundings(Protocol):
    """What an expression may refer to and read: a module."""

    @property
    def budget(self) -> Budget:
        """How much may still be worked out."""

    @property
    def secrets(self) -> Secrets:
        """The sensitive values that were met."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder that paths start from, and others of which files may be read."""

    @property
    def opened(self) -> set[str]:
        """The full names of the files that were read."""

    def refer(self, name: str, steps: tuple[Step, ...], at: Stretch) -> tuple[Node, int]:
        """Give the value of ``var.a`` or the like, and how many of the steps that took."""

    def is_any(self, node: Node) -> bool:
        """True for what stands for resources or modules of which nobody knows how many there are."""

    def attribute(self, node: Node, name: str) -> Node | None:
        """Give an attribute of a resource or an output of a module, if the value stands for one."""


class Scope(NamedTuple):
    """A module, and the names that loops, `count` and `for_each` bind."""

    module: Surroundings
    names: Mapping[str, Node]

    def within(self, names: Mapping[str, Node]) -> Scope:
        """The scope with more names in it."""
        return Scope(self.module, {**self.names, **names}) if names else self
