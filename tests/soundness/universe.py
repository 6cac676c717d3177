"""A finite universe of requests that can exist, for the policies in question.

Its callers are of every kind that AWS documents, its contexts are coherent, and its values are taken from the
policies: equal to theirs, longer, one character off, absent where a request may lack the key.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-tableofvalues
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, product
from math import prod
from typing import Any, NamedTuple

from tests.soundness.callers import Identity, connect_sources, iam_identities, other_sources, services
from tests.soundness.comparisons import Condition, Truth
from tests.soundness.keys import fixed_keys, free_domains
from tests.soundness.law import Law, Narrowed, Request
from tests.soundness.principals import ANONYMOUS, SERVICE
from tests.soundness.words import OWNER, TOPIC_ARN, Words

Fragment = dict[str, Any]
PUBLISH, SUBSCRIBE = "sns:Publish", "sns:Subscribe"
ADMINISTER = (
    "sns:AddPermission",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
    "sns:DeleteTopic",
    "sns:PutDataProtectionPolicy",
)
ACTIONS = (PUBLISH, SUBSCRIBE, *ADMINISTER, "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic")
_ENDPOINT_KEYS = ("sns:endpoint", "sns:protocol")
_KEYS_OF_KINDS = (
    "aws:tokenissuetime",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
    "aws:sourceidentity",
    "aws:federatedprovider",
    "aws:username",
)
CAP = 48
"""The number of contexts tried for one caller, one action and one statement."""


class Trial(NamedTuple):
    """A request, and whether each policy allows it."""

    request: Request
    truths: tuple[Truth, ...]


class Universe(NamedTuple):
    """Requests about the topic by those whom these policies could tell apart; reproducible from the seed."""

    laws: tuple[Law, ...]
    words: Words
    seed: int = 0
    resource: str = TOPIC_ARN

    @classmethod
    def of(cls, *documents: Any, seed: int = 0) -> Universe:
        return cls(tuple(map(Law, documents)), Words.of(*documents), seed)

    def strangers(self, actions: Iterable[str]) -> Iterator[Trial]:
        """Requests of principals of accounts that no policy names, and of callers without credentials."""
        actions = self.distinct(actions)
        for identity in self._told_apart(iam_identities(self.words, strangers=True)):
            yield from self._of(identity, actions)

    def distinct(self, actions: Iterable[str]) -> list[str]:
        """One action for all that the statements cover alike."""
        statements = [statement for law in self.laws for statement in law.statements]
        found: dict[tuple[object, ...], str] = {}
        for action in actions:
            subscribes = action == SUBSCRIBE and not self.words.keys.isdisjoint(_ENDPOINT_KEYS)
            found.setdefault((subscribes, *(one.actions(action) for one in statements)), action)
        return list(found.values())

    def _told_apart(self, identities: Iterable[Identity]) -> Iterator[Identity]:
        """One caller for all that neither principals nor conditions tell apart."""
        statements = [statement for law in self.laws for statement in law.statements]
        tags = any(key.startswith("aws:principaltag/") for key in self.words.keys)
        kinds_matter = tags or not self.words.keys.isdisjoint(_KEYS_OF_KINDS)
        seen = set()
        for one in identities:
            caller = one.caller
            sign = (
                caller.account in (OWNER, *self.words.accounts),
                caller.kind if kinds_matter else caller.kind == ANONYMOUS,
                *(statement.principals(caller, {}) for statement in statements),
                *((key, value) for key, value in one.context.items() if key in self.words.keys),
            )
            if sign not in seen:
                seen.add(sign)
                yield one

    def connect(self, *, owned: Sequence[str] = (), but_not: Sequence[str] = ()) -> Iterator[Trial]:
        """Connect's requests for instances of other accounts than ``owned``, and those without a source.

        ``but_not`` are instances that are left out.
        """
        sources = [
            one
            for one in connect_sources(self.words)
            if one.get("aws:sourceaccount") not in owned
            and one.get("aws:sourcearn", "::::").split(":")[4] not in owned
            and one.get("aws:sourcearn") not in but_not
        ]
        yield from self._of(services(self.words)[0], (PUBLISH,), sources)

    def siblings(self, instance: str) -> Iterator[Trial]:
        """Connect's requests for other instances of the account."""
        account = instance.split(":")[4]
        sources = [
            one
            for one in connect_sources(self.words)
            if one.get("aws:sourceaccount") == account and one.get("aws:sourcearn") not in (None, instance)
        ]
        yield from self._of(services(self.words)[0], (PUBLISH,), sources)

    def instance(self, instance: str) -> Iterator[Trial]:
        """Connect's requests for one instance."""
        source = {"aws:sourcearn": instance, "aws:sourceaccount": instance.split(":")[4]}
        yield from self._of(services(self.words)[0], (PUBLISH,), [source])

    def everything(self, actions: Iterable[str] = ACTIONS) -> Iterator[Trial]:
        """Requests of callers of every kind."""
        actions = self.distinct(actions)
        connect, *others = services(self.words)
        yield from self._of(connect, actions, connect_sources(self.words))
        for one in others:
            yield from self._of(one, actions, other_sources(one.caller.service, self.words))
        for identity in self._told_apart(iam_identities(self.words, strangers=False)):
            yield from self._of(identity, actions)

    def _of(
        self, identity: Identity, actions: Iterable[str], sources: Sequence[Fragment] = ({},)
    ) -> Iterator[Trial]:
        rng = random.Random(f"{self.seed} {identity.caller}")  # noqa: S311 - reproducible
        for action in actions:
            narrowed = [law.narrowed(identity.caller, action) for law in self.laws]
            if not any(one.may_allow for one in narrowed):
                continue
            base = {**fixed_keys(identity.caller.kind == SERVICE), **identity.context}
            domains = [list(sources), *free_domains(identity, action, self.words)]
            for context in _contexts(base, domains, narrowed, rng):
                request = Request(identity.caller, action, self.resource, context)
                yield Trial(request, tuple(one.allows(request) for one in narrowed))


