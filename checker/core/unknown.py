"""Facts that are not known or depend on the deployment, and three-valued logic over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from checker.core.pattern import pattern
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
K = TypeVar("K")

ACCOUNT, REGION, PARTITION, ID, NAME, TEXT, ANY = (
    "account",
    "Region",
    "partition",
    "id",
    "name",
    "text",
    "any",
)
"""The kinds of symbols: 12 digits, a Region, a partition, an ID that AWS generates, a name, any text, any value."""


EACH = "[*]"
"""Ends the name of a symbol that stands for each item of a list."""


_PART = pattern(r'split\("([^"]+)", (.+)\)\[(\d{1,4})\]')


class Part(NamedTuple):
    """A function of a symbol: one of the parts between separators, as `split(":", arn)[4]`."""

    separator: str
    number: int

    def of(self, value: str) -> tuple[Piece, ...]:
        """Return the part of a value; empty if it has too few parts."""
        parts = value.split(self.separator)
        return (parts[self.number],) if self.number < len(parts) else ()

    def written(self, name: str) -> str:
        """Write the part of a symbol as Terraform does."""
        return f'split("{self.separator}", {name})[{self.number}]'

    @staticmethod
    def read(text: str) -> tuple[Part, str] | None:
        """Return the part that a text is, and of what; ``None`` if it is not written as Terraform does."""
        found = _PART.fullmatch(text)
        return (Part(found[1], int(found[3])), found[2]) if found else None


ACCOUNT_IN_ARN = Part(":", 4)
"""The account in an ARN."""


class Lookup(NamedTuple):
    """A function of a symbol: the entry of a table under its value, as `local.accounts[terraform.workspace]`.

    ``default`` is the result for other values; without one, no deployment has other values.
    """

    entries: tuple[tuple[str, tuple[Piece, ...]], ...]
    default: tuple[Piece, ...] = ()

    def of(self, value: str) -> tuple[Piece, ...]:
        """Return the entry of a value; empty if there is none."""
        return next((entry for key, entry in self.entries if key == value), self.default)

    @property
    def results(self) -> tuple[tuple[Piece, ...], ...]:
        """All results."""
        return (*(entry for _, entry in self.entries), *((self.default,) if self.default else ()))


class Symbol(NamedTuple):
    """A value that each deployment sets, or a function of one.

    ``name`` is the reference as the file writes it; ``scope`` is the root, plan or template in which it is unique.
    If ``allowed`` is not empty, the value is one of these texts. ``reference`` is what a fix writes for the value;
    empty if the files have no reference to it. With a ``function``, this is what it is applied to, and ``kind`` is that
    of the result.
    """

    name: str
    kind: str = TEXT
    allowed: tuple[str, ...] = ()
    scope: str = ""
    reference: str = ""
    function: Part | Lookup | None = None


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
    def only_symbol(self) -> Symbol | None:
        """The symbol that is the whole value, if it is not a function of one."""
        piece = self._only_piece
        return piece if isinstance(piece, Symbol) and piece.function is None else None

    @property
    def is_entry(self) -> bool:
        """True if the whole value is the entry of a table under the value of a symbol."""
        piece = self._only_piece
        return isinstance(piece, Symbol) and isinstance(piece.function, Lookup)

    @property
    def _only_piece(self) -> Piece:
        """The piece that is the whole value; an empty text if there are several or none."""
        return self.pieces[0] if len(self.pieces) == 1 else ""

    @property
    def reference(self) -> str:
        """What a fix writes for the value: its expression, with the reference to its symbol if there is one."""
        piece = self._only_piece
        if not isinstance(piece, Symbol) or not piece.reference or isinstance(piece.function, Lookup):
            return self.where
        written = piece.function.written if piece.function else str
        return written(piece.reference) if self.where == written(piece.name) else self.where

    @property
    def is_text(self) -> bool:
        """True if the value is known to be a text in every deployment, so that its expression never fails.

        A text may have too few parts, and a table no entry.
        """
        functions = [
            one.function for one in self.pieces if isinstance(one, Symbol) and one.function is not None
        ]
        may_fail = any(isinstance(one, Part) or not one.default for one in functions)
        symbol = self.only_symbol
        return bool(self.pieces) and not may_fail and (symbol is None or symbol.kind != ANY)

    @property
    def described(self) -> str:
        """The reason, with the expression or file that decides the fact."""
        return f"{self.reason} (`{self.where}`)" if self.where else self.reason

    def __str__(self) -> str:
        """Write the reason, so that a message never shows the name of this class."""
        return self.described

    def __bool__(self) -> bool:
        raise TypeError(f"an unknown fact is neither true nor false: {self.reason}")


Truth = bool | Unknown


def without_pieces(value: T) -> T:
    """Return a tuple, or named tuple, in which nothing is known of its unknown texts."""
    return mapped(value, Unknown, lambda one: one._replace(pieces=()))


def pieces_in(values: Iterable[object]) -> tuple[Piece, ...]:
    """Join the pieces of texts; empty if nothing is known of one of them."""
    joined: list[Piece] = []
    for value in values:
        pieces = (value,) if isinstance(value, str) else value.pieces if isinstance(value, Unknown) else ()
        if not pieces:
            return ()
        joined += pieces
    return tuple(joined)


def literal(pieces: tuple[Piece, ...]) -> str | None:
    """Return the text of pieces without symbols; ``None`` if there is a symbol, or nothing is known."""
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return "".join(texts) if texts and len(texts) == len(pieces) else None


MOST_ENTRIES = 64
"""The maximum number of values of a symbol that are distinguished."""


def parts_of(value: Unknown, separator: str) -> tuple[tuple[Piece, ...], ...]:
    """Split an ARN at colons or slashes, which the symbols in it do not contain; empty for other texts."""
    first = value.pieces[0] if len(value.pieces) > 1 else ""
    if not isinstance(first, str) or not first.startswith("arn:") or separator not in (":", "/"):
        return ()
    parts: list[list[Piece]] = [[]]
    for piece in value.pieces:
        first, *others = piece.split(separator) if isinstance(piece, str) else (piece,)
        parts[-1] += [first] if first else []
        parts += [[other] if other else [] for other in others]
    return tuple(map(tuple, parts))


def part_of(value: Unknown, separator: str, number: int) -> tuple[Piece, ...]:
    """Return one of the parts of a text between separators; empty if nothing is known of it."""
    parts = parts_of(value, separator)
    if parts:
        return parts[number] if number < len(parts) else ()
    (piece,) = value.pieces if len(value.pieces) == 1 else ("",)
    if not isinstance(piece, Symbol) or not separator or isinstance(piece.function, Part):
        return ()
    part = Part(separator, number)
    if piece.function is None:
        return (piece._replace(kind=TEXT, function=part),)
    return _with_results(piece, piece.function, lambda entry: _part_of_pieces(entry, part))


def _part_of_pieces(pieces: tuple[Piece, ...], part: Part) -> tuple[Piece, ...]:
    text = literal(pieces)
    if text is not None:
        return part.of(text)
    return part_of(Unknown("", pieces=pieces), part.separator, part.number)


def _with_results(
    symbol: Symbol, lookup: Lookup, change: Callable[[tuple[Piece, ...]], tuple[Piece, ...]]
) -> tuple[Piece, ...]:
    """Return a lookup with changed results; empty if nothing is known of one of them."""
    entries = tuple((key, change(entry)) for key, entry in lookup.entries)
    default = change(lookup.default) if lookup.default else ()
    if not all(entry for _, entry in entries) or bool(default) != bool(lookup.default):
        return ()
    return (symbol._replace(function=Lookup(entries, default)),)


def chosen_by(
    key: Unknown,
    entries: Iterable[tuple[str, Piece | Unknown | None]],
    default: Piece | Unknown | None = None,
) -> tuple[Piece, ...]:
    """Return the pieces of the entry of a table under a key that is a symbol; empty if too little is known."""
    symbol = key.only_symbol
    table = tuple((name, pieces_in((entry,))) for name, entry in entries)
    otherwise = pieces_in((default,)) if default is not None else ()
    is_known = all(entry for _, entry in table) and bool(otherwise) == (default is not None)
    if symbol is None or not is_known or not 0 < len(table) <= MOST_ENTRIES:
        return ()
    return (symbol._replace(kind=TEXT, function=Lookup(table, otherwise)),)


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


def within(value: object, *kinds: type) -> Iterator[Any]:
    """Yield what is of some kinds within nested tuples, such as the symbols of a policy, without looking into it."""
    if isinstance(value, kinds):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from within(one, *kinds)


def symbols_within(value: object) -> Iterator[Symbol]:
    """Yield the symbols within nested tuples, also those in the entries of a table that another symbol chooses from."""
    for one in within(value, Symbol):
        yield one
        yield from symbols_within(one.function)


def mapped(value: T, kind: type[K], change: Callable[[K], object]) -> T:
    """Change everything of a kind within nested tuples, which keep their types; the parts of what was changed as well."""
    found: object = change(value) if isinstance(value, kind) else value
    if isinstance(found, tuple):
        items = [mapped(one, kind, change) for one in found]
        make = getattr(found, "_make", None)
        found = tuple(items) if make is None else make(items)
    return cast("T", found)
