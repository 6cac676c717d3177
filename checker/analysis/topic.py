"""One topic, or one key, with everything that bears on it; every proof about it is asked for once.

This is what a rule sees: typed facts, and questions that the decision engine and the prover answer.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from checker.analysis.inventory import Source
from checker.analysis.pairing import STATED, condition_values, pairings_of, why
from checker.core.arn import Arn, is_account
from checker.core.finding import Location, Part, Role
from checker.core.unknown import Unknown
from checker.iam.decide.elements import action_covers, principal_covers, resource_covers
from checker.iam.decide.request import Anonymous, Request, Service
from checker.iam.prove import prove
from checker.iam.prove.domain import LIMIT, Budget
from checker.iam.prove.prove import ConnectProver, OtherAccountsProver
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, fresh_account, instance_named
from checker.iam.prove.space import PUBLISH, Target
from checker.policy.limits import refusals
from checker.policy.model import (
    ALLOW,
    DENY,
    EMPTY,
    Condition,
    Patterns,
    Policy,
    Principals,
    Problem,
    Statement,
)
from checker.policy.placeholder import PLACEHOLDER, filled, is_masked, masked, meant
from checker.policy.vocabulary import CONNECT
from checker.policy.wildcard import example_of, is_wild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.inventory import Inventory, Pairing, Place, PolicyText, Topic
    from checker.core.finding import Route
    from checker.core.unknown import Truth
    from checker.iam.prove.prove import Answer
    from checker.policy.model import Value


_ANY_REGION = "us-east-1"
_ANY_ACCOUNT = (fresh_account(()),)
"""Stands for the owner's while that is not known."""
_EVERY_ACCOUNT = ""
_MEANT_ACCOUNT = "121212121212"
_MEANT_INSTANCE = "instance/12121212-1212-4121-8121-121212121212"
"""Stand for those that somebody means to put in the place of placeholders."""
_QUESTIONS = 5
"""So many questions about one policy may take all the work that one question may."""
_FROM_CONNECT = Request(Service(CONNECT), "", "", {})


