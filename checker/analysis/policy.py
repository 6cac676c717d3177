"""Analysis of a policy and of the statements in it, for topics and keys alike."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Self

from checker.analysis.documents import unread_parts
from checker.analysis.endpoints import Endpoints
from checker.analysis.inventory import Key, Source
from checker.analysis.pairing import STATED, why
from checker.analysis.symbols import open_instances_of, values_in, values_of_endpoints
from checker.core.finding import Location, Part, Role
from checker.core.unknown import Unknown
from checker.policy.limits import refusals
from checker.policy.model import (
    ALLOW,
    EMPTY,
    Condition,
    Patterns,
    Policy,
    Principals,
    Problem,
    Statement,
)
from checker.policy.placeholder import PLACEHOLDER, filled, is_masked, masked
from checker.policy.vocabulary import CONNECT
from checker.policy.wildcard import example_of, is_wild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.deployments import Deployment, Deployments, Facts
    from checker.analysis.inventory import Inventory, Pairing, Place, PolicyText, Topic
    from checker.core.arn import Arn
    from checker.core.finding import Route
    from checker.policy.model import Value


class PolicyAnalysis:
    """Analysis of a resource with its own policy."""

    pairings: tuple[Pairing, ...] = ()
    endpoints: Endpoints = Endpoints()

    def __init__(self, name: str, text: PolicyText | Unknown, place: Place, inventory: Inventory) -> None:
        self.name = name
        self.text = text
        self.place = place
        self.inventory = inventory

    @property
    def about(self) -> tuple[Topic, Key | None]:
        """The topic and its key, if it is known."""
        raise NotImplementedError

    def deployed(self, deployment: Deployment) -> Self:
        """Return the resource of one deployment."""
        raise NotImplementedError

    @cached_property
    def has_symbols(self) -> bool:
        """True if a text of the facts depends on the deployment."""
        topic, key = self.about
        values = values_in(topic, key, open_instances_of(topic, self.inventory))
        values = chain(values, values_of_endpoints(self.endpoints))
        return any(isinstance(value, Unknown) and value.pieces for _, value in values)

    @cached_property
    def facts(self) -> Facts:
        """The facts that all deployments share."""
        from checker.analysis.deployments import Facts  # only code has symbols

        return Facts(*self.about, self.pairings, self.inventory, self.endpoints)

    @cached_property
    def deployments(self) -> Deployments:
        """The deployments that represent all deployments."""
        from checker.analysis.deployment_search import deployments  # only code has symbols

        return deployments(self.facts)

    @cached_property
    def in_deployments(self) -> tuple[Self, ...]:
        """The resource in each of its deployments, in the order of ``deployments.ways``."""
        return tuple(map(self.deployed, self.deployments.ways)) if self.has_symbols else (self,)

    @cached_property
    def instances(self) -> tuple[Arn, ...]:
        """The instances that are known to stream from sources other than the policy itself."""
        return tuple(one.instance for one in self.pairings if one.source is not Source.POLICY)

    @cached_property
    def explicit_instances(self) -> tuple[Arn, ...]:
        """The instances that the user paired with the resource, so that a safe fix may grant them access."""
        return tuple(one.instance for one in self.pairings if one.explicit)

    def inferred_from(self, instance: Arn) -> str:
        """Describe the source of an inferred pairing; empty for an instance that the user named."""
        inferred = (one for one in self.pairings if one.source not in STATED)
        return next((why(one) for one in inferred if one.instance == instance), "")

    @cached_property
    def policy(self) -> Policy:
        """The policy with its placeholders unknown; empty if the policy is not known."""
        return EMPTY if isinstance(self.text, Unknown) else masked(self.text.policy, self.symbol)

    @cached_property
    def filled(self) -> Policy:
        """The policy for proofs, in which each placeholder has the value that it represents.

        A placeholder with several possible values, or without a known one, stays Unknown. The values do not count
        as known instances.
        """
        if isinstance(self.text, Unknown) or self.policy is self.text.policy:
            return self.policy
        return filled(self.text.policy, self.symbol, self.named_resource, self.filled_in)

    @property
    def symbol(self) -> str:
        """The reference to the resource in its own policy, if the ARN is not known."""
        return ""

    @property
    def named_resource(self) -> str:
        """The resource of requests."""
        return self.resource_named

    def filled_in(self, key: str, text: str) -> Value:  # noqa: ARG002 - only topics know values for conditions
        """Return the value that a placeholder of a condition represents."""
        return Unknown(PLACEHOLDER, text)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that could be read."""
        return self.policy.known_statements()

    @property
    def unread(self) -> tuple[Unknown, ...]:
        """The parts of the policy that could not be read."""
        return unread_parts(self.text)

    @cached_property
    def unresolved(self) -> tuple[Unknown, ...]:
        """The parts of the policy of which nothing is known, down to single values.

        A value that each deployment sets was read: it is a reference.
        """
        if isinstance(self.text, Unknown):
            return ()
        return tuple(one for one in unresolved_values(self.text.policy) if not one.pieces)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """The syntax problems of the policy, and the parts that its service rejects or ignores."""
        if isinstance(self.text, Unknown):
            return ()
        text = self.text
        return (*text.problems, *refusals(text.policy, text.dialect, text.size))

    def reports(self, doubt: Unknown, places: Iterable[Location] = ()) -> bool:
        """True if a rule about the text of the policy reports the reason of a doubt.

        The reason is a placeholder, a condition key that AWS does not list, or a problem in each of the statements
        at ``places``.
        """
        keys = {str(part).lower() for problem in self.problems for part in problem.route}
        reported = any(problem.message == doubt.reason for problem in self.problems)
        return is_masked(doubt) or reported or doubt.where.lower() in keys or self._are_faulty(places)

    def _are_faulty(self, places: Iterable[Location]) -> bool:
        """True if each statement at the places has a problem, or if the places are in an unreadable policy."""
        routes = [place.route[:2] for place in places]
        faulty = {one.route[:2] for one in self.problems if one.grave or "Principal" in one.route}
        unread = not isinstance(self.text, Unknown) and bool(self.text.problems)
        return bool(routes) and all(route in faulty or (unread and len(route) < 2) for route in routes)

    def leaves_open(self, doubt: Unknown) -> bool:  # noqa: ARG002 - only topics have such a rule
        """True if the document leaves the value open and another rule reports it."""
        return False

    @cached_property
    def allows_by_name(self) -> tuple[Statement, ...]:
        """The Allow statements that list connect.amazonaws.com, with any actions."""
        return tuple(s for s in self.statements if s.effect == ALLOW and names_connect(s))

    @cached_property
    def unread_principals(self) -> tuple[Unknown, ...]:
        """The principals of Allow statements that were not read, and may be connect.amazonaws.com."""
        allows = (s for s in self.statements if s.effect == ALLOW and not names_connect(s))
        return tuple(value for s in allows for value in _unread_services(s))

    @property
    def unread_conditions(self) -> tuple[Unknown, ...]:
        """The conditions of all statements that were not read."""
        return tuple(one for statement in self.statements for one in unread_conditions(statement))

    @cached_property
    def resource_named(self) -> str:
        """A Resource of the policy that represents the resource itself, if possible one without wildcards.

        The choice does not depend on the order of the statements. Wildcards are replaced by an example, except `*`.
        """
        named = self.policy.resources()
        return example_of(min(named, key=lambda one: (one == "*", is_wild(one), one), default="*"))

    def at(
        self, route: Route, part: Part = Part.VALUE, role: Role = Role.PRIMARY, note: str = ""
    ) -> Location:
        """Return the location of a route in the policy."""
        document = self.place.document if isinstance(self.text, Unknown) else self.text.document
        return Location(document, route, part, role, note)

    def here(self, place: Place | None = None, note: str = "") -> Location:
        """Return the location of the resource, or of one of its facts."""
        document, route = place or self.place
        return Location(document, route, note=note)


