"""What reading a policy leaves behind beside it: the places where the document departs from the grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Part, Rename
from checker.policy.model import Problem, Value
from checker.policy.node import Scalar, describe, items, scalar_text
from checker.policy.spelling import did_you_mean
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from checker.finding import Operation, Route
    from checker.policy.dialect import Dialect
    from checker.policy.node import Member, Node, Object


class Reading:
    """One document being read; what cannot be understood becomes a Problem, and Unknown in its place."""

    __slots__ = ("dialect", "problems")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.problems: list[Problem] = []

    def problem(
        self,
        message: str,
        route: Route,
        help_text: str = "",
        part: Part = Part.VALUE,
        mend: tuple[Operation, ...] = (),
    ) -> Unknown:
        """Note a problem, and give what stands for the value."""
        self.problems.append(Problem(message, route, part, help_text, mend=mend))
        return Unknown(message)

    def elements(
        self, node: Object, known: tuple[str, ...], route: Route, what: str = "element"
    ) -> dict[str, Node | Unknown]:
        """Map the known elements to their nodes; a repeated one to Unknown, for AWS does not say which wins."""
        found: dict[str, Node | Unknown] = {}
        for member in node.members:
            if member.key in found:
                found[member.key] = self.repeated(node, member, route)
            elif member.key in known:
                found[member.key] = member.value
            else:
                meant, unknown = self._unknown(node, member, known, route, what)
                found[meant] = unknown
        return found

    def _unknown(
        self, node: Object, member: Member, known: tuple[str, ...], route: Route, what: str
    ) -> tuple[str, Unknown]:
        """Report an element and name the one that it was meant to be, which is not missing then but unknown."""
        guess = did_you_mean(member.key, known)
        meant = guess if guess and node.get(guess) is None else None
        hint = f"did you mean `{meant}`?" if meant else f"known are {', '.join(known)}"
        message, at = f"unknown {what} `{member.key}`", (*route, member.key)
        mend = (Rename(at, meant),) if meant else ()
        return meant or member.key, self.problem(message, at, hint, Part.KEY, mend)

    def not_an_object(self, node: Node, what: str, route: Route) -> Unknown:
        """Note that something is no object, unless it is just not known."""
        value = value_of(node)
        if isinstance(value, Unknown):
            return value
        return self.problem(f"{what} is an object, this is {describe(node)}", route)

    def repeated(self, node: Object, member: Member, route: Route) -> Unknown:
        """Note a key that stood before."""
        first = next(one for one in node.members if one.key == member.key)
        line = node.source.position(first.start, first.end).line
        message = f"`{member.key}` stands twice, first on line {line}"
        help_text = "AWS does not say which of the two counts; keep one"
        self.problems.append(Problem(message, (*route, member.key), Part.KEY, help_text, repeated=True))
        return Unknown(message)

    def texts(self, node: Node, route: Route, *, scalars: bool = False) -> tuple[Value, ...]:
        """Read a string or a list of strings; ``scalars`` lets numbers and booleans stand for their text."""
        values: list[Value] = []
        for index, one in enumerate(items(node)):
            value = scalar_text(one) if scalars else value_of(one)
            if value is None:
                wanted = "a string, number or boolean" if scalars else "a string"
                value = self.problem(f"expected {wanted}, found {describe(one)}", (*route, index))
            values.append(value)
        return tuple(values)


def value_of(node: Node) -> Value | None:
    """Give a string, or why it is not known; ``None`` for any other node."""
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, str | Unknown) else None
