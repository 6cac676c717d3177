"""Whom a request comes from, as people think of them: the askers of a proof told apart further, each with a name.

Connect asks for one instance or another, and a stranger may be anybody or one of an organisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.wording import principal_of
from checker.core.arn import Arn, is_account, is_uuid
from checker.iam.decide.request import Service
from checker.iam.prove.callers import organizations
from checker.iam.prove.domain import Choice, Ways
from checker.iam.prove.mention import known_conditions
from checker.iam.prove.prove import words
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, Instances, Unsourced, instance_named
from checker.iam.prove.universe import (
    MEMBER,
    OTHER_ACCOUNT,
    OTHER_SERVICE,
    SESSION,
    asker_space,
    members_of,
    regions,
)
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.iam.prove.domain import Assignment, Domain
    from checker.iam.prove.space import Space, Target
    from checker.iam.prove.universe import Asker
    from checker.policy.model import Policy


INSTANCE, INSTANCES, FOREIGN = "instance", "instances", "foreign instances"
UNSOURCED, HALF_SOURCED = "unsourced", "half sourced"
ANYBODY, ORGANISATION, SOME = "anybody", "organisation", "some"

IMPLIED_BY = {
    HALF_SOURCED: (INSTANCES, FOREIGN, UNSOURCED),
    ORGANISATION: (ANYBODY,),
    SOME: (ANYBODY,),
}
"""Who need not be asked for once all requests of one of the others are found to be gained."""


class CallerGroup(NamedTuple):
    """One asker or a group of them. ``label`` is its name in a sentence, ``account`` that of a principal.

    The ``kind`` is that of an asker (``checker.iam.prove.universe``), or one of the above.
    """

    kind: str
    label: str
    name: str = ""
    account: str = ""


class CallerGroups(NamedTuple):
    """What is told apart: Connect instances, the accounts of instances, and every word of the policies.

    ``every`` stands for all instances there could be.
    """

    target: Target
    policies: tuple[Policy, ...]
    instances: tuple[Arn, ...]
    accounts: tuple[str, ...]
    words: tuple[str, ...]
    every: Instances

    @classmethod
    def of(cls, policies: tuple[Policy, ...], target: Target, instances: Sequence[Arn] = ()) -> CallerGroups:
        """Take them from policies, and the instances that the caller knows of."""
        named = [instance_named(value, target.region) for value in sorted(_values(policies, SOURCE_ARN))]
        known = [arn for arn in (*instances, *named) if arn is not None and arn.is_instance]
        said = (target.account, *(arn.account for arn in known), *sorted(_values(policies, SOURCE_ACCOUNT)))
        accounts = dict.fromkeys(one for one in said if isinstance(one, str) and is_account(one))
        texts = frozenset[str]().union(*map(words, policies))
        places = (*regions(target, policies), *(arn.region for arn in known))
        every = Instances(target.partition, tuple(dict.fromkeys(places)))
        return cls(
            target, policies, tuple(dict.fromkeys(known)), tuple(accounts), tuple(sorted(texts)), every
        )

    @property
    def odd(self) -> frozenset[str]:
        """The instances whose ids are none that Connect gives, which no question about all instances covers."""
        return frozenset(str(arn) for arn in self.instances if not is_uuid(arn.instance_id))

    def space(self, asker: Asker, action: str) -> Space:
        """All requests of an asker for an action."""
        space = asker_space(asker, action, self.target, self.policies)
        every = self.every._replace(or_absent=True)
        return _replaced(space, every) if asker.caller == Service(CONNECT) else space

    def parties(self, asker: Asker, action: str) -> Iterator[tuple[CallerGroup, Space]]:
        """Tell the requests of an asker apart, by whom they are from or for."""
        space = self.space(asker, action)
        if asker.caller == Service(CONNECT):
            yield from ((party, _replaced(space, domain)) for party, domain in self._connect())
        elif asker.kind == OTHER_ACCOUNT:
            yield from self._strangers(asker, action, space)
        else:
            yield _party(asker), space

    def _connect(self) -> Iterator[tuple[CallerGroup, Domain]]:
        for arn in self.instances:
            label = f"Connect for instance {arn.instance_id} of account {arn.account}"
            chosen: Assignment = {SOURCE_ARN: str(arn), SOURCE_ACCOUNT: arn.account}
            yield CallerGroup(INSTANCE, label, str(arn), arn.account), Ways((Choice(chosen),))
        every = self.every
        for account in self.accounts:
            ids = tuple(arn.instance_id for arn in self.instances if arn.account == account)
            label = f"any {'other ' * bool(ids)}Connect instance of account {account}"
            yield (
                CallerGroup(INSTANCES, label, account, account),
                every._replace(account=account, not_ids=ids),
            )
        label = "any other AWS customer's Connect instance" if self.accounts else "any Connect instance"
        yield CallerGroup(FOREIGN, label), every._replace(but_not=self.accounts)
        yield (
            CallerGroup(UNSOURCED, "Connect without aws:SourceArn and aws:SourceAccount"),
            Unsourced(every, 0),
        )
        yield (
            CallerGroup(HALF_SOURCED, "Connect without one of aws:SourceArn and aws:SourceAccount"),
            Unsourced(every, 1),
        )

    def _strangers(self, asker: Asker, action: str, space: Space) -> Iterator[tuple[CallerGroup, Space]]:
        """Anybody at all; whoever is in an organisation that is named; whoever else the conditions let in."""
        anybody = asker_space(asker, action, self.target, self.policies, self.words)
        yield CallerGroup(ANYBODY, "anybody with an AWS account"), anybody
        owned = organizations(self.words)
        for one in owned:
            members = members_of(one, asker, self.target)
            party = CallerGroup(ORGANISATION, f"any principal of organization {one}", one)
            yield party, space._replace(free=(members, *space.free[1:]))
        some = asker_space(asker, action, self.target, self.policies, owned)
        yield CallerGroup(SOME, "some principals of other accounts"), some


_ARTICLES = {SESSION: "sessions of "}


def _party(asker: Asker) -> CallerGroup:
    name = asker.arn or str(asker.caller)
    if asker.kind == OTHER_SERVICE:
        return CallerGroup(OTHER_SERVICE, "any other AWS service")
    if asker.kind == MEMBER:
        return CallerGroup(MEMBER, f"any principal of account {asker.account}", asker.account, asker.account)
    arn = Arn.parse(name)
    who = str(asker.caller) if arn is None else principal_of(arn)
    return CallerGroup(asker.kind, f"{_ARTICLES.get(asker.kind, '')}{who}", name, asker.account)


def _values(policies: Sequence[Policy], key: str) -> Iterator[str]:
    """The values that conditions compare a key with."""
    for policy in policies:
        for statement in policy.known_statements():
            for condition in known_conditions(statement):
                if condition.folded_key == key:
                    yield from (value for value in condition.values if isinstance(value, str))


def _replaced(space: Space, domain: Domain) -> Space:
    """The space with a domain in the place of the one with the same keys."""
    return space._replace(free=tuple(domain if one.keys == domain.keys else one for one in space.free))
