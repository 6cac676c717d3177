"""Nodes to a typed policy, with every place where the document departs from the grammar.

Reading never fails: what cannot be understood becomes Unknown and a Problem, so that a policy is judged
on what is known of it. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Part, Put, Route
from checker.policy.charset import odd_characters
from checker.policy.model import (
    ALLOW,
    DENY,
    Patterns,
    Policy,
    Problem,
    Statement,
    Value,
)
from checker.policy.node import Array, Object, describe, items
from checker.policy.read_conditions import conditions
from checker.policy.read_principals import principals
from checker.policy.reading import Reading, value_of
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import (
    OLD_VERSION,
    POLICY_ELEMENTS,
    STATEMENT_ELEMENTS,
    VERSION,
)

if TYPE_CHECKING:
    from checker.policy.dialect import Dialect
    from checker.policy.node import Node

_HOPELESS = 4
"""How many times over its limit a policy is read, since blanks and lists that are easily shortened count."""


def read_policy(node: Node, dialect: Dialect) -> tuple[Policy, tuple[Problem, ...]]:
    """Read a policy document; never raises."""
    reader = _Reader(dialect)
    policy = reader.policy(node)
    return policy, tuple(reader.problems)


class _Reader(Reading):
    """Reads the document and its statements; the elements with a grammar of their own have a module each."""

    __slots__ = ()

    def policy(self, node: Node) -> Policy:
        if not isinstance(node, Object):
            unknown = self.not_an_object(node, "a policy", ())
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

    def version(self, node: Node | Unknown | None) -> Value:
        if node is None:
            return OLD_VERSION
        if isinstance(node, Unknown):
            return node
        value = value_of(node)
        if isinstance(value, Unknown) or value in (OLD_VERSION, VERSION):
            return value
        shown = f"`{value}`" if isinstance(value, str) else describe(node)
        message, at = f"Version is `{OLD_VERSION}` or `{VERSION}`, not {shown}", ("Version",)
        return self.problem(message, at, f"write `{VERSION}`", mend=(Put(at, VERSION),))

    def optional_text(self, node: Node | Unknown | None, route: Route) -> str:
        if node is None or isinstance(node, Unknown):
            return ""
        value = value_of(node)
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
            sid_unknown=_is_unknown(elements.get("Sid")),
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
        meant = value.title() if value and value.title() in (ALLOW, DENY) else ""
        hint = f"did you mean `{meant}`? " if meant else ""
        mend = (Put(at, meant),) if meant else ()
        message = f"Effect is `Allow` or `Deny`, not {shown}"
        return self.problem(message, at, hint + "the value is case-sensitive", mend=mend)

    def one_of(
        self, name: str, elements: dict[str, Node | Unknown], route: Route
    ) -> tuple[str, Node | Unknown | None]:
        """Pick an element or its Not- form; both together are refused, as neither being there may be."""
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


def _is_unknown(node: Node | Unknown | None) -> bool:
    return isinstance(node, Unknown) or (node is not None and isinstance(value_of(node), Unknown))
