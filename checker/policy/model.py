"""A policy as typed, frozen facts: what the decision engine and the rules see."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Unknown
from checker.policy.vocabulary import OLD_VERSION, VERSION, Operator

if TYPE_CHECKING:
    from checker.core.finding import Operation, Part, Route

Value = str | Unknown
"""One value of a policy; numbers and booleans stand as their text."""

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
    """Principal, or NotPrincipal when ``negated``; ``unknown`` says why an entry could not be read."""

    negated: bool
    entries: tuple[Principal, ...]
    unknown: Unknown | None = None

    @property
    def element(self) -> str:
        """The name of the element."""
        return "NotPrincipal" if self.negated else "Principal"


class Patterns(NamedTuple):
    """Action or Resource, or their Not- forms when ``negated``."""

    element: str
    values: tuple[Value, ...]

    @property
    def negated(self) -> bool:
        """True for NotAction and NotResource."""
        return self.element.startswith("Not")

    @property
    def are_plain(self) -> bool:
        """True for names without wildcards, which cover themselves and nothing else."""
        return not self.negated and not any(
            isinstance(v, str) and ("*" in v or "?" in v) for v in self.values
        )


class Condition(NamedTuple):
    """One key under one operator. ``operator`` and ``key`` are as written, ``operation`` is the operator
    taken apart, or Unknown when AWS documents no such operator.
    """

    operator: str
    operation: Operator | Unknown
    key: str
    values: tuple[Value, ...]
    route: Route

    @property
    def folded_key(self) -> str:
        """The key in lower case; AWS compares condition keys without case."""
        return self.key.lower()


class Statement(NamedTuple):
    """One statement; an element that could not be read is Unknown. ``ordinal`` counts from 0.

    ``sid_unknown`` tells a Sid that could not be read, whose text is empty, from one that is missing.
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
        """The way to this statement from the root of its policy."""
        return ("Statement", self.ordinal)

    @property
    def principal_entries(self) -> tuple[Principal, ...]:
        """What Principal or NotPrincipal lists, as far as it could be read."""
        return () if isinstance(self.principals, Unknown) else self.principals.entries

    def names_service(self, service: str) -> bool:
        """True if Principal lists the service itself, by whatever effect."""
        principals = self.principals
        if isinstance(principals, Unknown) or principals.negated:
            return False
        return any(entry.type == "Service" and entry.value == service for entry in principals.entries)

    @property
    def title(self) -> str:
        """How a sentence names the statement."""
        return f"statement `{self.sid}`" if self.sid else f"statement {self.ordinal + 1}"


class Policy(NamedTuple):
    """A resource-based policy."""

    version: Value
    id: str
    statements: tuple[Statement | Unknown, ...]

    @property
    def has_variables(self) -> bool | Unknown:
        """True when ``${...}`` is a policy variable rather than literal text."""
        if isinstance(self.version, Unknown):
            return self.version
        return self.version == VERSION

    def known_statements(self) -> tuple[Statement, ...]:
        """The statements that could be read."""
        return tuple(s for s in self.statements if isinstance(s, Statement))

    def resources(self) -> frozenset[str]:
        """Every Resource that the policy names; what NotResource names is none that a statement is about."""
        patterns = (one.resources for one in self.known_statements())
        plain = (one for one in patterns if isinstance(one, Patterns) and not one.negated)
        return frozenset(value for one in plain for value in one.values if isinstance(value, str))


class Problem(NamedTuple):
    """A place where a document is not a policy as AWS documents it.

    ``grave`` tells what AWS does not accept, or what decides about Connect, from what is stored and says
    nothing. ``slight`` is what may be right, or does no harm: a note. ``repeated`` marks a key that stands twice, of which both places are worth showing, and
    ``also`` has other places of the same fault. ``mend`` is what it was meant to be, as far as that is clear.
    """

    message: str
    route: Route
    part: Part
    help: str = ""
    grave: bool = True
    repeated: bool = False
    also: tuple[Route, ...] = ()
    mend: tuple[Operation, ...] = ()
    slight: bool = False


EMPTY = Policy(OLD_VERSION, "", ())
