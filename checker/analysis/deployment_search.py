"""Finds the deployments that represent all deployments of a topic: the combinations of the values of its symbols."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from checker.analysis.complete_deployment import complete_deployment, is_assumed
from checker.analysis.deployments import Deployments, narrowed
from checker.analysis.lookups import by_keys, keys_of, together, words_of
from checker.analysis.symbol_values import values_for
from checker.analysis.topic_context import topic_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.analysis.deployments import Assumption, Deployment, Facts, Name
    from checker.analysis.symbol_table import SymbolTable
    from checker.analysis.topic_context import TopicContext

MOST = 64
"""The maximum number of deployments that are tried."""


def deployments(facts: Facts) -> Deployments:
    """Return the deployments that represent all deployments of a topic."""
    keys = keys_of(facts)
    if not keys:
        return _combinations(facts)
    number = prod(map(len, keys.values()))
    choices = by_keys(keys) if number <= MOST else ()
    searched = [(chosen, _combinations(narrowed(facts, chosen))) for chosen in choices]
    total = sum(of_chosen.number for _, of_chosen in searched) or number
    varied = [name for name, _ in keys] + [name for _, of_chosen in searched for name in of_chosen.varied]
    obstacle = next((of_chosen.obstacle for _, of_chosen in searched if of_chosen.obstacle), "")
    joined = together(searched if total <= MOST and not obstacle else (), total, words_of(facts), facts)
    return joined._replace(varied=tuple(dict.fromkeys(varied)), obstacle=obstacle)


def _combinations(facts: Facts) -> Deployments:
    """Return the combinations of the values of all symbols."""
    context = topic_context(facts)
    table = context.table
    found = {name: values_for(table.symbols[name], context) for name in table.names}
    values = {name: one.values for name, one in found.items() if one.values}
    varied = [name for name, one in values.items() if len(one) > 1]
    number = prod(map(len, values.values()))
    obstacle = context.distinguished.obstacle
    tried = list(_tried(values, varied, context)) if number <= MOST and not obstacle else []
    assumed = dict(table.assumed)
    assumed |= {name: one.assumption for name, one in found.items() if one.assumption is not None}
    return _joined(tried, number, varied, assumed.values(), table)._replace(obstacle=obstacle)


def _tried(
    values: Mapping[Name, tuple[str, ...]], varied: Sequence[Name], context: TopicContext
) -> Iterator[Deployment]:
    for combination in product(*values.values()):
        chosen = dict(zip(values, combination, strict=True))
        deployment = complete_deployment(chosen, varied, context)
        if is_assumed(deployment, chosen, context):
            yield deployment


def _joined(
    tried: Sequence[Deployment],
    number: int,
    varied: Sequence[Name],
    assumptions: Iterable[Assumption],
    table: SymbolTable,
) -> Deployments:
    """Return the deployments with the words that differ between them."""
    words = {
        word
        for name in varied
        for way in tried
        for word in (way.values[name], way.reworded(way.values[name]), f"${{{name[0]}}}")
    }
    ordered = tuple(sorted(words, key=lambda word: (-len(word), word)))
    allowed = {name[0] for name in varied if table.symbols[name].allowed}
    listed = frozenset(choice for way in tried for choice in way.choices if choice[0] in allowed)
    return Deployments(
        tuple(tried),
        number,
        ordered,
        tuple(assumptions),
        vary=bool(table.symbols),
        listed=listed,
        varied=tuple(name for name, _ in varied),
    )
