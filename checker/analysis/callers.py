"""Groups of callers with labels for reports.

A proof knows kinds of callers. Reports need finer groups: Connect for a certain instance or account, and other
AWS customers in general or within an organization.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.wording import principal_of
from checker.core.arn import Arn, is_account, is_uuid
from checker.core.record import NamedTuple
from checker.iam.decide.request import Service
from checker.iam.prove.callers import organizations
from checker.iam.prove.domain import Alternatives, Choice, known_conditions
from checker.iam.prove.prove import words
from checker.iam.prove.source_keys import (
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    Instances,
    Unsourced,
    account_named,
    instance_named,
)
from checker.iam.prove.universe import (
    MEMBER,
    OTHER_ACCOUNT,
    OTHER_SERVICE,
    SESSION,
    caller_space,
    members_of,
    regions,
)
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.iam.prove.domain import Assignment, Domain
    from checker.iam.prove.space import Space, Target
    from checker.iam.prove.universe import Representative
    from checker.policy.model import Policy


INSTANCE, INSTANCES, FOREIGN = "instance", "instances", "foreign instances"
UNSOURCED, HALF_SOURCED = "unsourced", "half sourced"
ANY_ACCOUNT, ORGANIZATION, SOME = "any account", "organization", "some"

_FOREIGN, _EVERY = "any other AWS customer's Connect instance", "any Connect instance"
_UNSOURCED = "Connect without aws:SourceArn and aws:SourceAccount"
_HALF_SOURCED = "Connect without one of aws:SourceArn and aws:SourceAccount"
_ANY_ACCOUNT, _SOME = "any AWS account", "some principals of other accounts"
_OTHER_SERVICE = "any other AWS service"
LABELS = (_FOREIGN, _EVERY, _UNSOURCED, _HALF_SOURCED, _ANY_ACCOUNT, _SOME, _OTHER_SERVICE)
"""The labels that do not depend on the policies."""

IMPLIED_BY = {
    HALF_SOURCED: (INSTANCES, FOREIGN, UNSOURCED),
    ORGANIZATION: (ANY_ACCOUNT,),
    SOME: (ANY_ACCOUNT,),
}
"""Kinds that need no check of their own if the result holds for all requests of one of the listed kinds."""


class CallerGroup(NamedTuple):
    """A caller or a group of callers; ``label`` is its name in a sentence, ``account`` the account of a principal.

    ``kind`` is the kind of an asker (``checker.iam.prove.universe``) or one of the kinds above.
    """

    kind: str
    label: str
    name: str = ""
    account: str = ""


class CallerGroups(NamedTuple):
    """The criteria for groups: Connect instances, accounts of instances, and the words of the policies.

    ``every`` represents all possible instances.
    """

    target: Target
    policies: tuple[Policy, ...]
    instances: tuple[Arn, ...]
    accounts: tuple[str, ...]
    words: tuple[str, ...]
    every: Instances

    @classmethod
    def of(cls, policies: tuple[Policy, ...], target: Target, instances: Sequence[Arn] = ()) -> CallerGroups:
        """Collect the criteria from the policies and the known instances."""
        sources = sorted(_values(policies, SOURCE_ARN))
        named = [instance_named(value, target.region) for value in sources]
        known = [arn for arn in (*instances, *named) if arn is not None and arn.is_instance]
        in_texts = (*sorted(_values(policies, SOURCE_ACCOUNT)), *map(account_named, sources))
        values = (target.account, *(arn.account for arn in known), *in_texts)
        accounts = dict.fromkeys(one for one in values if isinstance(one, str) and is_account(one))
        texts = frozenset[str]().union(*map(words, policies))
        places = (*regions(target, policies), *(arn.region for arn in known))
        every = Instances(target.partition, tuple(dict.fromkeys(places)))
        return cls(
            target, policies, tuple(dict.fromkeys(known)), tuple(accounts), tuple(sorted(texts)), every
        )

    @property
    def irregular(self) -> frozenset[str]:
        """The instances whose IDs are not UUIDs, which questions about all instances do not cover."""
        return frozenset(str(arn) for arn in self.instances if not is_uuid(arn.instance_id))

    def space(self, representative: Representative, action: str) -> Space:
        """Return all requests of a caller for an action."""
        space = caller_space(representative, action, self.target, self.policies)
        every = self.every._replace(or_absent=True)
        return _replaced(space, every) if representative.caller == Service(CONNECT) else space

    def split(self, representative: Representative, action: str) -> Iterator[tuple[CallerGroup, Space]]:
        """Split the requests of a caller into groups."""
        space = self.space(representative, action)
        if representative.caller == Service(CONNECT):
            yield from ((group, _replaced(space, domain)) for group, domain in self._connect())
        elif representative.kind == OTHER_ACCOUNT:
            yield from self._other_customers(representative, action, space)
        else:
            yield _group(representative), space

    def _connect(self) -> Iterator[tuple[CallerGroup, Domain]]:
        for arn in self.instances:
            label = f"Connect for instance {arn.instance_id} of account {arn.account}"
            chosen: Assignment = {SOURCE_ARN: str(arn), SOURCE_ACCOUNT: arn.account}
            yield CallerGroup(INSTANCE, label, str(arn), arn.account), Alternatives((Choice(chosen),))
        every = self.every
        for account in self.accounts:
            ids = tuple(arn.instance_id for arn in self.instances if arn.account == account)
            label = f"any {'other ' * bool(ids)}Connect instance of account {account}"
            yield (
                CallerGroup(INSTANCES, label, account, account),
                every._replace(account=account, not_ids=ids),
            )
        label = _FOREIGN if self.accounts else _EVERY
        yield CallerGroup(FOREIGN, label), every._replace(but_not=self.accounts)
        yield (
            CallerGroup(UNSOURCED, _UNSOURCED),
            Unsourced(every, 0),
        )
        yield (
            CallerGroup(HALF_SOURCED, _HALF_SOURCED),
            Unsourced(every, 1),
        )

    def _other_customers(
        self, representative: Representative, action: str, space: Space
    ) -> Iterator[tuple[CallerGroup, Space]]:
        """Yield any account, each organization that a policy names, and others that meet the conditions."""
        any_account = caller_space(representative, action, self.target, self.policies, self.words)
        yield CallerGroup(ANY_ACCOUNT, _ANY_ACCOUNT), any_account
        named = organizations(self.words)
        for organization in named:
            members = members_of(organization, representative, self.target)
            group = CallerGroup(ORGANIZATION, f"any principal of organization {organization}", organization)
            yield group, space._replace(free=(members, *space.free[1:]))
        some = caller_space(representative, action, self.target, self.policies, named)
        yield CallerGroup(SOME, _SOME), some


_PREFIXES = {SESSION: "sessions of "}


def _group(representative: Representative) -> CallerGroup:
    name = representative.arn or str(representative.caller)
    if representative.kind == OTHER_SERVICE:
        return CallerGroup(OTHER_SERVICE, _OTHER_SERVICE)
    if representative.kind == MEMBER:
        return CallerGroup(
            MEMBER,
            f"any principal of account {representative.account}",
            representative.account,
            representative.account,
        )
    arn = Arn.parse(name)
    who = str(representative.caller) if arn is None else principal_of(arn)
    return CallerGroup(
        representative.kind, f"{_PREFIXES.get(representative.kind, '')}{who}", name, representative.account
    )


def _values(policies: Sequence[Policy], key: str) -> Iterator[str]:
    """Yield the values that conditions compare a key with."""
    for policy in policies:
        for statement in policy.known_statements():
            for condition in known_conditions(statement):
                if condition.folded_key == key:
                    yield from (value for value in condition.values if isinstance(value, str))


def _replaced(space: Space, domain: Domain) -> Space:
    """Replace the domain of a space that has the same keys."""
    return space._replace(free=tuple(domain if one.keys == domain.keys else one for one in space.free))
