"""Parses the nodes of a document to a policy, and reports where the document violates the policy grammar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Part, Put, Rename, Route
from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.policy.model import (
    ALLOW,
    DENY,
    EVERYONE,
    Condition,
    Patterns,
    Policy,
    Principal,
    Principals,
    Problem,
    Statement,
    Value,
)
from checker.policy.node import Array, Node, Object, Scalar, describe, items, scalar_text, text_of
from checker.policy.vocabulary import (
    CONDITION_KEY,
    IF_EXISTS,
    OLD_VERSION,
    POLICY_ELEMENTS,
    PRINCIPAL_TYPES,
    STATEMENT_ELEMENTS,
    VERSION,
    Operator,
    operator_names,
)
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.finding import Operation
    from checker.policy.node import Member
    from checker.policy.vocabulary import Dialect


class Reading:
    """The state of reading one document; an invalid part is reported as a Problem and replaced by Unknown."""

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
        fix: tuple[Operation, ...] = (),
    ) -> Unknown:
        """Record a problem, and return the Unknown that replaces the value."""
        self.problems.append(Problem(message, route, part, help_text, fix=fix))
        return Unknown(message)

    def elements(
        self, node: Object, known: tuple[str, ...], route: Route, what: str = "element"
    ) -> dict[str, Node | Unknown]:
        """Map the known elements to their nodes; a repeated one to Unknown, as AWS does not document which one counts."""
        elements: dict[str, Node | Unknown] = {}
        for member in node.members:
            if member.key in elements:
                elements[member.key] = self.repeated(node, member, route)
            elif member.key in known:
                elements[member.key] = member.value
            else:
                intended, unknown = self._unknown(node, member, known, route, what)
                elements[intended] = unknown
        return elements

    def _unknown(
        self, node: Object, member: Member, known: tuple[str, ...], route: Route, what: str
    ) -> tuple[str, Unknown]:
        """Report an unknown element; return the element that was probably meant, and Unknown as its value."""
        guess = did_you_mean(member.key, known)
        intended = guess if guess and node.get(guess) is None else None
        hint = f"did you mean `{intended}`?" if intended else f"valid names: {', '.join(known)}"
        message, at = f"unknown {what} `{member.key}`", (*route, member.key)
        fix = (Rename(at, intended),) if intended else ()
        return intended or member.key, self.problem(message, at, hint, Part.KEY, fix)

    def not_an_object(self, node: Node, what: str, route: Route) -> Unknown:
        """Report that a node is not an object, unless its value is unknown."""
        value = value_of(node)
        if isinstance(value, Unknown):
            return value
        return self.problem(f"{what} must be an object, not {describe(node)}", route)

    def repeated(self, node: Object, member: Member, route: Route) -> Unknown:
        """Report a repeated key."""
        first = next(other for other in node.members if other.key == member.key)
        line = node.source.position(first.start, first.end).line
        message = f"duplicate key `{member.key}`, first on line {line}"
        help_text = "keep one of the two; AWS does not document which one applies"
        self.problems.append(Problem(message, (*route, member.key), Part.KEY, help_text, repeated=True))
        return Unknown(message)

    def texts(self, node: Node, route: Route, *, scalars: bool = False) -> tuple[Value, ...]:
        """Read a string or a list of strings; with ``scalars``, numbers and booleans are read as their text."""
        values: list[Value] = []
        for index, item in enumerate(items(node)):
            value = scalar_text(item) if scalars else value_of(item)
            if value is None:
                expected = "a string, number or boolean" if scalars else "a string"
                value = self.problem(f"expected {expected}, found {describe(item)}", (*route, index))
            values.append(value)
        return tuple(values)


def value_of(node: Node) -> Value | None:
    """Return a string, or the reason why it is unknown; ``None`` for any other node."""
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, str | Unknown) else None


_NEVER_LISTS = ("Version", "Id", "Sid", "Effect")
"""Elements that are never lists; any other single string counts as a list of one."""


def disallowed_characters(node: Node, last: str, route: Route = ()) -> Iterator[tuple[Route, Part, str]]:
    """Yield each key and text with a character that is not allowed, and the first such character."""
    if isinstance(node, Object):
        for member in node.members:
            inside: Route = (*route, member.key)
            yield from ((inside, Part.KEY, char) for char in _disallowed(member.key, last))
            alone = member.key == "Statement" and isinstance(member.value, Object)
            yield from disallowed_characters(member.value, last, (*inside, 0) if alone else inside)
    elif isinstance(node, Array):
        for index, item in enumerate(node.items):
            yield from disallowed_characters(item, last, (*route, index))
    else:
        alone = bool(route) and isinstance(route[-1], str) and route[-1] not in _NEVER_LISTS
        at = (*route, 0) if alone else route
        yield from ((at, Part.VALUE, char) for char in _disallowed(text_of(node) or "", last))


def _disallowed(text: str, last: str) -> str:
    """Return the first character beyond ``last``, or the first control character other than tab and line ends."""
    return next((char for char in text if char > last or (char < " " and char not in "\t\r\n")), "")


def principals(
    reading: Reading, element: str, node: Node | Unknown | None, route: Route
) -> Principals | Unknown:
    """Read Principal or NotPrincipal; ``route`` is the route of the statement."""
    if node is None:
        help_text = "add a Principal; every statement of a resource-based policy needs one"
        return reading.problem("the statement has no Principal", route, help_text)
    if isinstance(node, Unknown):
        return node
    route = (*route, element)
    value = value_of(node)
    if value == EVERYONE:
        return Principals(element == "NotPrincipal", (Principal(EVERYONE, EVERYONE, route),))
    if isinstance(value, Unknown):
        return value
    if not isinstance(node, Object):
        shown = f"`{value}`" if value is not None else describe(node)
        help_text = 'write `{"Service": "connect.amazonaws.com"}` for Connect, or `{"AWS": ...}` for an account or role'
        return reading.problem(f"{element} must be `*` or an object, not {shown}", route, help_text)
    return _object(reading, node, route)


def _object(reading: Reading, node: Object, route: Route) -> Principals:
    """Read the object of Principal or NotPrincipal: types, each with one or several names."""
    entries: list[Principal] = []
    unknown: Unknown | None = None
    for kind, value in reading.elements(node, PRINCIPAL_TYPES, route, "principal type").items():
        if isinstance(value, Unknown):
            unknown = value
            continue
        for index, name in enumerate(reading.texts(value, (*route, kind))):
            entries.append(Principal(kind, name, (*route, kind, index)))
    if not entries and unknown is None and not reading.dialect.empty_principal:
        reading.problem(f"{route[-1]} is empty", route, "SNS rejects a statement without a principal")
    return Principals(route[-1] == "NotPrincipal", tuple(entries), unknown)


_KEY = pattern(CONDITION_KEY)


def conditions(
    reading: Reading, node: Node | Unknown | None, route: Route
) -> tuple[Condition | Unknown, ...]:
    """Read Condition; an invalid condition is Unknown, and the others are still read."""
    if node is None:
        return ()
    if isinstance(node, Unknown):
        return (node,)
    if not isinstance(node, Object):
        return (reading.not_an_object(node, "Condition", route),)
    found: dict[str, list[Condition | Unknown]] = {}
    for member in node.members:
        if member.key in found:
            found[member.key] = [reading.repeated(node, member, route)]
        else:
            found[member.key] = _operator(reading, member, route)
    return tuple(condition for conditions in found.values() for condition in conditions)


def _operator(reading: Reading, member: Member, route: Route) -> list[Condition | Unknown]:
    operation: Operator | Unknown | None = Operator.parse(member.key)
    route = (*route, member.key)
    if operation is None:
        operation = _unknown_operator(reading, member.key, route)
    node = member.value
    if not isinstance(node, Object):
        return [reading.not_an_object(node, f"the value of `{member.key}`", route)]
    found: dict[str, Condition | Unknown] = {}
    for key in node.members:
        if key.key in found:
            found[key.key] = reading.repeated(node, key, route)
        else:
            twice = _other_case(reading, node, key, route)
            one = _condition(reading, member.key, operation, key, route)
            found[key.key] = one if twice is None else twice
    return list(found.values())


def _other_case(reading: Reading, node: Object, member: Member, route: Route) -> Unknown | None:
    """Report a condition key that is repeated in another letter case, at the second of the two places.

    AWS ignores the letter case of keys and does not document which one applies, so both are Unknown.
    """
    folded = member.key.lower()
    spellings = [other for other in node.members if other.key.lower() == folded]
    twin = spellings[0]
    if all(other.key == member.key for other in spellings):
        return None
    if twin.key != member.key:
        line = node.source.position(twin.start, twin.end).line
        message = f"`{member.key}` is the same key as `{twin.key}` on line {line}"
        help_text = (
            "merge the values into one list; AWS ignores letter case and does not document which key applies"
        )
        route, also = (*route, member.key), ((*route, twin.key),)
        reading.problems.append(Problem(message, route, Part.KEY, help_text, also=also))
    return Unknown(f"duplicate key `{twin.key}`, in different letter case")


def _unknown_operator(reading: Reading, name: str, route: Route) -> Unknown:
    guess = _closest_operator(name)
    help_text = f"did you mean `{guess}`?" if guess else ""
    fix = (Rename(route, guess),) if guess else ()
    return reading.problem(f"unknown condition operator `{name}`", route, help_text, Part.KEY, fix)


def _closest_operator(name: str) -> str | None:
    """Return the operator that a name was probably meant to be; `IfExists` is left out where it is not valid."""
    names = operator_names()
    if not name.endswith(IF_EXISTS):
        return did_you_mean(name, names)
    guess = did_you_mean(name.removesuffix(IF_EXISTS), names)
    return f"{guess}{IF_EXISTS}" if f"{guess}{IF_EXISTS}" in names else guess


def _condition(
    reading: Reading, operator: str, operation: Operator | Unknown, member: Member, route: Route
) -> Condition | Unknown:
    route = (*route, member.key)
    if not _KEY.search(member.key):
        help_text = "write a key such as `aws:SourceArn`, without blanks around the name"
        bare = "".join(member.key.split())
        fix = (Rename(route, bare),) if _KEY.search(bare) else ()
        return reading.problem(
            f"`{member.key}` is not a valid condition key", route, help_text, Part.KEY, fix
        )
    values = reading.texts(member.value, route, scalars=True)
    return Condition(operator, operation, member.key, values, route)


_SIZE_FACTOR = 4
"""The factor by which a policy may exceed its size limit and still be read, as blanks count and are easy to remove."""


def read_policy(node: Node, dialect: Dialect) -> tuple[Policy, tuple[Problem, ...]]:
    """Read a policy document. Never raises: problems are returned with the policy."""
    reader = _Reader(dialect)
    policy = reader.policy(node)
    return policy, tuple(reader.problems)


class _Reader(Reading):
    """Reads the document and its statements."""

    __slots__ = ()

    def policy(self, node: Node) -> Policy:
        if not isinstance(node, Object):
            unknown = self.not_an_object(node, "a policy", ())
            return Policy(unknown, "", (unknown,))
        if node.end - node.start > _SIZE_FACTOR * self.dialect.max_bytes:
            message = f"the policy is more than {_SIZE_FACTOR} times as large as the limit for a {self.dialect.name}"
            return Policy(OLD_VERSION, "", (self.problem(message, ()),))
        self.characters(node)
        elements = self.elements(node, POLICY_ELEMENTS, ())
        version = self.version(elements.get("Version"))
        policy_id = self.optional_text(elements.get("Id"), ("Id",))
        return Policy(version, policy_id, self.statements(elements.get("Statement")))

    def characters(self, node: Object) -> None:
        text = node.source.text[node.start : node.end]
        if text.isascii() and "\\u" not in text:
            return
        for route, part, char in disallowed_characters(node, self.dialect.last_char):
            message = f"`{char}` (U+{ord(char):04X}) is not allowed in a {self.dialect.name}"
            help_text = f"use only characters up to U+{ord(self.dialect.last_char):04X}"
            self.problem(message, route, help_text, part)

    def version(self, node: Node | Unknown | None) -> Value:
        if node is None:
            return OLD_VERSION
        if isinstance(node, Unknown):
            return node
        value = value_of(node)
        if isinstance(value, Unknown) or value in (OLD_VERSION, VERSION):
            return value
        shown = f"`{value}`" if isinstance(value, str) else describe(node)
        message, at = f"Version must be `{OLD_VERSION}` or `{VERSION}`, not {shown}", ("Version",)
        return self.problem(message, at, f"write `{VERSION}`", fix=(Put(at, VERSION),))

    def optional_text(self, node: Node | Unknown | None, route: Route) -> str:
        if node is None or isinstance(node, Unknown):
            return ""
        value = value_of(node)
        if value is None:
            self.problem(f"{route[-1]} must be a string, not {describe(node)}", route)
        return value if isinstance(value, str) else ""

    def statements(self, node: Node | Unknown | None) -> tuple[Statement | Unknown, ...]:
        if node is None:
            return (self.problem("the policy has no Statement", ()),)
        if isinstance(node, Unknown):
            return (node,)
        statements = items(node)
        limit = self.dialect.max_statements
        if isinstance(node, Array) and not statements:
            self.problem(
                "the policy has no statements", ("Statement",), "AWS rejects an empty Statement list"
            )
        if limit is not None and len(statements) > limit:
            self.problem(
                f"the policy has {len(statements)} statements; the limit for a {self.dialect.name} is {limit}",
                ("Statement",),
            )
        return tuple(self.statement(statement, index) for index, statement in enumerate(statements))

    def statement(self, node: Node, index: int) -> Statement | Unknown:
        route: Route = ("Statement", index)
        if not isinstance(node, Object):
            return self.not_an_object(node, "a statement", route)
        elements = self.elements(node, STATEMENT_ELEMENTS, route)
        return Statement(
            index,
            self.optional_text(elements.get("Sid"), (*route, "Sid")),
            self.effect(elements.get("Effect"), route),
            principals(self, *self.one_of("Principal", elements, route), route),
            self.patterns("Action", elements, route),
            self.resources(elements, route),
            conditions(self, elements.get("Condition"), (*route, "Condition")),
            sid_unknown=_is_unread(elements.get("Sid")),
        )

    def effect(self, node: Node | Unknown | None, route: Route) -> Value:
        if node is None:
            return self.problem("the statement has no Effect", route, "write `Allow` or `Deny`")
        if isinstance(node, Unknown):
            return node
        value = value_of(node)
        if isinstance(value, Unknown) or value in (ALLOW, DENY):
            return value
        shown = f"`{value}`" if isinstance(value, str) else describe(node)
        at = (*route, "Effect")
        intended = value.title() if value and value.title() in (ALLOW, DENY) else ""
        hint = f"did you mean `{intended}`? " if intended else ""
        fix = (Put(at, intended),) if intended else ()
        message = f"Effect must be `Allow` or `Deny`, not {shown}"
        return self.problem(message, at, hint + "the value is case-sensitive", fix=fix)

    def one_of(
        self, name: str, elements: dict[str, Node | Unknown], route: Route
    ) -> tuple[str, Node | Unknown | None]:
        """Return an element or its Not- form, or None if both are missing; report a problem if both are present."""
        negated = f"Not{name}"
        if name in elements and negated in elements:
            message = f"the statement has both {name} and {negated}"
            return name, self.problem(message, (*route, negated), "keep one of the two", Part.KEY)
        return (negated, elements[negated]) if negated in elements else (name, elements.get(name))

    def patterns(self, name: str, elements: dict[str, Node | Unknown], route: Route) -> Patterns | Unknown:
        element, node = self.one_of(name, elements, route)
        if node is None:
            return self.gap(name, route)
        if isinstance(node, Unknown):
            return node
        return Patterns(element, self.texts(node, (*route, element)))

    def gap(self, name: str, route: Route) -> Patterns | Unknown:
        message = f"the statement has no {name}"
        if not self.dialect.inert_gaps:
            return self.problem(message, route)
        help_text = f"add {name}; KMS stores a statement without it, but the statement has no effect"
        self.problems.append(Problem(message, route, Part.VALUE, help_text, grave=False))
        return Patterns(name, ())

    def resources(self, elements: dict[str, Node | Unknown], route: Route) -> Patterns | Unknown:
        resources = self.patterns("Resource", elements, route)
        if not isinstance(resources, Patterns) or not self.dialect.single_resource:
            return resources
        if len(resources.values) != 1:
            count = len(resources.values) or "no"
            message = f"the statement has {count} resources; SNS requires exactly one"
            self.problem(
                message, (*route, resources.element), "write the ARN of the topic that has the policy"
            )
        return resources


def _is_unread(node: Node | Unknown | None) -> bool:
    """True for an element whose text could not be read."""
    return node is not None and (isinstance(node, Unknown) or text_of(node) is None)