def _contexts(
    base: Fragment, domains: list[list[Fragment]], narrowed: Sequence[Narrowed], rng: random.Random
) -> Iterator[Fragment]:
    """All combinations if they are few; else those that each Allow statement asks for, and some others."""
    keys = frozenset[str]().union(*(one.keys for one in narrowed))
    relevant = [_told_apart(domain, keys) for domain in domains]
    if prod(map(len, relevant)) <= CAP:
        yield from _combined(base, relevant)
        return
    for statement, _ in chain.from_iterable(one.statements for one in narrowed):
        if statement.effect == "Allow":
            fitting = [_fitting(base, domain, statement.conditions) for domain in relevant]
            yield from _sampled(base, fitting, rng, CAP)
    yield from _sampled(base, relevant, rng, CAP // 2)


def _told_apart(domain: list[Fragment], keys: frozenset[str]) -> list[Fragment]:
    """The choices of a domain that statements tell apart; the first stands for those they do not."""
    kept: dict[object, Fragment] = {}
    for one in domain:
        kept.setdefault(tuple((key, str(value)) for key, value in one.items() if key in keys), one)
    return list(kept.values())


def _combined(base: Fragment, domains: Sequence[list[Fragment]]) -> Iterator[Fragment]:
    for chosen in product(*domains):
        yield dict(chain(base.items(), *(one.items() for one in chosen)))


def _fitting(base: Fragment, domain: list[Fragment], conditions: Sequence[Condition]) -> list[Fragment]:
    """The choices that no condition on their keys rules out; all of them if it is none."""
    keys = {key for one in domain for key in one}
    asked = [condition for condition in conditions if condition.key in keys and not condition.has_variable]
    fitting = [one for one in domain if not any(c.holds({**base, **one}) is False for c in asked)]
    return fitting or domain[:1]


def _sampled(
    base: Fragment, domains: Sequence[list[Fragment]], rng: random.Random, cap: int
) -> Iterator[Fragment]:
    if prod(map(len, domains)) <= cap:
        yield from _combined(base, domains)
        return
    for _ in range(cap):
        yield dict(chain(base.items(), *(rng.choice(domain).items() for domain in domains)))
