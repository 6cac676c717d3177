"""Facts that are not known or depend on the deployment, and three-valued logic over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


ACCOUNT, REGION, PARTITION, ID, NAME, TEXT = "account", "Region", "partition", "id", "name", "text"
"""The kinds of symbols: 12 digits, a Region, a partition, an ID that AWS generates, a name, any text."""


class Symbol(NamedTuple):
    """A value that each deployment sets.

    ``name`` is the reference as the file writes it; ``scope`` is the root, plan or template in which it is unique.
    If ``allowed`` is not empty, the value is one of these texts. ``reference`` is what a fix writes for the value;
    empty if the files have no reference to it.
    """

    name: str
    kind: str = TEXT
    allowed: tuple[str, ...] = ()
    scope: str = ""
    reference: str = ""


Piece = str | Symbol


class Unknown(NamedTuple):
    """A fact that is not known, in place of its value; ``where`` names the expression or file that decides it.

    ``pieces`` are its literal texts and symbols, if it is a text that only depends on the deployment; otherwise
    nothing is known of it, and they are empty.
    """

    reason: str
    where: str = ""
    pieces: tuple[Piece, ...] = ()

    @property
    def told(self) -> str:
        """The reason, with the expression or file that decides the fact."""
        return f"{self.reason} (`{self.where}`)" if self.where else self.reason

    def __str__(self) -> str:
        """Write the reason, so that a message never shows the name of this class."""
        return self.told

    def __bool__(self) -> bool:
        raise TypeError(f"an unknown fact is neither true nor false: {self.reason}")


Truth = bool | Unknown


def without_pieces(value: Any) -> Any:
    """Return a tuple, or named tuple, in which nothing is known of its unknown texts."""
    if isinstance(value, Unknown):
        return value._replace(pieces=())
    if not isinstance(value, tuple):
        return value
    items = [without_pieces(item) for item in value]
    make = getattr(value, "_make", None)
    return tuple(items) if make is None else make(items)


def pieces_in(values: Iterable[object]) -> tuple[Piece, ...]:
    """Join the pieces of texts; empty if nothing is known of one of them."""
    joined: list[Piece] = []
    for value in values:
        pieces = (value,) if isinstance(value, str) else value.pieces if isinstance(value, Unknown) else ()
        if not pieces:
            return ()
        joined += pieces
    return tuple(joined)


def negate(truth: Truth) -> Truth:
    """Negate; unknown stays unknown."""
    return truth if isinstance(truth, Unknown) else not truth


def any_of(truths: Iterable[Truth]) -> Truth:
    """Logical or: true if one is true, else unknown if one is unknown."""
    return _combined(truths, decisive=True)


def all_of(truths: Iterable[Truth]) -> Truth:
    """Logical and: false if one is false, else unknown if one is unknown."""
    return _combined(truths, decisive=False)


def _combined(truths: Iterable[Truth], *, decisive: bool) -> Truth:
    unknown: Unknown | None = None
    for truth in truths:
        if truth is decisive:
            return decisive
        if unknown is None and isinstance(truth, Unknown):
            unknown = truth
    return (not decisive) if unknown is None else unknown
