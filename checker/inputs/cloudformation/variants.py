"""The different ways in which one resource comes out under the assignments, and what they hang on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from checker.inputs.cloudformation.choices import World, described

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

State = TypeVar("State")

_MOST_NAMED = 3


class Variant(NamedTuple, Generic[State]):
    """One way that a resource comes out; ``label`` says when, and is empty for the only way."""

    logical: str
    state: State
    label: str


def variants(found: Iterable[tuple[World, dict[str, State]]]) -> Iterator[Variant[State]]:
    """Gather the states that are the same, each with the assignments that it comes of."""
    everything: list[World] = []
    states: dict[str, dict[State, list[World]]] = {}
    for world, by_name in found:
        everything.append(world)
        for logical, state in by_name.items():
            states.setdefault(logical, {}).setdefault(state, []).append(world)
    for logical, ways in states.items():
        labels: set[str] = set()
        for state, own in ways.items():
            label = _unlike(_label(own, everything), labels) if len(ways) > 1 else ""
            yield Variant(logical, state, label)


def _label(own: list[World], everything: list[World]) -> str:
    """Say what all assignments of one state have in common, and others do not."""
    common = {name: choice for name, choice in own[0].items() if all(one[name] == choice for one in own)}
    telling = [name for name, choice in common.items() if any(one[name] != choice for one in everything)]
    said = [described(name, common[name]) for name in telling[:_MOST_NAMED]]
    return ", ".join([*said, *(["..."] if len(telling) > _MOST_NAMED else [])])


def _unlike(label: str, taken: set[str]) -> str:
    """Number a label that is taken already."""
    wanted, number = label, 1
    while wanted in taken or not wanted:
        number += 1
        wanted = f"{label}, way {number}" if label else f"way {number - 1}"
    taken.add(wanted)
    return wanted
