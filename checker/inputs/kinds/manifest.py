"""Recognizes streaming manifests by content: message brokers, Helm charts and address books use similar keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.kinds.kind import Kind
from checker.policy.node import Array, Node, Object, text_of
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match


_KEYS = ("version", "instances", "topics", "keys", "contacts")
_FILES = ("attributes", "policy")
_OF_TOPIC = frozenset(("arn", *_FILES, "subscriptions", "key", "instances"))


def _match(root: Object) -> Match | None:
    """Recognize a document with only manifest keys, and a list item specific to manifests."""
    if not has_keys_of_manifest(root):
        return None
    return (root, ()) if any(_says(kind, one) for kind in _KEYS[1:] for one in _listed(root, kind)) else None


def _read(_facts: Facts, _found: Found) -> None:
    """Do nothing: manifests are read before other files, because they name them."""


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
    return all(key in _KEYS or did_you_mean(key, _KEYS) for key in keys)


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


MANIFEST = Kind("a streaming manifest", _match, _read)
KINDS = (MANIFEST,)
