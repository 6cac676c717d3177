"""Lookups in tables by a symbol: the key decides several values at once, so it is chosen before all others."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from checker.analysis.deployments import Deployment, Deployments
from checker.analysis.symbols import name_of
from checker.core.unknown import ACCOUNT_IN_ARN, Lookup, Symbol, Unknown
from checker.iam.prove.source_keys import SOURCE_ARN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.analysis.deployments import Facts, Name
    from checker.core.unknown import Piece

    Keys = Mapping[Name, tuple[str, ...]]
    Searched = tuple[Deployment, Deployments]


_OTHER = "another-value"
"""A value that no table has as a key."""
_OTHER_VALUE = "any other value"


def keys_of(facts: Facts) -> Keys:
    """Return the symbols that tables are looked up by, each with the keys that represent its values.

    A table without a default has no entry for other keys, so no deployment has them.
    """
    required: dict[Name, list[str]] = {}
    optional: dict[Name, list[str]] = {}
    for symbol, lookup in lookups_in(facts):
        name, keys = name_of(symbol), [key for key, _ in lookup.entries]
        if symbol.allowed:
            required[name] = [one for one in required.get(name, symbol.allowed) if one in symbol.allowed]
        if lookup.default:
            optional[name] = [*optional.get(name, ()), *keys]
        else:
            required[name] = [one for one in required.get(name, keys) if one in keys]
    others = {name: [*dict.fromkeys(keys), _OTHER] for name, keys in optional.items()}
    return {name: tuple(keys) for name, keys in (others | required).items() if keys}


def lookups_in(facts: Facts) -> Iterator[tuple[Symbol, Lookup]]:
    """Yield the lookups in the texts of the facts, and those in their results."""
    for _, value in facts.values():
        if isinstance(value, Unknown):
            yield from _lookups(value.pieces)


def _lookups(pieces: Iterable[Piece]) -> Iterator[tuple[Symbol, Lookup]]:
    for piece in pieces:
        if isinstance(piece, Symbol) and isinstance(piece.function, Lookup):
            yield piece, piece.function
            for result in piece.function.results:
                yield from _lookups(result)


def by_keys(keys: Keys) -> Iterator[Deployment]:
    """Yield a deployment for each choice of keys, in which other symbols have no values."""
    for chosen in product(*keys.values()):
        pairs = dict(zip(keys, chosen, strict=True))
        told = ((name, key) for name, key in pairs.items() if len(keys[name]) > 1)
        choices = tuple((name[0], _OTHER_VALUE if key == _OTHER else f"`{key}`") for name, key in told)
        values = {name: key for name, key in pairs.items() if key != _OTHER}
        yield Deployment(values, (), choices, others=frozenset(pairs.keys() - values.keys()))


def words_of(facts: Facts) -> frozenset[str]:
    """Return the keys and the texts that lookups result in, which differ between deployments."""
    lookups = [lookup for _, lookup in lookups_in(facts)]
    results = (one for lookup in lookups for result in lookup.results for one in result)
    keys = (key for lookup in lookups for key, _ in lookup.entries)
    return frozenset((*keys, *(one for one in results if isinstance(one, str))))


def together(found: Sequence[Searched], number: int, words: frozenset[str], facts: Facts) -> Deployments:
    """Join the deployments that were found for each choice of keys."""
    entries = tuple(_entries(facts))
    tried = tuple(_with(way, chosen, entries) for chosen, searched in found for way in searched.tried)
    words = words.union(*(searched.choices for _, searched in found))
    assumptions = dict.fromkeys(
        one
        for chosen, searched in found
        for one in searched.assumptions
        if name_of(one.symbol) not in chosen.values
    )
    ordered = tuple(sorted(words, key=lambda word: (-len(word), word)))
    listed = {one for chosen, _ in found for one in chosen.choices if one[1] != _OTHER_VALUE}
    listed.update(*(searched.listed for _, searched in found))
    return Deployments(tried, number, ordered, tuple(assumptions), vary=True, listed=frozenset(listed))


def _entries(facts: Facts) -> Iterator[Unknown]:
    """Yield the entries of tables that conditions on the source have as a whole."""
    for role, value in facts.values():
        if role == SOURCE_ARN and isinstance(value, Unknown) and value.is_entry:
            yield value


def _with(way: Deployment, chosen: Deployment, entries: Iterable[Unknown]) -> Deployment:
    """Add the chosen keys to a deployment. A symbol that is not a key has the value that it has elsewhere, or any value.

    The account in an ARN of a table is written as a part of the entry.
    """
    values = {**dict.fromkeys(chosen.others, _OTHER), **way.values, **chosen.values}
    varied = {name for name, _ in way.choices}
    kept = tuple(choice for choice in chosen.choices if choice[0] not in varied)
    filled = ((way.fill(chosen.fill(one)), ACCOUNT_IN_ARN.written(one.where)) for one in entries)
    accounts = {arn: account for arn, account in filled if isinstance(arn, str)}
    return way._replace(values=values, choices=(*kept, *way.choices), accounts={**way.accounts, **accounts})
