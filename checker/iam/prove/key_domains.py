"""Domains of keys other than plain texts: lists, encryption contexts, times, numbers and addresses."""

from __future__ import annotations

from itertools import chain, combinations, permutations
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.operators import (
    ADDRESS,
    DATE,
    NUMBER,
    borders,
    instant,
    is_public,
    network,
    number,
)
from checker.iam.decide.time_of_request import CURRENT, EARLIEST, EPOCH, LATEST, written
from checker.iam.prove.domain import (
    EXHAUSTED,
    Assignment,
    Choice,
    Choices,
    ExhaustedError,
    distinct_choices,
    gap,
)
from checker.iam.prove.shape import Segment
from checker.iam.prove.texts import LOWER, Form, Texts, any_text, at_least

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.iam.prove.domain import Budget, Mentions


VIA, FIRST, LAST = "aws:calledvia", "aws:calledviafirst", "aws:calledvialast"
CONTEXT, CONTEXT_KEYS = "kms:encryptioncontext:", "kms:encryptioncontextkeys"
_MOST = 3
"""The longest list that is tried; if more values are distinct, the answer says that some lists are missing."""

_SERVICE = (*at_least(LOWER + "-"), Segment(".amazonaws.com"))


class ServiceChain(NamedTuple):
    """The services that made a request for the caller, at least one; the first and the last have separate keys.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-calledvia
    """

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the list, its first and its last value."""
        return frozenset((VIA, FIRST, LAST))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return every sequence of up to three distinct services; last those that start and end with one service."""
        together = {VIA: [mention for key in (VIA, FIRST, LAST) for mention in mentions.get(key, ())]}
        names = Texts((Form.of(VIA, _SERVICE),)).choices(together, budget)
        services = [str(choice.values[VIA]) for choice in names.choices]
        lists = list(
            chain.from_iterable(permutations(services[:12], length) for length in range(1, _MOST + 1))
        )
        again = [
            (*services_of_chain, services_of_chain[0])
            for services_of_chain in lists
            if len(services_of_chain) == 2
        ]
        budget.spend(len(lists) + len(again))
        missing = EXHAUSTED if len(services) > _MOST else names.gap
        chains = (
            *map(_chain, lists),
            *(_chain(services_of_chain)._replace(doubt=_COMES_BACK) for services_of_chain in again),
        )
        return Choices(chains, missing, self.keys)


_COMES_BACK = Unknown("AWS does not document whether a service can occur twice", VIA)


def _chain(services: tuple[str, ...]) -> Choice:
    return Choice({VIA: services, FIRST: services[0], LAST: services[-1]})


class TextLists(NamedTuple):
    """A list of up to three texts, or an absent key."""

    key: str

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return every set of up to three texts that the patterns distinguish."""
        distinct = any_text(self.key, optional=False).choices(mentions, budget)
        texts = [str(choice.values[self.key]) for choice in distinct.choices]
        sets = chain.from_iterable(combinations(texts[:12], length) for length in range(1, _MOST + 1))
        lists = tuple(Choice({self.key: texts_of_list}) for texts_of_list in sets)
        budget.spend(len(lists))
        missing = EXHAUSTED if len(texts) > _MOST else distinct.gap
        return Choices((*lists, Choice({self.key: None})), missing, self.keys)


class EncryptionContext(NamedTuple):
    """The pairs of an encryption context: a key for the list of names, and a key for each value.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """

    @property
    def keys(self) -> frozenset[str]:
        """The key of the list, and the prefix of the keys of the values."""
        return frozenset((CONTEXT, CONTEXT_KEYS))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return every set of up to three names: those whose values are mentioned, and those that patterns distinguish."""
        valued = sorted(key.removeprefix(CONTEXT) for key in mentions if key.startswith(CONTEXT))
        spelled = {mention.text.lower(): mention.text for mention in mentions.get(CONTEXT_KEYS, ())}
        distinct = any_text(CONTEXT_KEYS, optional=False).choices(mentions, budget)
        others = [str(choice.values[CONTEXT_KEYS]) for choice in distinct.choices if CONTEXT_KEYS in mentions]
        names = list(dict.fromkeys((*(spelled.get(name, name) for name in valued), *filter(None, others))))
        sets = list(chain.from_iterable(combinations(names[:8], length) for length in range(_MOST + 1)))
        budget.spend(len(sets))
        missing = EXHAUSTED if len(names) > _MOST else distinct.gap
        return Choices(
            tuple(self._choice(present, valued) for present in sets), missing, frozenset((CONTEXT_KEYS,))
        )

    def _choice(self, names: tuple[str, ...], valued: list[str]) -> Choice:
        present = [name.lower() for name in names]
        lacking: Assignment = dict.fromkeys(CONTEXT + name for name in valued if name not in present)
        values: Assignment = {**lacking, CONTEXT_KEYS: names or None}
        return Choice(values, tuple(self._values(present, valued)))

    def _values(self, present: list[str], valued: list[str]) -> Iterator[Texts]:
        for name in present:
            if name in valued:
                yield any_text(CONTEXT + name, optional=False)


