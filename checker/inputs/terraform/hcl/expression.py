"""Expressions of HCL, each with its source range.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from checker.inputs.sensitive import Secrets
    from checker.inputs.terraform.hcl.limits import Budget
    from checker.policy.node import Node, Number, Span
    from checker.policy.source import Source


_SHOWN = 80


class Literal(NamedTuple):
    """A number, a boolean, null, or a string without templates."""

    at: Span
    value: str | Number | bool | None


class Text(NamedTuple):
    """Literal characters of a template, with the offset of each in the file and of the end."""

    text: str
    offsets: Sequence[int]


class Interpolation(NamedTuple):
    """An interpolation ``${ value }`` in a template."""

    at: Span
    value: Expression


class Choice(NamedTuple):
    """A directive ``%{ if condition }`` in a template."""

    at: Span
    condition: Expression
    then: tuple[Part, ...]
    otherwise: tuple[Part, ...]


class Loop(NamedTuple):
    """A directive ``%{ for name in collection }`` in a template; the last name holds the value."""

    at: Span
    names: tuple[str, ...]
    collection: Expression
    body: tuple[Part, ...]


Part = Text | Interpolation | Choice | Loop


class Template(NamedTuple):
    """A string with templates or escapes, a heredoc, or text that `templatefile` reads."""

    at: Span
    parts: tuple[Part, ...]


class ListOf(NamedTuple):
    """A list ``[a, b]``."""

    at: Span
    items: tuple[Expression, ...]


class Element(NamedTuple):
    """A key of an object with its value; ``at`` is the range of the key."""

    key: Expression
    at: Span
    value: Expression


class ObjectOf(NamedTuple):
    """An object ``{ a = b }``."""

    at: Span
    elements: tuple[Element, ...]


class Attribute(NamedTuple):
    """A step ``.name``; ``end`` is the end of the expression up to here."""

    name: str
    end: int


class Index(NamedTuple):
    """A step ``[key]``."""

    key: Expression
    end: int


class Splat(NamedTuple):
    """A step ``[*]`` or ``.*``, with the steps that are applied to each item."""

    steps: tuple[Step, ...]
    end: int


Step = Attribute | Index | Splat


class Name(NamedTuple):
    """The first name of a reference: ``var``, a resource type or a loop variable."""

    at: Span
    name: str


class Access(NamedTuple):
    """A value with the steps that are applied to it: ``var.topics["a"].arn``."""

    at: Span
    root: Expression
    steps: tuple[Step, ...]


class Call(NamedTuple):
    """A function call; ``spread`` is true if the last argument is a list of arguments."""

    at: Span
    name: str
    arguments: tuple[Expression, ...]
    spread: bool


class Operation(NamedTuple):
    """Operands with operators of equal precedence, evaluated from left to right."""

    at: Span
    first: Expression
    rest: tuple[tuple[str, Expression], ...]


class Unary(NamedTuple):
    """An operation ``!a`` or ``-a``."""

    at: Span
    sign: str
    operand: Expression


class Conditional(NamedTuple):
    """A conditional ``condition ? then : otherwise``."""

    at: Span
    condition: Expression
    then: Expression
    otherwise: Expression


class For(NamedTuple):
    """A for-expression ``[for n in collection : value if condition]``, or with a key for an object."""

    at: Span
    names: tuple[str, ...]
    collection: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    grouped: bool


class Deferred(NamedTuple):
    """An expression inside text, parsed on first use; ``source`` contains it as one argument."""

    at: Span
    source: Source


class Passed(NamedTuple):
    """A value that another file or tool passes, evaluated there; ``at`` is where it is set."""

    at: Span
    node: Node


class Unsupported(NamedTuple):
    """An unsupported expression with the reason."""

    at: Span
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
    | Passed
    | Unsupported
)


def written(at: Span, end: int | None = None) -> str:
    """Return the text of an expression on one line, truncated if it is long."""
    stop = at.end if end is None else end
    text = at.source.text[at.start : min(stop, at.start + 4 * _SHOWN)]
    folded = " ".join(text.split())
    return folded if len(folded) <= _SHOWN else f"{folded[: _SHOWN - 1]}…"


class Surroundings(Protocol):
    """The context of an expression: the references and files that it may use."""

    @property
    def budget(self) -> Budget:
        """Return the remaining evaluation budget."""

    @property
    def secrets(self) -> Secrets:
        """Return the sensitive values found so far."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Return the base folder of paths, and other folders with readable files."""

    @property
    def opened(self) -> set[str]:
        """Return the full paths of the files read."""

    def refer(self, name: str, steps: tuple[Step, ...], at: Span) -> tuple[Node, int]:
        """Resolve a reference such as ``var.a``; return the value and the number of steps used."""

    def call(self, name: str, arguments: Sequence[Node], at: Span) -> Node | None:
        """Call a function that only these surroundings have; ``None`` for any other function."""

    def is_any(self, node: Node) -> bool:
        """True for a placeholder of an unknown number of resources or modules."""

    def attribute(self, node: Node, name: str) -> Node | None:
        """Return an attribute of a resource, or an output of a module, if the value stands for one."""


class Scope(NamedTuple):
    """A module, and the names that loops, `count` and `for_each` bind."""

    module: Surroundings
    names: Mapping[str, Node]

    def within(self, names: Mapping[str, Node]) -> Scope:
        """Return the scope with additional names."""
        return Scope(self.module, {**self.names, **names}) if names else self
