"""Rows about topics and keys, with columns that are named after the attributes of the API, in any spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn, topic_arn
from checker.inputs.aws_cli import policy_in, read_key, read_topic, with_open_key
from checker.inputs.policy_kind import looks_like_policy
from checker.inputs.text import TextDocument
from checker.policy.node import Node, Object, items, text_of
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


def match_topic(root: Object) -> Match | None:
    row = _renamed(root, _TOPIC_NAMES)
    arn = text_of(row.get("TopicArn"))
    return (row, ()) if arn is not None and isinstance(topic_arn(arn), Arn) and _has_policy(row) else None


def match_key(root: Object) -> Match | None:
    row = _renamed(root, _KEY_NAMES)
    arn = Arn.parse(text_of(row.get("Arn")) or "")
    is_key = arn is not None and arn.service == "kms" and arn.resource.startswith("key/")
    return (row, ()) if is_key and _has_policy(row) else None


def read_topic_row(facts: Facts, found: Found) -> None:
    if isinstance(found.node, Object):
        document = TextDocument(found.document.source, found.node)
        topic = with_open_key(read_topic(document, found.node, (), named=found.named), found.node)
        facts.topics.append((found.path.parent, topic))


def read_key_row(facts: Facts, found: Found) -> None:
    node, policy = found.node, found.node.get("Policy") if isinstance(found.node, Object) else None
    if isinstance(node, Object) and policy is not None:
        key = read_key(TextDocument(found.document.source, node), node, (), named=found.named)
        aliases = tuple(_aliases(items(listed) if (listed := node.get("Aliases")) is not None else ()))
        facts.keys.append((found.path.parent, key._replace(policy=policy_in(policy, KEY), aliases=aliases)))


def _aliases(listed: Iterable[Node]) -> Iterable[str]:
    names = (one.get("AliasName") if isinstance(one, Object) else one for one in listed)
    return (text for text in map(text_of, names) if text is not None and text.startswith("alias/"))
