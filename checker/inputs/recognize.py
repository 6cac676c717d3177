"""Recognizes the kind of a document by its content."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from checker.inputs.policy_kind import looks_like_policy
from checker.policy.node import Array, Object, items, text_of
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from checker.policy.node import Node


class Kind(Enum):
    """The supported kinds of documents."""

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
_FILES = ("attributes", "policy")
_OF_TOPIC = frozenset(("arn", *_FILES, "subscriptions", "key", "instances"))
_ATTRIBUTES = ("Policy", "Owner", "SubscriptionsConfirmed", "EffectiveDeliveryPolicy", "KmsMasterKeyId")
"""Keys of topic attributes besides the ARN, which messages and settings of other programs also contain."""


def kind_of(node: Node) -> tuple[Kind, Node, tuple[str, ...]] | None:
    """Return the kind of a document, the node of its facts and the route to it; ``None`` if unknown."""
    if not isinstance(node, Object):
        return None
    keys = {member.key for member in node.members}
    for key, kind, wanted, mark in _WRAPPERS:
        value = node.get(key) if key in keys else None
        if isinstance(value, wanted) and _marked(value, mark) and not _of_subscription(value):
            return kind, value, (key,)
    if _looks_like_template(node):
        return Kind.TEMPLATE, node, ()
    if "TopicArn" in keys and not keys.isdisjoint(_ATTRIBUTES):
        return None if "SubscriptionArn" in keys else (Kind.TOPIC, node, ())
    if _wraps_policy(node.get("Policy")):
        return Kind.KEY_POLICY, node, ()
    if is_manifest(node):
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
"""The wrapper key of the facts, and keys of which a fact has at least one; other services use similar
wrappers.
"""


def _marked(node: Node, marks: tuple[str, ...]) -> bool:
    found = [one for one in items(node) if isinstance(one, Object)]
    return not found or any(member.key in marks for one in found for member in one.members)


def _looks_like_template(node: Object) -> bool:
    """True if the document has Resources and is marked as a template, itself or in a resource.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
    """
    resources = node.get("Resources")
    if not isinstance(resources, Object):
        return False
    if any(member.key in ("AWSTemplateFormatVersion", "Transform") for member in node.members):
        return True
    typed = (one.value.get("Type") for one in resources.members if isinstance(one.value, Object))
    return any((text_of(one) or "").count("::") >= 1 for one in typed)


def _of_subscription(node: Node) -> bool:
    """True for the attributes of a subscription, which also have a topic ARN and an owner."""
    return isinstance(node, Object) and node.get("SubscriptionArn") is not None


def _wraps_policy(node: Node | None) -> bool:
    """True for a policy, as an object or as JSON in a string."""
    text = text_of(node)
    if text is not None:
        return text.lstrip().startswith(("{", '"'))
    return isinstance(node, Object) and looks_like_policy(node)


def is_manifest(node: Node) -> bool:
    """True for a streaming manifest: it has only manifest keys, and a list item specific to manifests.

    Message brokers, Helm charts and address books also use `topics`, `contacts` and `version`.
    """
    return has_keys_of_manifest(node) and any(
        _says(kind, one) for kind in MANIFEST_KEYS[1:] for one in _listed(node, kind)
    )


def may_be_of_others(node: Node) -> bool:
    """True for a manifest identified only by its topic ARNs, all with keys that manifests do not have."""
    topics = _listed(node, "topics")
    others = any(
        _says(kind, one) for kind in ("instances", "keys", "contacts") for one in _listed(node, kind)
    )
    return not others and not any(map(_has_known_keys, topics))


def _has_known_keys(topic: Node) -> bool:
    keys = [member.key for member in topic.members] if isinstance(topic, Object) else []
    return all(key in _OF_TOPIC or did_you_mean(key, _OF_TOPIC) for key in keys)


def has_keys_of_manifest(node: Node) -> bool:
    """True if topics or contacts are listed, and every key is a manifest key or a typo of one."""
    keys = {member.key for member in node.members} if isinstance(node, Object) else set()
    if not keys & {"topics", "contacts"}:
        return False
    return all(key in MANIFEST_KEYS or did_you_mean(key, MANIFEST_KEYS) for key in keys)


def _says(kind: str, item: Node) -> bool:
    """True for an item with the ARN of an instance, topic or key, or with a topic file."""
    if kind == "instances":
        return _is_arn(item)
    if not isinstance(item, Object):
        return False
    if kind == "contacts":
        return any(map(_is_arn, _listed(item, "topics")))
    named = {member.key for member in item.members} <= _OF_TOPIC and any(item.get(key) for key in _FILES)
    return _is_arn(item.get("arn")) or (kind == "topics" and named)


def _listed(node: Node, key: str) -> tuple[Node, ...]:
    found = node.get(key) if isinstance(node, Object) else None
    return found.items if isinstance(found, Array) else ()


def _is_arn(node: Node | None) -> bool:
    return (text_of(node) or "").startswith("arn:")
