"""Texts of which a part is not known: `arn:${AWS::Partition}:sns:eu-west-1:${AWS::AccountId}:chat`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.policy.model import Value


_LONGEST = 100_000
"""Longer than any policy; names that are made of names that are made of names grow exponentially."""


def joined(pieces: Iterable[Value]) -> Value:
    """Put a text together; if a piece is not known, it is Unknown with the text around the gap in ``where``.

    An unknown piece alone stays what it is, so that a reference can still be followed.
    """
    found = [piece for piece in pieces if piece != ""]
    length = sum(len(piece) if isinstance(piece, str) else len(piece.where) + 3 for piece in found)
    if length > _LONGEST:
        return Unknown(f"a text of more than {_LONGEST} characters")
    unknown = next((piece for piece in found if isinstance(piece, Unknown)), None)
    if unknown is not None and len(found) > 1:
        return Unknown(unknown.reason, "".join(map(_written, found)))
    return unknown if unknown is not None else "".join(map(str, found))


def _written(piece: Value) -> str:
    """Write a piece as Fn::Sub has it; one that has gaps itself is not wrapped again."""
    if isinstance(piece, str) or "${" in piece.where:
        return piece if isinstance(piece, str) else piece.where
    return f"${{{piece.where}}}"
