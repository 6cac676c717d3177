"""Topics and keys as AWS Config records them: items, and snapshots and histories with the items of an account.

AWS Config delivers compressed snapshots. A small file that is not compressed is split by ``checker.inputs.documents``.
https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html
https://docs.aws.amazon.com/config/latest/developerguide/deliver-snapshot-cli.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.discover import name_of
from checker.inputs.kinds.kind import Found, Kind, LargeKind
from checker.inputs.large_files import read_unpacked
from checker.inputs.rows import match_key, match_topic, read_key_row, read_topic_row
from checker.inputs.text import TextDocument, parse_embedded
from checker.policy.node import Member, Object, Scalar, text_of
from checker.policy.source import Source
from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.collect import Facts
    from checker.inputs.json_scan import Scan
    from checker.inputs.kinds.kind import Match
    from checker.policy.node import Node

_ITEM_TYPES = ("AWS::SNS::Topic", "AWS::KMS::Key")
_PARTS = ("configuration", "supplementaryConfiguration")


def _match_item(root: Object) -> Match | None:
    """Recognize the state of a topic or key that exists, as AWS Config records it."""
    is_ours = text_of(root.get("resourceType")) in _ITEM_TYPES
    deleted = (text_of(root.get("configurationItemStatus")) or "").startswith("ResourceDeleted")
    if not is_ours or deleted or all(root.get(part) is None for part in _PARTS):
        return None
    return root, ()


def _read_item(facts: Facts, found: Found) -> None:
    """Read a topic or key of AWS Config. Raises InputError for a configuration that is not JSON."""
    if not isinstance(found.node, Object):
        return
    row = _row_of(found.node)
    is_topic = text_of(found.node.get("resourceType")) == "AWS::SNS::Topic"
    match = match_topic(row) if is_topic else match_key(row)
    if match is None:
        place = found.document.source.position(found.node.start, found.node.end)
        raise InputError(found.document.name, "the item of AWS Config has no ARN or no policy", place)
    (read_topic_row if is_topic else read_key_row)(facts, found._replace(node=match[0]))


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


_ITEMS = "configurationItems"
_BEGINNING = pattern(rf'\A\s*\{{\s*(?:"\w{{1,99}}"\s*:\s*"[^"\\]{{0,999}}"\s*,\s*){{0,9}}"{_ITEMS}"\s*:\s*\[')
_WANTED = pattern(r'"AWS::(?:SNS::Topic|KMS::Key)"')


def _match(text: str) -> bool:
    return _BEGINNING.match(text) is not None


def _read(facts: Facts, path: Path, named: bool) -> bool:  # noqa: FBT001 - as LargeKind calls it
    from checker.inputs.documents import newest_states  # imports the registry, of which this kind is a part
    from checker.inputs.json_scan import Scan  # policies do not need it

    scan = Scan(Source(name_of(path), read_unpacked(path), quotable=False))
    try:
        items = list(newest_states(_items(scan)))
    except TextError as error:
        raise InputError(scan.source.name, error.message, error.position()) from None
    read = [_take(facts, path, item, named=named) for item in items]
    return any(read)


def _items(scan: Scan) -> list[Node]:
    """Return the items of topics and keys. Raises TextError."""
    found: list[Node] = []

    def item(index: int, at: int) -> int:
        end = scan.value(at)[1]
        if _WANTED.search(scan.text, at, end):
            found.append(scan.part((at, end), f"/{_ITEMS}/{index}"))
        return end

    def member(key: str, at: int) -> int:
        return scan.elements(at, item) if key == _ITEMS else scan.skip(at)

    end = scan.blank(scan.members(scan.blank(0), member))
    if end != len(scan.text):
        raise TextError("expected nothing after the JSON document", scan.source, end)
    return found


def _take(facts: Facts, path: Path, node: Node, *, named: bool) -> bool:
    """Read an item, unless it is about another resource or one that was deleted."""
    match = _match_item(node) if isinstance(node, Object) else None
    if match is None:
        return False
    try:
        _read_item(facts, Found(path, TextDocument(node.source, node), *match, named))
    except InputError as error:
        facts.skip(error)
    return True


KINDS = (
    Kind("an item of AWS Config", _match_item, _read_item),
    LargeKind(
        "a snapshot of AWS Config", _match, _read, "the snapshot contains no topic or key", only_bulk=True
    ),
)