def unresolved_values(policy: Policy) -> Iterator[Unknown]:
    """Yield the parts of a policy that its reader could not resolve, from whole statements to single values."""
    if isinstance(policy.version, Unknown):
        yield policy.version
    for statement in policy.statements:
        if isinstance(statement, Unknown):
            yield statement
            continue
        principals = statement.principals
        values: list[object] = [statement.effect, principals, statement.actions, statement.resources]
        if isinstance(principals, Principals):
            values += [principals.unknown, *(entry.value for entry in principals.entries)]
        for part in (statement.actions, statement.resources, *statement.conditions):
            values += part.values if isinstance(part, Patterns | Condition) else [part]
        yield from (value for value in values if isinstance(value, Unknown))


def names_connect(statement: Statement) -> bool:
    """True if Principal lists connect.amazonaws.com."""
    return statement.names_service(CONNECT)


def _unread_services(statement: Statement) -> Iterator[Unknown]:
    """Yield the principals of a statement that were not read and may be services."""
    principals = statement.principals
    if isinstance(principals, Unknown):
        yield principals
    elif not principals.negated:
        services = (one.value for one in principals.entries if one.type == "Service")
        yield from (value for value in (*services, principals.unknown) if isinstance(value, Unknown))


def conditions_on(statement: Statement, *keys: str) -> tuple[Condition, ...]:
    """Return the conditions of a statement on one of the keys."""
    return tuple(c for c in statement.conditions if isinstance(c, Condition) and c.folded_key in keys)


def unread_conditions(statement: Statement) -> tuple[Unknown, ...]:
    """Return the conditions of a statement that were not read, so that they may be on any key."""
    return tuple(one for one in statement.conditions if isinstance(one, Unknown))


def unread_actions(statement: Statement) -> Iterator[Unknown]:
    """Yield the actions of a statement that are not known."""
    actions = statement.actions
    values = actions.values if isinstance(actions, Patterns) else (actions,)
    yield from (one for one in values if isinstance(one, Unknown))
