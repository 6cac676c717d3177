"""Topics and keys of dumps: rows of the Steampipe tables `aws_sns_topic` and `aws_kms_key`, and items of AWS Config.

https://hub.steampipe.io/plugins/turbot/aws/tables/aws_sns_topic
https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn, topic_arn
from checker.core.errors import InputError
from checker.inputs.aws_cli import policy_in, read_key, read_topic, with_open_key
from checker.inputs.kinds.kind import Kind
from checker.inputs.policy_kind import looks_like_policy
from checker.inputs.text import TextDocument, parse_embedded
from checker.policy.node import Member, Node, Object, Scalar, items, text_of
from checker.policy.vocabulary import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match


_TOPIC_NAMES = {
    "topicarn": "TopicArn",
    "arn": "TopicArn",
    "policy": "Policy",
    "owner": "Owner",
    "kmsmasterkeyid": "KmsMasterKeyId",
    "fifotopic": "FifoTopic",
    "subscriptionsconfirmed": "SubscriptionsConfirmed",
}
_KEY_NAMES = {
    "keyarn": "Arn",
    "arn": "Arn",
    "id": "KeyId",
    "keyid": "KeyId",
    "policy": "Policy",
    "keypolicy": "Policy",
    "keystate": "KeyState",
    "keymanager": "KeyManager",
    "keyspec": "KeySpec",
    "customermasterkeyspec": "CustomerMasterKeySpec",
    "keyusage": "KeyUsage",
    "aliases": "Aliases",
}
"""The names of the API, by the names of columns in lower case and without underscores."""


def _renamed(node: Object, names: dict[str, str]) -> Object:
    """Give the members of a row the names of the API; others are left out."""
    found = ((names.get(one.key.lower().replace("_", "")), one) for one in node.members)
    return node._replace(members=tuple(one._replace(key=name) for name, one in found if name is not None))


def _has_policy(row: Object) -> bool:
    """True for a row with a policy, as an object or as JSON in a string."""
    node = row.get("Policy")
    if isinstance(node, Object):
        return looks_like_policy(node)
    return (text_of(node) or "").lstrip().startswith(("{", '"'))


def _match_topic(root: Object) -> Match | None:
    row = _renamed(root, _TOPIC_NAMES)
    arn = text_of(row.get("TopicArn"))
    return (row, ()) if arn is not None and isinstance(topic_arn(arn), Arn) and _has_policy(row) else None


def _match_key(root: Object) -> Match | None:
    row = _renamed(root, _KEY_NAMES)
    arn = Arn.parse(text_of(row.get("Arn")) or "")
    is_key = arn is not None and arn.service == "kms" and arn.resource.startswith("key/")
    return (row, ()) if is_key and _has_policy(row) else None


def _read_topic(facts: Facts, found: Found) -> None:
    if isinstance(found.node, Object):
        document = TextDocument(found.document.source, found.node)
        topic = with_open_key(read_topic(document, found.node, (), named=found.named), found.node)
        facts.topics.append((found.path.parent, topic))


def _read_key(facts: Facts, found: Found) -> None:
    node, policy = found.node, found.node.get("Policy") if isinstance(found.node, Object) else None
    if isinstance(node, Object) and policy is not None:
        key = read_key(TextDocument(found.document.source, node), node, (), named=found.named)
        aliases = tuple(_aliases(items(listed) if (listed := node.get("Aliases")) is not None else ()))
        facts.keys.append((found.path.parent, key._replace(policy=policy_in(policy, KEY), aliases=aliases)))


def _aliases(listed: Iterable[Node]) -> Iterable[str]:
    names = (one.get("AliasName") if isinstance(one, Object) else one for one in listed)
    return (text for text in map(text_of, names) if text is not None and text.startswith("alias/"))


_ITEM_TYPES = {"AWS::SNS::Topic": _TOPIC_NAMES, "AWS::KMS::Key": _KEY_NAMES}
_PARTS = ("configuration", "supplementaryConfiguration")


def _match_item(root: Object) -> Match | None:
    """Recognize the state of a topic or key that exists, as AWS Config records it."""
    names = _ITEM_TYPES.get(text_of(root.get("resourceType")) or "")
    deleted = (text_of(root.get("configurationItemStatus")) or "").startswith("ResourceDeleted")
    if names is None or deleted or all(root.get(part) is None for part in _PARTS):
        return None
    return root, ()


def _read_item(facts: Facts, found: Found) -> None:
    """Read a topic or key of AWS Config. Raises InputError for a configuration that is not JSON."""
    if not isinstance(found.node, Object):
        return
    row = _row_of(found.node)
    is_topic = text_of(found.node.get("resourceType")) == "AWS::SNS::Topic"
    match = _match_topic(row) if is_topic else _match_key(row)
    if match is None:
        place = found.document.source.position(found.node.start, found.node.end)
        raise InputError(found.document.name, "the item of AWS Config has no ARN or no policy", place)
    (_read_topic if is_topic else _read_key)(facts, found._replace(node=match[0]))


def _row_of(item: Object) -> Object:
    """Combine the parts of an item with its ARN."""
    parts = [part for name in _PARTS for part in _members(item.get(name))]
    arns = (member for member in item.members if member.key.lower() == "arn")
    has_arn = any(member.key in ("arn", "Arn", "TopicArn", "topicArn") for member in parts)
    return item._replace(members=(*parts, *(() if has_arn else arns)))


def _members(node: Node | None) -> tuple[Member, ...]:
    """Return the members of a part, which may be JSON in a string."""
    text = text_of(node)
    if isinstance(node, Scalar) and text is not None and text.lstrip().startswith("{"):
        node = parse_embedded(node, text).root
    return node.members if isinstance(node, Object) else ()


ITEM = Kind("an item of AWS Config", _match_item, _read_item)

KINDS = (
    Kind("a row with a topic", _match_topic, _read_topic),
    Kind("a row with a key", _match_key, _read_key),
    ITEM,
)
