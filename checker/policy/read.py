"""Nodes to a typed policy, with every place where the document departs from the grammar.

Reading never fails: what cannot be understood becomes Unknown and a Problem, so that a policy is judged
on what is known of it. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from checker.finding import Part, Route
from checker.policy.charset import odd_characters
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
from checker.policy.node import Array, Object, Scalar, describe, items, scalar_text
from checker.policy.spelling import did_you_mean
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import (
    CONDITION_KEY,
    OLD_VERSION,
    POLICY_ELEMENTS,
    PRINCIPAL_TYPES,
    STATEMENT_ELEMENTS,
    VERSION,
    Operator,
    operator_names,
)

if TYPE_CHECKING:
    from checker.policy.node import Member, Node

_CONDITION_KEY = re.compile(CONDITION_KEY)
_HOPELESS = 4
"""How many times over its limit a policy is read, since blanks and lists that are easily shortened count."""


class Dialect(NamedTuple):
    """Where two kinds of resource-based policy differ in what AWS accepts.

    ``inert_gaps``: a statement without Action or Resource is stored and has no effect (KMS) rather than
    being refused (SNS). ``last_char`` is the highest character that may stand in it.
    """

    name: str
    service: str
    max_bytes: int
    max_statements: int | None
    single_resource: bool
    empty_principal: bool
    inert_gaps: bool
    last_char: str


TOPIC = Dialect(
    "topic policy",
    "sns",
    30 * 1024,
    100,
    single_resource=True,
    empty_principal=False,
    inert_gaps=False,
    last_char="\x7f",
)
"""https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html"""

KEY = Dialect(
    "key policy",
    "kms",
    32 * 1024,
    None,
    single_resource=False,
    empty_principal=True,
    inert_gaps=True,
    last_char="\xff",
)
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"""


def read_policy(node: Node, dialect: Dialect) -> tuple[Policy, tuple[Problem, ...]]:
    """Read a policy document; never raises."""
    reader = _Reader(dialect)
    policy = reader.policy(node)
    return policy, tuple(reader.problems)


