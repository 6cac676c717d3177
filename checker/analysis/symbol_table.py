"""The symbols in the facts about a topic: their kinds and roles, and for each a value that no text of the facts has."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

from checker.analysis.deployments import Assumption, alone
from checker.analysis.symbols import INSTANCE_ARN, ROLE_ARN, TOPIC_ARN, masked, name_of, pieces_of, placed
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.regions import CONNECT_REGIONS, REGIONS
from checker.core.unknown import ACCOUNT, ID, NAME, PARTITION, REGION, TEXT, Part, Symbol
from checker.policy.wildcard import is_wild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.analysis.deployments import Facts, Name
    from checker.policy.model import Value

    RoleValue = tuple[str, Value]


WHOLE_ARNS = (INSTANCE_ARN, TOPIC_ARN, ROLE_ARN)
"""The kinds of symbols that are a whole ARN."""
KINDS = (PARTITION, REGION, ACCOUNT, ID, NAME, TEXT, *WHOLE_ARNS)
"""All kinds, in the order in which values are chosen."""
HOME = {kind: Symbol(f"the topic's {kind}", kind) for kind in (REGION, ACCOUNT)}
"""Symbols for the Region and the account of the topic, if its ARN does not tell them."""
_ARTICLES = {ID: "an ID", ACCOUNT: "the ID of an account"}
"""What a variable is assumed to be in its place."""
_FRESH = {
    ACCOUNT: "73540000{}",
    ID: "5eed0000-0000-4000-8000-00000000{}",
    INSTANCE_ARN: "5eed0000-0000-4000-8000-00000000{}",
}
_FAMILIAR = ("us-west-2", "us-east-1", "eu-west-2", "eu-central-1", "ap-southeast-2", "ca-central-1")


class _Place(NamedTuple):
    """A symbol in a text with a role; its kind follows from the place."""

    role: str
    symbol: Symbol
    kind: str


class SymbolTable(NamedTuple):
    """The symbols by name, in the order of the facts, each with the kind that its places give it.

    ``values`` are the texts of the facts, each with its role; ``texts`` are their literal parts, and the values that
    symbols may have. ``roles`` are the roles of the texts with a symbol. ``fresh`` is the value of each symbol that
    equals no text and no other value. ``assumed`` is what the places imply of a variable.
    """

    values: tuple[RoleValue, ...]
    texts: frozenset[str]
    symbols: Mapping[Name, Symbol]
    roles: Mapping[Name, frozenset[str]]
    partition: str
    fresh: Mapping[Name, str]
    assumed: Mapping[Name, Assumption]

    @property
    def names(self) -> list[Name]:
        """The names of the symbols, in the order in which values are chosen."""
        return sorted(self.symbols, key=lambda name: KINDS.index(self.symbols[name].kind))

    def of_kind(self, kind: str) -> tuple[Symbol, ...]:
        """Return the symbols of a kind."""
        return tuple(symbol for symbol in self.symbols.values() if symbol.kind == kind)

    def has_role(self, symbol: Symbol, *roles: str) -> bool:
        """True if a text with one of the roles has the symbol."""
        return not self.roles[name_of(symbol)].isdisjoint(roles)

    def fresh_value(self, symbol: Symbol) -> str:
        """Return the value of a symbol that equals no text of the facts."""
        return self.fresh[name_of(symbol)]

    def literals(self, role: str) -> tuple[str, ...]:
        """Return the texts with a role that have no symbols."""
        return tuple(value for other, value in self.values if other == role and isinstance(value, str))

    def arns(self) -> tuple[Arn, ...]:
        """Return the ARNs without wildcards before the resource."""
        return arns_in(self.texts)


def symbol_table(facts: Facts) -> SymbolTable:
    """Collect the symbols of the facts."""
    values = tuple(facts.values())
    places = tuple(_places(values))
    symbols = _by_name(places)
    texts = frozenset((*literals_of(values), *(text for one in symbols.values() for text in one.allowed)))
    partition = next(iter(partitions_in((*texts, *(masked(value) for _, value in values)))), "aws")
    fresh = _fresh_values(symbols.values(), texts, partition)
    return SymbolTable(values, texts, symbols, _roles(places), partition, fresh, _assumed(places))


def partitions_in(texts: Iterable[str]) -> list[str]:
    """Return the partitions of the ARNs among texts, first that of most of them."""
    found = Counter(text.split(":")[1] for text in {*texts} if text.startswith("arn:"))
    return sorted((one for one in REGIONS if found[one]), key=lambda name: -found[name])


def regions_of(partition: str) -> list[str]:
    """Return the Regions of a partition, in the order in which they are taken for one that is not known.

    Those with Amazon Connect come first.
    """
    ranks = {one: rank for rank, one in enumerate(dict.fromkeys((*_FAMILIAR, *CONNECT_REGIONS)))}
    return sorted(REGIONS[partition], key=lambda one: ranks.get(one, len(ranks)))


def arns_in(texts: Iterable[str]) -> tuple[Arn, ...]:
    """Return the ARNs among texts, in their order, without those with wildcards before the resource."""
    arns = (Arn.parse(text) for text in sorted({*texts}) if not is_wild(text.rpartition(":")[0]))
    return tuple(arn for arn in arns if arn is not None)


def _places(values: Iterable[RoleValue]) -> Iterator[_Place]:
    """Yield the symbols of the texts, and their parts that stand for themselves, as nothing is known of the rest."""
    places = [_Place(role, *place) for role, value in values for place in placed(role, pieces_of(value))]
    plain = [place for place in places if place.symbol.function is None]
    symbols = _by_name(plain)
    yield from plain
    for place in places:
        whole = symbols.get(name_of(place.symbol))
        if isinstance(place.symbol.function, Part) and not _is_arn(whole):
            yield place._replace(symbol=alone(place.symbol))


def _is_arn(symbol: Symbol | None) -> bool:
    """True if the values of a symbol are known as a whole, so that its parts are known too."""
    return symbol is not None and (symbol.kind in WHOLE_ARNS or bool(symbol.allowed))


def _by_name(places: Iterable[_Place]) -> dict[Name, Symbol]:
    """Return the symbols with the first kind that tells more than that they are texts."""
    symbols: dict[Name, Symbol] = {}
    for _, symbol, kind in places:
        known = symbols.get(name_of(symbol))
        if known is None or known.kind == TEXT:
            symbols[name_of(symbol)] = symbol._replace(kind=kind)
    return symbols


def _roles(places: Iterable[_Place]) -> dict[Name, frozenset[str]]:
    roles: dict[Name, frozenset[str]] = {}
    for role, symbol, _ in places:
        roles[name_of(symbol)] = roles.get(name_of(symbol), frozenset()) | {role}
    return roles


def _assumed(places: Iterable[_Place]) -> dict[Name, Assumption]:
    return {
        name_of(symbol): Assumption(symbol, (), f"is {_ARTICLES[kind]}")
        for _, symbol, kind in places
        if symbol.kind == TEXT and kind in _ARTICLES
    }


def literals_of(values: Iterable[RoleValue]) -> Iterator[str]:
    """Yield the literal parts of texts."""
    for _, value in values:
        parts = (value,) if isinstance(value, str) else value.pieces
        yield from (part for part in parts if isinstance(part, str))


def _fresh_values(symbols: Iterable[Symbol], texts: frozenset[str], partition: str) -> dict[Name, str]:
    """Return a different value for each symbol, which no text contains."""
    numbers = count(1)
    fresh: dict[Name, str] = {}
    for symbol in (*symbols, *HOME.values()):
        values = _values(symbol.kind, partition, numbers)
        free = (one for one in values if one not in fresh.values() and not any(one in text for text in texts))
        fresh[name_of(symbol)] = next(free)
    return fresh


def _values(kind: str, partition: str, numbers: Iterator[int]) -> Iterator[str]:
    if kind == REGION:
        yield from regions_of(partition)
    for number in numbers:
        yield _FRESH.get(kind, "symbol-{}").format(f"{number:04}")
