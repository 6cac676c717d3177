"""What a symbol stands for, which its place in the facts tells: an account, a Region, an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import ACCOUNT, ID, NAME, PARTITION, REGION, TEXT, Symbol
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.unknown import Piece


INSTANCE_ARN, TOPIC_ARN = "instance ARN", "topic ARN"
"""The kinds of symbols that stand for a whole ARN because of their place."""
OF_TOPIC, OF_INSTANCE = "topic", "instance"
"""The roles of the ARNs of the topic and of instances that code declares; a value of a policy has its role there."""
_ACCOUNT_KEYS = (SOURCE_ACCOUNT, "aws:principalaccount", "aws:resourceaccount", "kms:calleraccount")
_KIND_OF_PART = {1: PARTITION, 3: REGION, 4: ACCOUNT}


def placed(role: str, pieces: tuple[Piece, ...]) -> Iterator[tuple[Symbol, str]]:
    """Yield the symbols of a text, each with the kind that its place gives it."""
    before = ""
    for index, piece in enumerate(pieces):
        if isinstance(piece, str):
            before += piece
            continue
        after = pieces[index + 1] if index + 1 < len(pieces) else ""
        kind = piece.kind
        if kind == TEXT:
            kind = _whole_kind(role) if len(pieces) == 1 else _part_kind(before, after)
        yield piece, kind
        before += "\0"


def _whole_kind(role: str) -> str:
    """Return the kind of a symbol that is a whole text."""
    if role in _ACCOUNT_KEYS:
        return ACCOUNT
    return {SOURCE_ARN: INSTANCE_ARN, OF_TOPIC: TOPIC_ARN}.get(role, TEXT)


def _part_kind(before: str, after: Piece) -> str:
    """Return the kind of a symbol within an ARN, from the text before and after it."""
    index = before.count(":")
    ends = not after or (isinstance(after, str) and after.startswith(":"))
    if not before.startswith("arn:"):
        return TEXT
    if index < 5:
        return _KIND_OF_PART.get(index, TEXT) if before.endswith(":") and ends else TEXT
    return ID if before.endswith(("instance/", "key/")) else NAME
