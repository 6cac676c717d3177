"""Tells by its content what a document is."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from checker.policy.dialect import KEY, TOPIC, Dialect
from checker.policy.node import Array, Object, items, text_of
from checker.policy.spelling import did_you_mean
from checker.policy.vocabulary import OLD_VERSION, POLICY_ELEMENTS, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.node import Node


class Kind(Enum):
    """The documents that are read."""

    TOPIC = "the attributes of a topic"
    SUBSCRIPTIONS = "a list of subscriptions"
    KEY = "the description of a key"
    KEY_POLICY = "the output of get-key-policy"
    GRANTS = "a list of grants"
    INSTANCES = "Connect instances"
    TAGS = "a list of tags"
    MANIFEST = "a streaming manifest"
    TEMPLATE = "a CloudFormation template"
    POLICY = "a policy document"


MANIFEST_KEYS = ("version", "instances", "topics", "keys", "contacts")


def kind_of(node: Node) -> tuple[Kind, Node, tuple[str, ...]] | None:
    """Name the kind, the node that holds the facts, and the way to it; ``None`` for anything else."""
    if not isinstance(node, Object):
        return None
    keys = {member.key for member in node.members}
    for key, kind, wanted, mark in _WRAPPERS:
        value = node.get(key) if key in keys else None
        if isinstance(value, wanted) and _marked(value, mark):
            return kind, value, (key,)
    if _looks_like_template(node):
        return Kind.TEMPLATE, node, ()
    if "TopicArn" in keys:
        return Kind.TOPIC, node, ()
    if "Policy" in keys:
        return Kind.KEY_POLICY, node, ()
    if _looks_like_manifest(keys):
        return Kind.MANIFEST, node, ()
    return (Kind.POLICY, node, ()) if looks_like_policy(node) else None


_WRAPPERS = (
    ("Attributes", Kind.TOPIC, Object, ("TopicArn", "Owner")),
    ("Subscriptions", Kind.SUBSCRIPTIONS, Array, ("SubscriptionArn",)),
    ("KeyMetadata", Kind.KEY, Object, ("KeyId", "Arn")),
    ("Grants", Kind.GRANTS, Array, ("GrantId", "GranteePrincipal", "GranteeServicePrincipal")),
    ("Instance", Kind.INSTANCES, Object, ("InstanceAlias", "ServiceRole", "Arn")),
    ("ResourceTagMappingList", Kind.TAGS, Array, ("ResourceARN",)),
    ("InstanceSummaryList", Kind.INSTANCES, Array, ("Id", "Arn")),
)
"""The key around the facts, and the keys of which a fact has at least one: other services wrap alike."""


def _marked(node: Node, marks: tuple[str, ...]) -> bool:
    found = [one for one in items(node) if isinstance(one, Object)]
    return not found or any(member.key in marks for one in found for member in one.members)


def _looks_like_template(node: Object) -> bool:
    """True if there are Resources, and the template or one of them says what it is.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
    """
    resources = node.get("Resources")
    if not isinstance(resources, Object):
        return False
    if any(member.key in ("AWSTemplateFormatVersion", "Transform") for member in node.members):
        return True
    typed = (one.value.get("Type") for one in resources.members if isinstance(one.value, Object))
    return any((text_of(one) or "").count("::") >= 1 for one in typed)


def _looks_like_manifest(keys: set[str]) -> bool:
    """True if every key is one of a manifest's, or nearly."""
    if not keys & {"topics", "contacts"}:
        return False
    return all(key in MANIFEST_KEYS or did_you_mean(key, MANIFEST_KEYS) for key in keys)


def looks_like_policy(node: Object) -> bool:
    """True for a policy document, also one whose Statement is misspelt or missing."""
    if _has(node, "Statement"):
        return True
    version = text_of(node.get("Version"))
    return version in (OLD_VERSION, VERSION) and len(node.members) <= len(POLICY_ELEMENTS)


def dialect_of(node: Node) -> Dialect | None:
    """Tell a topic policy from a key policy by the actions and resources of its statements.

    ``None`` for the policy of something else, and for an identity policy, which names no principal.
    """
    statements = [one for one in _statements(node) if isinstance(one, Object)]
    if not any(_has(one, "Principal") or _has(one, "NotPrincipal") for one in statements):
        return None
    services = {service for one in statements for service in _services(one)}
    if "sns" in services:
        return TOPIC
    return KEY if "kms" in services else None


def is_of_any_kind(node: Node) -> bool:
    """True for a policy that could be a topic's as well as a key's: it names no service, but principals."""
    statements = [one for one in _statements(node) if isinstance(one, Object)]
    services = {service for one in statements for service in _services(one)}
    named = all(_has(one, "Principal") or _has(one, "NotPrincipal") for one in statements)
    return isinstance(node, Object) and looks_like_policy(node) and named and services <= {"*"}


def _has(node: Object, key: str) -> bool:
    """True if the object has the key, or something that was meant to be it."""
    exact = any(member.key == key for member in node.members)
    return exact or any(did_you_mean(member.key, (key,)) for member in node.members)


def _statements(node: Node) -> Iterator[Node]:
    members = node.members if isinstance(node, Object) else ()
    exact = [member for member in members if member.key == "Statement"]
    for member in exact or [one for one in members if did_you_mean(one.key, ("Statement",))]:
        yield from items(member.value)


def _services(statement: Object) -> Iterator[str]:
    for member in statement.members:
        if member.key in ("Action", "NotAction", "Resource", "NotResource"):
            for one in items(member.value):
                text = (text_of(one) or "").lower()
                is_arn = text.startswith("arn:") and text.count(":") > 1
                yield text.split(":")[2] if is_arn else text.partition(":")[0]