ISSUED = "aws:tokenissuetime"
_LONGEST_SESSION = 36 * 3600
"""Seconds. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""


class Clock(NamedTuple):
    """Any time from EARLIEST on; ``temporary`` credentials were issued at most 36 hours before it."""

    temporary: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The two keys for the time of the request, which always agree, and the key for the issue time of the credentials."""
        return frozenset((CURRENT, EPOCH, *((ISSUED,) if self.temporary else ())))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return EARLIEST, and every later time in a policy, with a second before and after it."""
        patterns = [mention for key in self.keys for mention in mentions.get(key, ())]
        missing = gap(patterns, DATE, NUMBER)
        moments = sorted(self._moments(mentions))
        choices: list[Choice] = []
        try:
            for now in (moment for moment in moments if moment >= EARLIEST):
                budget.spend((len(moments) if self.temporary else 1) * (2 + len(patterns)))
                choices += distinct_choices(self._at(now, moments), mentions)
        except ExhaustedError:
            missing = EXHAUSTED
        return Choices(distinct_choices(choices, mentions), missing, self.keys)

    def _moments(self, mentions: Mentions) -> set[int]:
        """Return the times at which the result of a pattern may change, in seconds."""
        named = set(_seconds(mentions, CURRENT, EPOCH))
        issued = set(_seconds(mentions, ISSUED)) if self.temporary else set()
        named |= issued | {moment + _LONGEST_SESSION for moment in issued}
        return {EARLIEST, *(moment + near for moment in named for near in (-1, 0, 1))}

    def _at(self, now: int, moments: Iterable[int]) -> Iterator[Choice]:
        """Yield the values of the keys for requests at one time."""
        at: Assignment = {key: written(key, now) for key in (CURRENT, EPOCH)}
        if not self.temporary:
            yield Choice(at)
            return
        for issued in (now, *(moment for moment in moments if now - _LONGEST_SESSION <= moment < now)):
            yield Choice({**at, ISSUED: written(ISSUED, issued)})


def _seconds(mentions: Mentions, *keys: str) -> Iterator[int]:
    for key in keys:
        for mention in mentions.get(key, ()):
            parsed = instant(mention.text)
            if parsed is not None and 0 <= parsed[1] < LATEST:
                yield int(parsed[1])


class Addresses(NamedTuple):
    """Any IP address. ``public``: AWS documents that the key has a public address."""

    key: str
    public: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return an address from each range between the borders of blocks, IPv4 and IPv6; public addresses first."""
        patterns = mentions.get(self.key, [])
        blocks = [network(mention.text) for mention in patterns if mention.family == ADDRESS]
        budget.spend(len(blocks) * len(blocks))
        known = [block for block in (*blocks, *map(network, _USUAL)) if not isinstance(block, Unknown)]
        choices = sorted(map(self._choice, borders(known)), key=lambda choice: choice.doubt is not None)
        return Choices(distinct_choices(choices, mentions), gap(patterns, ADDRESS), self.keys)

    def _choice(self, address: str) -> Choice:
        doubt = _NOT_PUBLIC if self.public and not is_public(address) else None
        return Choice({self.key: address}, doubt=doubt)


_USUAL = ("198.51.100.7/32", "2001:db8::7/128")
"""Representatives of all addresses that are in no block. https://www.rfc-editor.org/rfc/rfc5737"""

_NOT_PUBLIC = Unknown("AWS documents public addresses for this key", "aws:SourceIp")


class Numbers(NamedTuple):
    """Any whole number, from 0 up."""

    key: str

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return every number in a policy, its neighbors, and 0."""
        patterns = mentions.get(self.key, [])
        budget.spend(len(patterns) * len(patterns))
        found = {"0": None}
        for mention in patterns:
            value = number(mention.text)
            if value is not None and abs(value) < _LARGEST:
                near = (int(value) - 1, int(value), int(value) + 1)
                found.update((str(near_number), None) for near_number in near if near_number >= 0)
        kept = distinct_choices((Choice({self.key: text}) for text in found), mentions)
        return Choices(kept, gap(patterns, NUMBER), self.keys)


_LARGEST = 10**30
