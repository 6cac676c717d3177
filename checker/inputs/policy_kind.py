"""Distinguishes topic and key policies from other AWS policies by content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.policy.node import Object, items, text_of
from checker.policy.vocabulary import KEY, OLD_VERSION, POLICY_ELEMENTS, TOPIC, VERSION, Dialect
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.node import Node

ANY = "*"
_NO_PRINCIPAL = (
    "an identity policy or a service control policy: no statement has a Principal, "
    "which every statement of a topic or key policy has"
)
_TRUST = "the trust policy of a role: its actions are STS actions"
_CONTROL = "a resource control policy: all its statements deny all principals"
_ENDPOINT = "a policy for several services and all resources, such as a VPC endpoint policy"
_NO_SERVICE = "a policy that names no SNS or KMS action and no topic or key"


def looks_like_policy(node: Object) -> bool:
    """True for a policy document, even if its Statement is missing or has a typo."""
    if _has(node, "Statement"):
        return True
    version = text_of(node.get("Version"))
    return version in (OLD_VERSION, VERSION) and len(node.members) <= len(POLICY_ELEMENTS)


def dialect_of(node: Node) -> Dialect | None:
    """Return the dialect of a topic or key policy; ``None`` for any other policy."""
    found = _judged(node)
    return found if isinstance(found, Dialect) else None


def other_policy(node: Node) -> str:
    """Describe a policy of another resource; empty for a topic or key policy."""
    found = _judged(node)
    return found if isinstance(found, str) else ""


def is_identity_policy(node: Node) -> bool:
    """True for the policy of a role, user or group: no statement has a principal."""
    return _judged(node) == _NO_PRINCIPAL


def is_of_any_kind(node: Node) -> bool:
    """True for a policy that may belong to a topic or a key: it has principals but names no service."""
    statements = [_Words.of(one) for one in _statements(node)]
    named = all(one.has_principal for one in statements)
    services = {service for one in statements for service in one.services}
    return isinstance(node, Object) and looks_like_policy(node) and named and services <= {ANY}


class _Words(NamedTuple):
    """Facts about a statement: its principals, and the services of its actions and resources."""

    denies: bool
    has_principal: bool
    is_for_everyone: bool
    is_for_service: bool
    actions: frozenset[str]
    resources: frozenset[str]

    @classmethod
    def of(cls, statement: Object) -> _Words:
        principal = statement.get("Principal")
        kinds = {one.key for one in principal.members} if isinstance(principal, Object) else set()
        aws = principal.get("AWS") if isinstance(principal, Object) else principal
        return cls(
            text_of(statement.get("Effect")) == "Deny",
            _has(statement, "Principal") or _has(statement, "NotPrincipal"),
            kinds <= {"AWS"} and aws is not None and [text_of(one) for one in items(aws)] == [ANY],
            "Service" in kinds,
            frozenset(_action_services(statement)),
            frozenset(_resource_services(statement)),
        )

    @property
    def services(self) -> frozenset[str]:
        """Return all services that the statement names."""
        return self.actions | self.resources


def _judged(node: Node) -> Dialect | str:
    """Return the dialect of a topic or key policy, or the name of another kind."""
    statements = [_Words.of(one) for one in _statements(node)]
    if not any(one.has_principal for one in statements):
        return _NO_PRINCIPAL
    actions = {service for one in statements for service in one.actions} - {ANY}
    resources = {service for one in statements for service in one.resources}
    if all(one.denies and one.is_for_everyone for one in statements) and _is_control(actions, resources):
        return _CONTROL
    if actions == {"sts"}:
        return _TRUST
    ours = {"sns", "kms"} & (actions | resources)
    if not ours or (actions & resources and not resources & {*ours, ANY}):
        return _of_service(sorted((resources or actions) - {ANY}))
    if len(actions) > 1 and resources <= {ANY} and not any(one.is_for_service for one in statements):
        return _ENDPOINT
    return _choose_dialect(statements) if len(ours) > 1 else TOPIC if "sns" in ours else KEY


def _is_control(actions: set[str], resources: set[str]) -> bool:
    """True if a policy that only denies all principals is an organization policy.

    A topic or bucket can also have such a policy. KMS refuses it for a key, because the key would be
    unmanageable.
    """
    services = (actions | resources) - {ANY}
    if "sns" in services and (resources == {"sns"} or len(services) == 1):
        return False
    return resources <= {ANY} or "kms" in services or len(services) > 1


def _of_service(names: list[str]) -> str:
    """Name a policy by its services."""
    return f"a policy for {' and '.join(names)}, not for a topic or key" if names else _NO_SERVICE


def _choose_dialect(statements: list[_Words]) -> Dialect:
    """Choose the dialect of a policy with SNS and KMS: by resource, else by number of statements."""
    for dialect in (TOPIC, KEY):
        if any(dialect.service in one.resources for one in statements):
            return dialect
    counts = [sum(dialect.service in one.actions for one in statements) for dialect in (TOPIC, KEY)]
    return TOPIC if counts[0] >= counts[1] else KEY


def _statements(node: Node) -> Iterator[Object]:
    members = node.members if isinstance(node, Object) else ()
    exact = [member for member in members if member.key == "Statement"]
    for member in exact or [one for one in members if did_you_mean(one.key, ("Statement",))]:
        yield from (one for one in items(member.value) if isinstance(one, Object))


def _action_services(statement: Object) -> Iterator[str]:
    for text in _texts(statement, "Action", "NotAction"):
        service, colon, _ = text.partition(":")
        if colon or service == ANY:
            yield service


def _resource_services(statement: Object) -> Iterator[str]:
    """Return the services of ARNs. Other resources, such as placeholders, may belong to any service."""
    for text in _texts(statement, "Resource", "NotResource"):
        parts = text.split(":")
        yield parts[2] if parts[0] == "arn" and len(parts) > 2 and parts[2] else ANY


def _texts(statement: Object, *elements: str) -> Iterator[str]:
    for member in statement.members:
        if member.key in elements:
            yield from ((text_of(one) or "").lower() for one in items(member.value))


def _has(node: Object, key: str) -> bool:
    """True if the object has the key, or a key that is probably a typo of it."""
    exact = any(member.key == key for member in node.members)
    return exact or any(did_you_mean(member.key, (key,)) for member in node.members)
