"""Snapshots and histories of AWS Config, as it delivers them to a bucket: compressed, with the items of an account.

A small file that is not compressed is split by ``checker.inputs.documents``.
https://docs.aws.amazon.com/config/latest/developerguide/deliver-snapshot-cli.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.inputs.discover import name_of
from checker.inputs.kinds.kind import Found, LargeKind
from checker.inputs.kinds.rows import ITEM
from checker.inputs.large_files import read_unpacked
from checker.inputs.text import TextDocument
from checker.policy.node import Object
from checker.policy.source import Source
from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.collect import Facts
    from checker.inputs.json_scan import Scan
    from checker.policy.node import Node

_ITEMS = "configurationItems"
_BEGINNING = re.compile(
    rf'\A\s*\{{\s*(?:"\w{{1,99}}"\s*:\s*"[^"\\]{{0,999}}"\s*,\s*){{0,9}}"{_ITEMS}"\s*:\s*\['
)
_WANTED = re.compile(r'"AWS::(?:SNS::Topic|KMS::Key)"')


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
    match = ITEM.match(node) if isinstance(node, Object) else None
    if match is None:
        return False
    try:
        ITEM.read(facts, Found(path, TextDocument(node.source, node), *match, named))
    except InputError as error:
        facts.skip(error)
    return True


KINDS = (
    LargeKind(
        "a snapshot of AWS Config", _match, _read, "the snapshot contains no topic or key", only_bulk=True
    ),
)