class _Reader:
    __slots__ = ("dialect", "problems")

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.problems: list[Problem] = []

    def problem(self, message: str, route: Route, help_text: str = "", part: Part = Part.VALUE) -> Unknown:
        self.problems.append(Problem(message, route, part, help_text))
        return Unknown(message)

    def policy(self, node: Node) -> Policy:
        if not isinstance(node, Object):
            unknown = _unknown(node) or self.problem(f"a policy is an object, this is {describe(node)}", ())
            return Policy(unknown, "", (unknown,))
        if node.end - node.start > _HOPELESS * self.dialect.max_bytes:
            message = f"the policy is more than {_HOPELESS} times as large as a {self.dialect.name} may be"
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
        for route, part, odd in odd_characters(node, self.dialect.last_char):
            message = f"`{odd}` (U+{ord(odd):04X}) may not stand in a {self.dialect.name}"
            help_text = f"no character beyond U+{ord(self.dialect.last_char):04X} may"
            self.problem(message, route, help_text, part)

    def elements(self, node: Object, known: tuple[str, ...], route: Route) -> dict[str, Node | Unknown]:
        """Map the known elements to their nodes; a repeated one to Unknown, for AWS does not say which wins."""
        found: dict[str, Node | Unknown] = {}
        for member in node.members:
            if member.key in found:
                found[member.key] = self.repeated(node, member, route)
            elif member.key in known:
                found[member.key] = member.value
            else:
                meant, unknown = self.unknown_element(node, member, known, route)
                found[meant] = unknown
        return found

    def unknown_element(
        self, node: Object, member: Member, known: tuple[str, ...], route: Route
    ) -> tuple[str, Unknown]:
        """Report an element and name the one that it was meant to be, which is not missing then but unknown."""
        guess = did_you_mean(member.key, known)
        meant = guess if guess and node.get(guess) is None else None
        hint = f"did you mean `{meant}`?" if meant else f"known are {', '.join(known)}"
        message = f"unknown element `{member.key}`"
        return meant or member.key, self.problem(message, (*route, member.key), hint, Part.KEY)

    def repeated(self, node: Object, member: Member, route: Route) -> Unknown:
        first = next(one for one in node.members if one.key == member.key)
        line = node.source.position(first.start, first.end).line
        message = f"`{member.key}` stands twice, first on line {line}"
        self.problems.append(
            Problem(
                message,
                (*route, member.key),
                Part.KEY,
                "AWS does not say which of the two counts; keep one",
                repeated=True,
            )
        )
        return Unknown(message)

    def version(self, node: Node | Unknown | None) -> Value:
        if node is None:
            return OLD_VERSION
        if isinstance(node, Unknown):
            return node
        value = _text(node)
        if isinstance(value, Unknown) or value in (OLD_VERSION, VERSION):
            return value
        shown = f"`{value}`" if isinstance(value, str) else describe(node)
        return self.problem(
            f"Version is `{OLD_VERSION}` or `{VERSION}`, not {shown}", ("Version",), f"write `{VERSION}`"
        )

    def optional_text(self, node: Node | Unknown | None, route: Route) -> str:
        if node is None or isinstance(node, Unknown):
            return ""
        value = _text(node)
        if value is None:
            self.problem(f"{route[-1]} is a string, this is {describe(node)}", route)
        return value if isinstance(value, str) else ""

    def statements(self, node: Node | Unknown | None) -> tuple[Statement | Unknown, ...]:
        if node is None:
            return (self.problem("the policy has no Statement", ()),)
        if isinstance(node, Unknown):
            return (node,)
        found = items(node)
        limit = self.dialect.max_statements
        if isinstance(node, Array) and not found:
            self.problem("the policy has no statement", ("Statement",), "AWS refuses an empty Statement list")
        if limit is not None and len(found) > limit:
            self.problem(
                f"the policy has {len(found)} statements, a {self.dialect.name} may have {limit}",
                ("Statement",),
            )
        return tuple(self.statement(one, index) for index, one in enumerate(found))

    def statement(self, node: Node, index: int) -> Statement | Unknown:
        route: Route = ("Statement", index)
        if not isinstance(node, Object):
            return _unknown(node) or self.problem(
                f"a statement is an object, this is {describe(node)}", route
            )
        elements = self.elements(node, STATEMENT_ELEMENTS, route)
        return Statement(
            index,
            self.optional_text(elements.get("Sid"), (*route, "Sid")),
            self.effect(elements.get("Effect"), route),
            self.principals(elements, route),
            self.patterns("Action", elements, route),
            self.resources(elements, route),
            self.conditions(elements.get("Condition"), (*route, "Condition")),
        )

    def effect(self, node: Node | Unknown | None, route: Route) -> Value:
        if node is None:
            return self.problem("the statement has no Effect", route, "write `Allow` or `Deny`")
        if isinstance(node, Unknown):
            return node
        value = _text(node)
        if isinstance(value, Unknown) or value in (ALLOW, DENY):
            return value
        shown = f"`{value}`" if isinstance(value, str) else describe(node)
        hint = f"did you mean `{value.title()}`? " if value and value.title() in (ALLOW, DENY) else ""
        return self.problem(
            f"Effect is `Allow` or `Deny`, not {shown}",
            (*route, "Effect"),
            hint + "the value is case-sensitive",
        )

    def one_of(
        self, name: str, elements: dict[str, Node | Unknown], route: Route
    ) -> tuple[str, Node | Unknown | None]:
        """Pick an element or its Not- form; both together are refused, as neither being there may be."""
        negated = f"Not{name}"
        if name in elements and negated in elements:
            message = f"the statement has both {name} and {negated}"
            return name, self.problem(message, (*route, negated), "keep one of the two", Part.KEY)
        return (negated, elements[negated]) if negated in elements else (name, elements.get(name))

    def principals(self, elements: dict[str, Node | Unknown], route: Route) -> Principals | Unknown:
        element, node = self.one_of("Principal", elements, route)
        if node is None:
            help_text = "a resource-based policy says whom a statement is for"
            return self.problem("the statement has no Principal", route, help_text)
        if isinstance(node, Unknown):
            return node
        route = (*route, element)
        negated = element == "NotPrincipal"
        value = _text(node)
        if value == EVERYONE:
            return Principals(negated, (Principal(EVERYONE, EVERYONE, route),))
        if isinstance(value, Unknown):
            return value
        if not isinstance(node, Object):
            shown = f"`{value}`" if value is not None else describe(node)
            help_text = (
                'write `{"Service": "connect.amazonaws.com"}`, or `{"AWS": ...}` for an account or role'
            )
            return self.problem(f"{element} is `*` or an object, not {shown}", route, help_text)
        return self.principal_object(node, negated, route)

    def principal_object(self, node: Object, negated: bool, route: Route) -> Principals:  # noqa: FBT001
        entries: list[Principal] = []
        unknown: Unknown | None = None
        for kind, value in self.principal_types(node, route):
            if isinstance(value, Unknown):
                unknown = value
                continue
            for index, one in enumerate(self.texts(value, (*route, kind))):
                entries.append(Principal(kind, one, (*route, kind, index)))
        if not entries and unknown is None and not self.dialect.empty_principal:
            self.problem(f"{route[-1]} names nobody", route, "SNS refuses a statement without a principal")
        return Principals(negated, tuple(entries), unknown)

    def principal_types(self, node: Object, route: Route) -> list[tuple[str, Node | Unknown]]:
        found: dict[str, Node | Unknown] = {}
        for member in node.members:
            if member.key in found:
                found[member.key] = self.repeated(node, member, route)
            elif member.key in PRINCIPAL_TYPES:
                found[member.key] = member.value
            else:
                guess = did_you_mean(member.key, PRINCIPAL_TYPES)
                hint = f"did you mean `{guess}`?" if guess else f"known are {', '.join(PRINCIPAL_TYPES)}"
                message = f"unknown principal type `{member.key}`"
                found[member.key] = self.problem(message, (*route, member.key), hint, Part.KEY)
        return list(found.items())

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
        help_text = f"KMS stores a statement without {name}, but it has no effect"
        self.problems.append(Problem(message, route, Part.VALUE, help_text, grave=False))
        return Patterns(name, ())

    def resources(self, elements: dict[str, Node | Unknown], route: Route) -> Patterns | Unknown:
        resources = self.patterns("Resource", elements, route)
        if not isinstance(resources, Patterns) or not self.dialect.single_resource:
            return resources
        if len(resources.values) != 1:
            count = len(resources.values) or "no"
            message = f"the statement has {count} resources, SNS wants exactly one"
            self.problem(message, (*route, resources.element), "name the topic that carries the policy")
        return resources

    def conditions(self, node: Node | Unknown | None, route: Route) -> tuple[Condition | Unknown, ...]:
        if node is None:
            return ()
        if isinstance(node, Unknown):
            return (node,)
        if not isinstance(node, Object):
            return (
                _unknown(node) or self.problem(f"Condition is an object, this is {describe(node)}", route),
            )
        found: dict[str, list[Condition | Unknown]] = {}
        for member in node.members:
            if member.key in found:
                found[member.key] = [self.repeated(node, member, route)]
            else:
                found[member.key] = self.operator(member, route)
        return tuple(condition for conditions in found.values() for condition in conditions)

    def operator(self, member: Member, route: Route) -> list[Condition | Unknown]:
        operation: Operator | Unknown | None = Operator.parse(member.key)
        route = (*route, member.key)
        if operation is None:
            operation = self.unknown_operator(member.key, route)
        node = member.value
        if not isinstance(node, Object):
            message = f"`{member.key}` takes an object of condition keys, this is {describe(node)}"
            return [_unknown(node) or self.problem(message, route)]
        found: dict[str, Condition | Unknown] = {}
        for key in node.members:
            if key.key in found:
                found[key.key] = self.repeated(node, key, route)
            else:
                self.other_case(node, key, route)
                found[key.key] = self.condition(member.key, operation, key, route)
        return list(found.values())

    def other_case(self, node: Object, member: Member, route: Route) -> None:
        """Report a condition key that stood before in other letters: AWS compares keys without case."""
        folded = member.key.lower()
        twin = next((one for one in node.members if one.key.lower() == folded), member)
        if twin.key != member.key:
            line = node.source.position(twin.start, twin.end).line
            message = f"`{member.key}` is the same key as `{twin.key}` on line {line}"
            help_text = (
                "AWS compares keys without case and does not say which counts; put the values in one list"
            )
            route, also = (*route, member.key), ((*route, twin.key),)
            self.problems.append(Problem(message, route, Part.KEY, help_text, also=also))

    def unknown_operator(self, name: str, route: Route) -> Unknown:
        guess = did_you_mean(name, operator_names())
        help_text = f"did you mean `{guess}`?" if guess else ""
        return self.problem(f"unknown condition operator `{name}`", route, help_text, Part.KEY)

    def condition(
        self, operator: str, operation: Operator | Unknown, member: Member, route: Route
    ) -> Condition | Unknown:
        route = (*route, member.key)
        if not _CONDITION_KEY.search(member.key):
            help_text = "keys look like `aws:SourceArn`, without blanks around the name"
            return self.problem(f"`{member.key}` is no condition key", route, help_text, Part.KEY)
        values = self.texts(member.value, route, scalars=True)
        return Condition(operator, operation, member.key, values, route)

    def texts(self, node: Node, route: Route, *, scalars: bool = False) -> tuple[Value, ...]:
        """Read a string or a list of strings; ``scalars`` lets numbers and booleans stand for their text."""
        values: list[Value] = []
        for index, one in enumerate(items(node)):
            value = scalar_text(one) if scalars else _text(one)
            if value is None:
                wanted = "a string, number or boolean" if scalars else "a string"
                value = self.problem(f"expected {wanted}, found {describe(one)}", (*route, index))
            values.append(value)
        return tuple(values)


def _text(node: Node) -> Value | None:
    value = node.value if isinstance(node, Scalar) else None
    return value if isinstance(value, str | Unknown) else None


def _unknown(node: Node) -> Unknown | None:
    value = _text(node)
    return value if isinstance(value, Unknown) else None