class PolicyAnalysis:
    """A resource with a policy of its own."""

    pairings: tuple[Pairing, ...] = ()

    def __init__(self, name: str, text: PolicyText | Unknown, place: Place) -> None:
        self.name = name
        self.text = text
        self.place = place

    @cached_property
    def instances(self) -> tuple[Arn, ...]:
        """The instances that are known to stream, from elsewhere than the policy itself."""
        return tuple(one.instance for one in self.pairings if one.source is not Source.POLICY)

    @cached_property
    def explicit_instances(self) -> tuple[Arn, ...]:
        """The instances that the user paired with the resource, so that a safe fix may give them access."""
        return tuple(one.instance for one in self.pairings if one.explicit)

    def inferred_from(self, instance: Arn) -> str:
        """Say what an inferred pairing rests on; nothing for an instance that the user named."""
        inferred = (one for one in self.pairings if one.source not in STATED)
        return next((why(one) for one in inferred if one.instance == instance), "")

    @cached_property
    def policy(self) -> Policy:
        """The policy, its placeholders unknown; empty when it is not known at all."""
        return EMPTY if isinstance(self.text, Unknown) else masked(self.text.policy, self.symbol)

    @cached_property
    def filled(self) -> Policy:
        """The policy that proofs are about: its placeholders stand for what somebody means to fill in.

        It does not say which instances there are. What has several values, or no known one, stays Unknown.
        """
        if isinstance(self.text, Unknown) or self.policy is self.text.policy:
            return self.policy
        return filled(self.text.policy, self.symbol, self.named_resource, self.filled_in)

    @property
    def symbol(self) -> str:
        """What the policy calls its own resource by while the ARN is not known."""
        return ""

    @property
    def named_resource(self) -> str:
        """The resource as requests name it."""
        return self.resource_named

    def filled_in(self, key: str, text: str) -> Value:  # noqa: ARG002 - of a key's conditions nothing is known
        """The value that a placeholder of a condition stands for."""
        return Unknown(PLACEHOLDER, text)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that could be read."""
        return self.policy.known_statements()

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """The faults in the text of the policy, and what its service refuses or ignores."""
        if isinstance(self.text, Unknown):
            return ()
        text = self.text
        return (*text.problems, *refusals(text.policy, text.dialect, text.size))

    def reports(self, doubt: Unknown, places: Iterable[Location] = ()) -> bool:
        """True if a rule about the text of the policy reports why something is unknown.

        The reason is a placeholder, a key that AWS does not list, or a fault in each of the statements at
        ``places``.
        """
        keys = {str(part).lower() for problem in self.problems for part in problem.route}
        reported = any(problem.message == doubt.reason for problem in self.problems)
        return is_masked(doubt) or reported or doubt.where.lower() in keys or self._are_faulty(places)

    def _are_faulty(self, places: Iterable[Location]) -> bool:
        """True if each of the statements at some places has a fault; for the whole policy if it could not be read."""
        routes = [place.route[:2] for place in places]
        faulty = {one.route[:2] for one in self.problems if one.grave or "Principal" in one.route}
        unread = not isinstance(self.text, Unknown) and bool(self.text.problems)
        return bool(routes) and all(route in faulty or (unread and len(route) < 2) for route in routes)

    def leaves_open(self, doubt: Unknown) -> bool:  # noqa: ARG002 - of a key no other question is asked
        """True for a value that the document leaves open and that another rule reports."""
        return False

    @cached_property
    def allows_by_name(self) -> tuple[Statement, ...]:
        """The Allow statements that list connect.amazonaws.com itself, whatever they allow."""
        return tuple(s for s in self.statements if s.effect == ALLOW and names_connect(s))

    @cached_property
    def resource_named(self) -> str:
        """A Resource that stands for the owner of the policy: one without wildcards, if there is any.

        Which of several it is does not depend on their order. Wildcards are filled in, but for a lone one.
        """
        named = self.policy.resources()
        return example_of(min(named, key=lambda one: (one == "*", is_wild(one), one), default="*"))

    def at(
        self, route: Route, part: Part = Part.VALUE, role: Role = Role.PRIMARY, note: str = ""
    ) -> Location:
        """Locate a route of the policy."""
        document = self.place.document if isinstance(self.text, Unknown) else self.text.document
        return Location(document, route, part, role, note)

    def here(self, place: Place | None = None, note: str = "") -> Location:
        """Locate the resource itself, or one of its facts."""
        document, route = place or self.place
        return Location(document, route, note=note)


def _unknowns(policy: Policy) -> Iterator[Unknown]:
    """What the document of a policy leaves open: values that its reader could not resolve."""
    for statement in policy.statements:
        if isinstance(statement, Unknown):
            yield statement
            continue
        principals = statement.principals
        values: list[object] = [statement.effect, principals, statement.actions, statement.resources]
        if isinstance(principals, Principals):
            values += [principals.unknown, *(entry.value for entry in principals.entries)]
        for part in (statement.actions, statement.resources, *statement.conditions):
            values += part.values if isinstance(part, Patterns | Condition) else [part]
        yield from (value for value in values if isinstance(value, Unknown))


class TopicAnalysis(PolicyAnalysis):
    """A topic, its key, and the instances that stream to it."""

    def __init__(self, topic: Topic, inventory: Inventory) -> None:
        super().__init__(topic.name, topic.policy, topic.place)
        self.topic = topic
        self.key = inventory.key_of(topic)
        self.pairings = pairings_of(topic, inventory)
        self.budget = Budget(_QUESTIONS * LIMIT)
        self._provers: dict[tuple[int, ...], ConnectProver] = {}

    @property
    def sender_note(self) -> str:
        """What to add to a help text: the resource that makes Connect stream to the topic, where one is known."""
        return f"; `{self.topic.sender}` makes Connect stream to this topic" if self.topic.sender else ""

    def leaves_open(self, doubt: Unknown) -> bool:
        """True for a value that the document leaves open, so that it is not known whether Connect can publish.

        connect-not-allowed reports that for all questions about the value.
        """
        asked = any(answer.truth == doubt for _, answer in self.publishing)
        return asked and doubt in _unknowns(self.policy)

    @property
    def symbol(self) -> str:
        """What the policy calls the topic by while the ARN is not known."""
        return self.topic.symbol

    @property
    def named_resource(self) -> str:
        """The topic as requests name it."""
        return self.target.resource

    def filled_in(self, key: str, text: str) -> Value:
        """The account or instance that a placeholder of a source condition stands for, if there is but one."""
        if key not in (SOURCE_ACCOUNT, SOURCE_ARN):
            return super().filled_in(key, text)
        instances = self.named_instances or self.instances  # a value agrees with what is written beside it
        accounts = set(self.named_accounts) or {arn.account for arn in instances}
        if len(instances) > 1 or len(accounts) > 1:
            return super().filled_in(key, text)
        return meant(key, text, self._somewhere(*accounts), *instances)

    def _somewhere(self, *accounts: str) -> Arn:
        """An instance beside the topic, of an account of the policy or of the topic, else of some account."""
        arn = self.topic.arn
        near = arn if isinstance(arn, Arn) else None
        account = next(iter(accounts), near.account if near else _MEANT_ACCOUNT)
        return Arn(self.partition, "connect", near.region if near else _ANY_REGION, account, _MEANT_INSTANCE)

    @cached_property
    def target(self) -> Target:
        """The topic as requests name it; without an ARN, as its policy names it."""
        arn = self.topic.arn
        if isinstance(arn, Arn):
            return Target.of(arn)
        symbol = self.topic.symbol
        named = symbol if symbol in self.policy.resources() else self.resource_named
        return Target(named, arn, arn, self.partition)

    @cached_property
    def partition(self) -> str:
        """The partition of the topic, else of an instance."""
        known = (self.topic.arn, *self.instances, *self.named_instances)
        return next((arn.partition for arn in known if isinstance(arn, Arn)), "aws")

    @cached_property
    def named_instances(self) -> tuple[Arn, ...]:
        """The Connect instances that the policy names, with any wildcard in the Region read as the topic's."""
        arns = map(self._instance_in, self.condition_values(SOURCE_ARN))
        return tuple(dict.fromkeys(arn for arn in arns if arn is not None))

    def _instance_in(self, value: str) -> Arn | None:
        return instance_named(value, self.topic.arn.region if isinstance(self.topic.arn, Arn) else None)

    @cached_property
    def instances_written(self) -> tuple[tuple[Arn, Location], ...]:
        """The Connect instances that the grants about Connect name, each with the place of its name."""
        return tuple(
            (arn, self.at((*condition.route, index)))
            for statement in self.grants
            for condition in conditions_on(statement, SOURCE_ARN)
            for index, value in enumerate(condition.values)
            if isinstance(value, str) and (arn := self._instance_in(value)) is not None
        )

    @cached_property
    def instances_placed(self) -> tuple[tuple[Arn, Location], ...]:
        """The known instances, which stand where the topic does, else those that the grants name."""
        known = tuple((arn, self.here(self.topic.arn_place)) for arn in self.instances)
        return known or self.instances_written

    @cached_property
    def named_accounts(self) -> tuple[str, ...]:
        """The accounts that the policy's source conditions name outright."""
        named = [value for value in self.condition_values(SOURCE_ACCOUNT) if is_account(value)]
        return tuple(dict.fromkeys([*named, *(arn.account for arn in self.named_instances)]))

    def condition_values(self, key: str) -> Iterator[str]:
        """The values that the policy compares a key with."""
        return condition_values(self.statements, key)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The Regions that Connect may ask from: the topic's and those of the instances in question."""
        known = (self.topic.arn, *self.instances, *self.named_instances)
        return tuple(dict.fromkeys(arn.region for arn in known if isinstance(arn, Arn))) or (_ANY_REGION,)

    @cached_property
    def trusted(self) -> tuple[str, ...]:
        """The accounts whose instances are no strangers: the owner's, those of the known instances, and
        those that the policy names outright, for they were meant.
        """
        meant = (arn.account for arn in self._meant_instances)
        return tuple(
            dict.fromkeys((*self.owners, *self.named_accounts, *self._meant(SOURCE_ACCOUNT), *meant))
        )

    @cached_property
    def _meant_instances(self) -> tuple[Arn, ...]:
        """The instances that stand for placeholders."""
        return tuple(arn for arn in map(self._instance_in, self._meant(SOURCE_ARN)) if arn is not None)

    def _meant(self, key: str) -> tuple[str, ...]:
        """The values of a key that stand for placeholders, none where there is no placeholder."""
        statements = self.filled.known_statements() if self.filled is not self.policy else ()
        values = (value for s in statements for c in conditions_on(s, key) for value in c.values)
        return tuple(value for value in values if isinstance(value, str))

    @property
    def owners(self) -> tuple[str, ...]:
        """The accounts of the topic and of the known instances."""
        owner = (self.topic.arn.account,) if isinstance(self.topic.arn, Arn) else ()
        return (*owner, *(arn.account for arn in self.instances))

    @cached_property
    def grants(self) -> tuple[Statement, ...]:
        """The Allow statements about Connect and sns:Publish, whatever their Resource and conditions."""
        return tuple(s for s in self.statements if s.effect == ALLOW and _covers_connect(s, PUBLISH))

    @cached_property
    def denies(self) -> tuple[Statement, ...]:
        """The Deny statements about Connect and sns:Publish, whatever their Resource and conditions."""
        return tuple(s for s in self.statements if s.effect == DENY and _covers_connect(s, PUBLISH))

    @cached_property
    def connect_grants(self) -> tuple[Statement, ...]:
        """The grants that can reach Connect for some instance and are not open to strangers anyway."""
        return tuple(
            s for s in self.grants if self._reaches(s) and (names_connect(s) or not self._is_public(s))
        )

    @cached_property
    def open_grants(self) -> tuple[Statement, ...]:
        """The grants for Connect, and those that let it in only when it does not say for whom."""
        others = (s for s in self.grants if s not in self.connect_grants)
        unsaid = (
            s for s in others if self.connect(s).deputy(()).truth is not False and not self._is_public(s)
        )
        return (*self.connect_grants, *unsaid)

    def _reaches(self, statement: Statement) -> bool:
        yes = (one.decision for _, one in self.publishing if one.truth is True)  # most often that settles it
        if any(decision is not None and statement.ordinal in decision.statements() for decision in yes):
            return True
        return self.connect(statement).any_instance().truth is not False

    def _is_public(self, statement: Statement) -> bool:
        denies = (one for one in self.statements if one.effect == DENY)
        return self.stranger_under(self.alone(statement, *denies)).can(PUBLISH).truth is True

    def covers(self, resources: Patterns | Unknown) -> Truth:
        """True if a Resource or NotResource covers the topic, for any caller."""
        request = Request(Anonymous(), PUBLISH, self.target.resource, {})
        return resource_covers(resources, request, self.policy.has_variables)

    def alone(self, *statements: Statement) -> Policy:
        """The policy with nothing but these statements."""
        return self.filled._replace(statements=tuple(self._filled_in.get(id(s), s) for s in statements))

    @cached_property
    def _filled_in(self) -> dict[int, Statement | Unknown]:
        """The statements as proofs see them, by those that rules see."""
        return {id(s): one for s, one in zip(self.policy.statements, self.filled.statements, strict=True)}

    @cached_property
    def publishing(self) -> tuple[tuple[Arn | None, Answer], ...]:
        """Whether Connect can publish for each known instance; for any at all (``None``) if none is known."""
        if self.instances:
            return tuple((arn, prove.can_publish(self.policy, self.target, arn)) for arn in self.instances)
        if self.filled is not self.policy:  # a placeholder lets no instance in as it stands
            return ((None, self.connect_under(self.policy).any_instance()),)
        return ((None, self.whole.any_instance()),)

    @cached_property
    def whole(self) -> ConnectProver:
        """Questions about Connect under the whole policy."""
        return self.connect_under(self.filled)

    def connect(self, *statements: Statement) -> ConnectProver:
        """Questions about Connect under these statements of the policy alone."""
        if statements == self.policy.statements:
            return self.whole
        ordinals = tuple(s.ordinal for s in statements)
        if ordinals not in self._provers:
            known = self.alone(*statements).known_statements()
            self._provers[ordinals] = self.whole.only(*known)
        return self._provers[ordinals]

    def connect_under(self, policy: Policy) -> ConnectProver:
        """Questions about Connect under another policy."""
        return ConnectProver(policy, self.target, self.regions, whole=self.budget)

    def deputy_of(self, statement: Statement) -> Answer:
        """Whether a grant lets Connect publish for a stranger's instance, or without saying for whom.

        The policy's Denies count.
        """
        return self.connect(statement, *self.denies).deputy(self.trusted)

    def siblings_of(self, statement: Statement) -> Answer:
        """Whether a grant lets Connect publish for an instance of a trusted account that nobody named.

        The policy's Denies count. Where a grant does so for no account at all, no account is asked about. While
        the owner's account is not known, a grant for another account may be one for the owner's.
        """
        prover = self.connect(statement, *self.denies)
        known = self.instances or self.named_instances or self._meant_instances
        accounts = dict.fromkeys((*(arn.account for arn in known), *self.trusted)) or _ANY_ACCOUNT
        ids = tuple(
            arn.instance_id for arn in (*self.instances, *self.named_instances, *self._meant_instances)
        )
        of_any = prover.siblings(_EVERY_ACCOUNT, ids)
        if of_any.truth is False:
            return of_any
        likely = of_any.witness.context.get(SOURCE_ACCOUNT) if of_any.witness else None
        in_turn = sorted(accounts, key=lambda account: account != likely)
        answer = prove.either(prover.siblings(account, ids) for account in in_turn)
        owner = self.target.account
        return prove.Answer(owner) if answer.truth is False and isinstance(owner, Unknown) else answer

    @cached_property
    def stranger(self) -> OtherAccountsProver:
        """Questions about what a stranger can do under the policy."""
        return self.stranger_under(self.filled)

    def stranger_under(self, policy: Policy) -> OtherAccountsProver:
        """Questions about what a stranger can do under another policy."""
        return OtherAccountsProver(policy, self.target, self.budget)


def _covers_connect(statement: Statement, action: str) -> bool:
    covered = principal_covers(statement.principals, _FROM_CONNECT, statement.effect)
    return covered is not False and action_covers(statement.actions, action) is not False


def names_connect(statement: Statement) -> bool:
    """True if Principal lists connect.amazonaws.com itself."""
    return statement.names_service(CONNECT)


def conditions_on(statement: Statement, *keys: str) -> tuple[Condition, ...]:
    """The conditions of a statement that compare one of the keys."""
    return tuple(c for c in statement.conditions if isinstance(c, Condition) and c.folded_key in keys)
