"""Keys with several values: the services that a request came through, and an encryption context."""

from __future__ import annotations

from itertools import chain, combinations, permutations
from typing import TYPE_CHECKING, NamedTuple

from checker.iam.budget import EXHAUSTED
from checker.iam.domain import Assignment, Choice, Choices
from checker.iam.shape import Segment
from checker.iam.texts import LOWER, Form, Texts, any_text, some
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.iam.budget import Budget
    from checker.iam.mention import Mentions

VIA, FIRST, LAST = "aws:calledvia", "aws:calledviafirst", "aws:calledvialast"
CONTEXT, CONTEXT_KEYS = "kms:encryptioncontext:", "kms:encryptioncontextkeys"
_MOST = 3
"""Values of a list that are told apart; with more of them some lists are left out, and that is said."""

_SERVICE = (*some(LOWER + "-"), Segment(".amazonaws.com"))


class ServiceChain(NamedTuple):
    """The services through which a request came, at least one; the first and the last have keys of their own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-calledvia
    """

    @property
    def keys(self) -> frozenset[str]:
        """The list, its first and its last."""
        return frozenset((VIA, FIRST, LAST))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Every order of up to three services that the patterns tell apart; last, in doubt, those that begin and end alike."""
        together = {VIA: [one for key in (VIA, FIRST, LAST) for one in mentions.get(key, ())]}
        names = Texts((Form.of(VIA, _SERVICE),)).choices(together, budget)
        services = [str(one.values[VIA]) for one in names.choices]
        lists = list(chain.from_iterable(permutations(services[:12], n) for n in range(1, _MOST + 1)))
        again = [(*one, one[0]) for one in lists if len(one) == 2]
        budget.spend(len(lists) + len(again))
        missing = EXHAUSTED if len(services) > _MOST else names.gap
        found = (*map(_chain, lists), *(_chain(one)._replace(doubt=_COMES_BACK) for one in again))
        return Choices(found, missing, self.keys)


_COMES_BACK = Unknown("AWS does not document whether a service can call twice", VIA)


def _chain(services: tuple[str, ...]) -> Choice:
    return Choice({VIA: services, FIRST: services[0], LAST: services[-1]})


class Lists(NamedTuple):
    """Up to three texts, or no list at all."""

    key: str

    @property
    def keys(self) -> frozenset[str]:
        """The one key."""
        return frozenset((self.key,))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Every set of up to three texts that the patterns tell apart."""
        told = any_text(self.key, optional=False).choices(mentions, budget)
        texts = [str(one.values[self.key]) for one in told.choices if one.values[self.key]]
        sets = chain.from_iterable(combinations(texts[:12], n) for n in range(1, _MOST + 1))
        found = tuple(Choice({self.key: one}) for one in sets)
        budget.spend(len(found))
        missing = EXHAUSTED if len(texts) > _MOST else told.gap
        return Choices((*found, Choice({self.key: None})), missing, self.keys)


class EncryptionContext(NamedTuple):
    """The pairs of an encryption context: the list of their names, and a key for the value of each.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """

    @property
    def keys(self) -> frozenset[str]:
        """The list, and the prefix of the values."""
        return frozenset((CONTEXT, CONTEXT_KEYS))

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Every set of up to three names: those with values that are mentioned, and those told apart."""
        valued = sorted(key.removeprefix(CONTEXT) for key in mentions if key.startswith(CONTEXT))
        spelled = {one.text.lower(): one.text for one in mentions.get(CONTEXT_KEYS, ())}
        told = any_text(CONTEXT_KEYS, optional=False).choices(mentions, budget)
        others = [str(one.values[CONTEXT_KEYS]) for one in told.choices if CONTEXT_KEYS in mentions]
        names = list(dict.fromkeys((*(spelled.get(one, one) for one in valued), *filter(None, others))))
        sets = list(chain.from_iterable(combinations(names[:8], n) for n in range(_MOST + 1)))
        budget.spend(len(sets))
        missing = EXHAUSTED if len(names) > _MOST else told.gap
        return Choices(tuple(self._choice(one, valued) for one in sets), missing, frozenset((CONTEXT_KEYS,)))

    def _choice(self, names: tuple[str, ...], valued: list[str]) -> Choice:
        present = [name.lower() for name in names]
        lacking: Assignment = dict.fromkeys(CONTEXT + one for one in valued if one not in present)
        values: Assignment = {**lacking, CONTEXT_KEYS: names or None}
        return Choice(values, tuple(self._values(present, valued)))

    def _values(self, present: list[str], valued: list[str]) -> Iterator[Texts]:
        for one in present:
            if one in valued:
                yield any_text(CONTEXT + one, optional=False)
