"""Policies and places in documents: files, templates, or the data of a resource in AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from checker.core.finding import Document
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.policy.vocabulary import CONNECT, mentions_connect

if TYPE_CHECKING:
    from checker.core.finding import Route
    from checker.policy.model import Policy, Problem
    from checker.policy.node import Node
    from checker.policy.vocabulary import Dialect


class PolicyDocument(Document, Protocol):
    """A policy document in a file, in a template or in AWS."""

    @property
    def root(self) -> Node:
        """The syntax tree of the policy."""


class PolicyText(NamedTuple):
    """A policy with its text, its document and its syntax problems."""

    policy: Policy
    problems: tuple[Problem, ...]
    dialect: Dialect
    document: PolicyDocument
    text: str

    @property
    def size(self) -> int:
        """The size of the policy in bytes of UTF-8."""
        return len(self.text.encode("utf-8", "surrogatepass"))

    @property
    def names_connect(self) -> bool:
        """True if the text names Connect anywhere, even in a part of the policy that could not be read."""
        return mentions_connect(self.text) or any(
            s.names_service(CONNECT) for s in self.policy.known_statements()
        )


class Place(NamedTuple):
    """The place of a fact: a document and a route in it."""

    document: Document
    route: Route


def files_of(resource: object) -> tuple[str, ...]:
    """Return the names of all documents that a topic, key or contact, or a tuple of them, was read from."""
    names: dict[str, None] = {}
    parts = [resource]
    while parts:
        part = parts.pop()
        if isinstance(part, (Place, PolicyText)):
            names[part.document.name] = None
        elif isinstance(part, tuple):
            parts += reversed(part)
    return tuple(names)


class Written(NamedTuple):
    """The source of a resource in a plan or of a CDK app: its place, and its policy if that was found there."""

    place: Place
    policy: Document | None = None


def unread_parts(policy: PolicyText | Unknown | None) -> tuple[Unknown, ...]:
    """Return what could not be read of a policy: the policy itself, or statements and effects."""
    if isinstance(policy, Unknown):
        return (policy,)
    statements = () if policy is None else policy.policy.statements
    parts = (one if isinstance(one, Unknown) else one.effect for one in statements)
    return tuple(one for one in parts if isinstance(one, Unknown))
