"""Makes contacts of the inventory of what was seen: the remarkable ones each, the others by what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import Contact
from checker.core.arn import Arn
from checker.inputs.cloudtrail.fold import at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.analysis.inventory import Place
    from checker.inputs.cloudtrail.fold import Began
    from checker.inputs.cloudtrail.store import Seen

_EACH = 100
"""So many contacts with too many topics are shown one by one, the others are counted with those like them."""

_LIMIT = 2
_MOST_TOPICS = 100_000
_HIDDEN = "a contact whose id is hidden"

_Kind = tuple[str, str, tuple[str, ...]]


class _Alike(NamedTuple):
    id: str
    streams: tuple[Began, ...]
    alike: int


class Contacts:
    """``lost`` counts the contacts that there was no more room for, ``cut`` those with too many events.

    ``place`` says where the start of a stream is written.
    """

    def __init__(self, place: Callable[[Began], Place]) -> None:
        self._place = place
        self.lost = 0
        self.cut = 0
        self._each: list[Contact] = []
        self._alike: dict[_Kind, _Alike] = {}
        self._room = _MOST_TOPICS

    def add(self, seen: Seen) -> None:
        """Add what was seen of one contact."""
        self.cut += seen.cut
        sets = at_once(seen.starts, seen.stops)
        name = seen.id or _HIDDEN
        if sets and len(sets[0]) > _LIMIT and len(self._each) < _EACH:
            self._each.append(self._contact(_Alike(name, sets.pop(0), 1)))
        for streams in sets:
            self._count(name, streams)

    def _count(self, name: str, streams: tuple[Began, ...]) -> None:
        kind = _kind(streams)
        known = self._alike.get(kind)
        if known is not None:
            self._alike[kind] = known._replace(alike=known.alike + 1)
        elif self._room < len(streams):
            self.lost += 1
        else:
            self._room -= len(streams)
            self._alike[kind] = _Alike(name, streams, 1)

    def all(self) -> Iterator[Contact]:
        """Give the contacts."""
        yield from self._each
        yield from (self._contact(alike) for alike in self._alike.values())

    def _contact(self, alike: _Alike) -> Contact:
        region, instance, _ = _kind(alike.streams)
        topics = tuple((one.origin.topic, self._place(one)) for one in alike.streams)
        return Contact(alike.id, topics, topics[0][1], region, Arn.parse(instance), alike.alike)


def _kind(streams: tuple[Began, ...]) -> _Kind:
    """What contacts have in common that are counted together; streams of one contact are of one instance."""
    first = next((one.origin for one in streams if one.origin.instance), streams[0].origin)
    return first.region, first.instance, tuple(sorted(one.origin.topic for one in streams))
