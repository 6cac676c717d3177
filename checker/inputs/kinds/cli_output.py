"""Output of the AWS CLI: topics, subscriptions, keys, grants, instances and tags.

Other services use similar wrappers, so a fact must have at least one of the keys that mark it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Source
from checker.inputs.aws_cli import (
    read_aliases,
    read_grants,
    read_instances,
    read_key,
    read_subscriptions,
    read_tags,
    read_topic,
    with_open_key,
)
from checker.inputs.discover import home_of
from checker.inputs.kinds.kind import Kind
from checker.policy.node import Array, Node, Object, items

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match

    Read = Callable[[Facts, Found], None]
    Matcher = Callable[[Object], Match | None]


_ATTRIBUTES = ("Policy", "Owner", "SubscriptionsConfirmed", "EffectiveDeliveryPolicy", "KmsMasterKeyId")
"""Keys of topic attributes besides the ARN, which messages and settings of other programs also contain."""


def _wrapped(key: str, form: type[Object | Array], *marks: str) -> Matcher:
    """Return a function that recognizes facts under a key of the document."""

    def match(root: Object) -> Match | None:
        value = root.get(key)
        if isinstance(value, form) and _is_marked(value, marks) and not _is_of_subscription(value):
            return value, (key,)
        return None

    return match


def _is_marked(node: Node, marks: tuple[str, ...]) -> bool:
    found = [one for one in items(node) if isinstance(one, Object)]
    return not found or any(member.key in marks for one in found for member in one.members)


def _is_of_subscription(node: Node) -> bool:
    """True for the attributes of a subscription, which also have a topic ARN and an owner."""
    return isinstance(node, Object) and node.get("SubscriptionArn") is not None


def _bare_attributes(root: Object) -> Match | None:
    """Recognize the attributes of a topic without their wrapper."""
    keys = {member.key for member in root.members}
    is_topic = "TopicArn" in keys and not keys.isdisjoint(_ATTRIBUTES) and "SubscriptionArn" not in keys
    return (root, ()) if is_topic else None


def _topic(facts: Facts, found: Found) -> None:
    if isinstance(found.node, Object):
        topic = read_topic(found.document, found.node, found.route, named=found.named)
        is_excerpt = not found.route and found.node.get("Owner") is None
        topic = with_open_key(topic, found.node) if is_excerpt else topic
        facts.topics.append((found.path.parent, topic))


def _key(facts: Facts, found: Found) -> None:
    if isinstance(found.node, Object):
        key = read_key(found.document, found.node, found.route, named=found.named)
        facts.keys.append((found.path.parent, key))


def _subscriptions(facts: Facts, found: Found) -> None:
    facts.empty_lists += [] if items(found.node) else [found.path.parent]
    for topic, subscription in read_subscriptions(found.document, found.node, found.route):
        facts.subscriptions.setdefault(topic, []).append(subscription)


def _grants(facts: Facts, found: Found) -> None:
    for key, grant in read_grants(found.node):
        facts.grants.setdefault(key, []).append(grant)


def _aliases(facts: Facts, found: Found) -> None:
    for alias, key_id in read_aliases(found.node):
        key = alias._replace(resource=f"key/{key_id}")
        facts.aliases.setdefault(str(key), []).append(alias.resource)


def _tags(facts: Facts, found: Found) -> None:
    facts.tags.update(read_tags(found.node))


def _instances(facts: Facts, found: Found) -> None:
    home = home_of(found.path.parent)
    instances = read_instances(found.document, found.node, found.route)
    facts.instances += (one._replace(source=Source.FOLDER, home=home) for one in instances)


TOPIC = Kind("the attributes of a topic", _wrapped("Attributes", Object, "TopicArn", "Owner"), _topic)
BARE_TOPIC = Kind(TOPIC.name, _bare_attributes, _topic)
SUBSCRIPTIONS = Kind(
    "a list of subscriptions", _wrapped("Subscriptions", Array, "SubscriptionArn"), _subscriptions
)
KEY = Kind("the description of a key", _wrapped("KeyMetadata", Object, "KeyId", "Arn"), _key)
GRANTS = Kind(
    "a list of grants",
    _wrapped("Grants", Array, "GrantId", "GranteePrincipal", "GranteeServicePrincipal"),
    _grants,
)
_INSTANCE = Kind(
    "a Connect instance", _wrapped("Instance", Object, "InstanceAlias", "ServiceRole", "Arn"), _instances
)
_INSTANCES = Kind(
    "a list of Connect instances", _wrapped("InstanceSummaryList", Array, "Id", "Arn"), _instances
)
_ALIASES = Kind("a list of aliases", _wrapped("Aliases", Array, "AliasArn"), _aliases)
_TAGS = Kind("a list of tags", _wrapped("ResourceTagMappingList", Array, "ResourceARN"), _tags)

KINDS = (TOPIC, SUBSCRIPTIONS, KEY, GRANTS, _ALIASES, _INSTANCE, _TAGS, _INSTANCES, BARE_TOPIC)
