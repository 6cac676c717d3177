"""The typed, immutable model of a policy that the decision engine and the rules use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.policy.vocabulary import OLD_VERSION, VERSION, Operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.core.finding import Operation, Part, Route

    Replace = Callable[[str, str | Unknown], str | Unknown]
    """Returns the new value of a role and a value."""

Value = str | Unknown
"""One value of a policy; numbers and booleans are stored as text."""

PRINCIPAL, RESOURCE = "Principal", "Resource"
"""The roles of values outside conditions. The role of a condition's value is its key, as written."""

ALLOW, DENY = "Allow", "Deny"
EVERYONE = "*"


class Principal(NamedTuple):
    """One entry of Principal or NotPrincipal; the bare ``"*"`` has type ``"*"``."""

    type: str
    value: Value
    route: Route

    @property
    def is_everyone(self) -> bool:
        """True for ``"*"`` and for ``{"AWS": "*"}``, which AWS treats alike for SNS."""
        return self.value == EVERYONE and self.type in (EVERYONE, "AWS")


class Principals(NamedTuple):
    """Principal, or NotPrincipal if ``negated``; ``unknown`` is the reason why an entry could not be read."""

    negated: bool
    entries: tuple[Principal, ...]
    unknown: Unknown | None = None

    @property
    def element(self) -> str:
        """The name of the element."""
        return "NotPrincipal" if self.negated else "Principal"


class Patterns(NamedTuple):
    """Action or Resource, or NotAction or NotResource if ``negated``."""

    element: str
    values: tuple[Value, ...]

    @property
    def negated(self) -> bool:
        """True for NotAction and NotResource."""
        return self.element.startswith("Not")

    @property
    def are_plain(self) -> bool:
        """True for names without wildcards, each of which matches only itself."""
        return not self.negated and not any(
            isinstance(value, str) and ("*" in value or "?" in value) for value in self.values
        )


class Condition(NamedTuple):
    """One key under one operator.

    ``operator`` and ``key`` are as written. ``operation`` is the parsed operator, or Unknown if AWS documents no
    such operator.
    """

    operator: str
    operation: Operator | Unknown
    key: str
    values: tuple[Value, ...]
    route: Route

    @property
    def folded_key(self) -> str:
        """The key in lower case; AWS ignores the letter case of condition keys."""
        return self.key.lower()


class Statement(NamedTuple):
    """One statement; an element that could not be read is Unknown. ``ordinal`` counts from 0.

    ``sid_unknown`` is true if the Sid could not be read; ``sid`` is empty then, as for a missing Sid.
    """

    ordinal: int
    sid: str
    effect: Value
    principals: Principals | Unknown
    actions: Patterns | Unknown
    resources: Patterns | Unknown
    conditions: tuple[Condition | Unknown, ...]
    sid_unknown: bool = False

    @property
    def route(self) -> Route:
        """The route to this statement from the root of its policy."""
        return ("Statement", self.ordinal)

    @property
    def principal_entries(self) -> tuple[Principal, ...]:
        """The entries of Principal or NotPrincipal that could be read."""
        return () if isinstance(self.principals, Unknown) else self.principals.entries

    def names_service(self, service: str) -> bool:
        """True if Principal lists the service, whatever the effect."""
        principals = self.principals
        if isinstance(principals, Unknown) or principals.negated:
            return False
        return any(entry.type == "Service" and entry.value == service for entry in principals.entries)

    def with_values(self, replace: Replace) -> Statement:
        """Return the statement with the values of its principals, resources and conditions replaced."""
        principals, resources = self.principals, self.resources
        if isinstance(principals, Principals):
            entries = (entry._replace(value=replace(PRINCIPAL, entry.value)) for entry in principals.entries)
            principals = principals._replace(entries=tuple(entries))
        if isinstance(resources, Patterns):
            resources = resources._replace(
                values=tuple(replace(RESOURCE, value) for value in resources.values)
            )
        conditions = tuple(
            condition._replace(values=tuple(replace(condition.key, value) for value in condition.values))
            if isinstance(condition, Condition)
            else condition
            for condition in self.conditions
        )
        return self._replace(principals=principals, resources=resources, conditions=conditions)

    @property
    def title(self) -> str:
        """The name of the statement in a message."""
        return f"statement `{self.sid}`" if self.sid else f"statement {self.ordinal + 1}"


class Policy(NamedTuple):
    """A resource-based policy."""

    version: Value
    id: str
    statements: tuple[Statement | Unknown, ...]

    @property
    def has_variables(self) -> bool | Unknown:
        """True if ``${...}`` is a policy variable rather than literal text."""
        if isinstance(self.version, Unknown):
            return self.version
        return self.version == VERSION

    def with_values(self, replace: Replace) -> Policy:
        """Return the policy with the values of principals, resources and conditions replaced."""
        return self._replace(
            statements=tuple(
                statement if isinstance(statement, Unknown) else statement.with_values(replace)
                for statement in self.statements
            )
        )

    def known_statements(self) -> tuple[Statement, ...]:
        """The statements that could be read."""
        return tuple(statement for statement in self.statements if isinstance(statement, Statement))

    def resources(self) -> frozenset[str]:
        """Return every Resource in the policy; NotResource is left out, because it lists excluded resources."""
        patterns = (statement.resources for statement in self.known_statements())
        plain = (
            resources for resources in patterns if isinstance(resources, Patterns) and not resources.negated
        )
        return frozenset(value for resources in plain for value in resources.values if isinstance(value, str))


class Problem(NamedTuple):
    """A place where a document differs from the policy format that AWS documents.

    ``grave``: AWS rejects it, or it decides whether Connect can publish; otherwise AWS stores it without effect.
    ``slight``: it may be valid, or does no harm, so it is reported as a note.
    ``repeated``: a key occurs twice, and both places are shown. ``also``: other places with the same problem.
    ``fix``: the operations that write the intended value, if it is clear.
    """

    message: str
    route: Route
    part: Part
    help: str = ""
    grave: bool = True
    repeated: bool = False
    also: tuple[Route, ...] = ()
    fix: tuple[Operation, ...] = ()
    slight: bool = False


EMPTY = Policy(OLD_VERSION, "", ())
