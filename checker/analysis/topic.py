"""Analysis of a topic: its policy, key and instances, and cached proofs about them.

Rules use this interface: typed facts, and questions that the decision engine and the prover answer.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from checker.analysis.endpoints import Endpoints
from checker.analysis.inventory import Key
from checker.analysis.organization import deployed_organization
from checker.analysis.pairing import condition_values, pairings_of
from checker.analysis.policy import PolicyAnalysis, conditions_on, names_connect, unresolved_values
from checker.core.arn import Arn, is_account
from checker.core.unknown import Unknown
from checker.iam.decide.elements import action_covers, principal_covers, resource_covers
from checker.iam.decide.request import Anonymous, Request, Service
from checker.iam.prove import prove
from checker.iam.prove.domain import LIMIT, Budget
from checker.iam.prove.prove import ConnectProver, OtherAccountsProver
from checker.iam.prove.source_keys import (
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    account_named,
    fresh_account,
    instance_named,
)
from checker.iam.prove.space import PUBLISH, Target
from checker.policy.model import (
    ALLOW,
    DENY,
    Patterns,
    Policy,
    Statement,
)
from checker.policy.placeholder import intended_value
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.analysis.deployments import Deployment
    from checker.analysis.endpoints import Subscription
    from checker.analysis.inventory import Inventory, Pairing, Topic
    from checker.core.finding import Location
    from checker.core.unknown import Truth
    from checker.iam.prove.prove import Answer
    from checker.policy.model import Value


_ANY_REGION = "us-east-1"
_ANY_ACCOUNT = (fresh_account(()),)
"""Represents the owner's account if it is not known."""
_EVERY_ACCOUNT = ""
_MEANT_ACCOUNT = "121212121212"
_MEANT_INSTANCE = "instance/12121212-1212-4121-8121-121212121212"
"""Represent the account and the instance that will replace placeholders."""
_QUESTIONS = 5
"""The budget for one policy, as a multiple of the budget for one question."""
_FROM_CONNECT = Request(Service(CONNECT), "", "", {})
_Result = TypeVar("_Result")


class TopicAnalysis(PolicyAnalysis):
    """A topic, its key, and the instances that stream to it."""

    def __init__(self, topic: Topic, inventory: Inventory) -> None:
        super().__init__(topic.name, topic.policy, topic.place, inventory)
        self.topic = topic
        self.pairings = pairings_of(topic, inventory)
        self.budget = Budget(_QUESTIONS * LIMIT)
        self._provers: dict[tuple[int, ...], ConnectProver] = {}
        self._results: dict[Callable[[TopicAnalysis], Any], Any] = {}

    @cached_property
    def key(self) -> Key | Unknown | None:
        """The key that encrypts the topic; ``None`` if no KMS key does."""
        return self.inventory.key_of(self.topic)

    def once(self, compute: Callable[[TopicAnalysis], _Result]) -> _Result:
        """Return the result of a function for this topic, computed once for all rules that need it."""
        if compute not in self._results:
            self._results[compute] = compute(self)
        result: _Result = self._results[compute]
        return result

    @property
    def about(self) -> tuple[Topic, Key | None]:
        """The topic and its key, if it is known."""
        return self.topic, self.key if isinstance(self.key, Key) else None

    def deployed(self, deployment: Deployment) -> TopicAnalysis:
        """Return the topic of one deployment."""
        from checker.analysis.deployments import deployed  # only code has symbols

        facts = deployed(self.facts, deployment)
        organization = deployed_organization(self.inventory.organization, deployment)
        endpoints = self.inventory.endpoints if self.endpoints == Endpoints() else facts.endpoints
        around = self.inventory._replace(organization=organization, endpoints=endpoints)
        case = TopicAnalysis(facts.topic, around)
        case.name = self.name
        case.key = self.key if facts.key is None else facts.key
        return case

    def paired_with(self, pairings: tuple[Pairing, ...]) -> TopicAnalysis:
        """Return the topic with these pairings instead of its own."""
        topic = self.topic._replace(pairings=pairings, instances=())
        case = TopicAnalysis(topic, self.inventory)
        case.name, case.key = self.name, self.key
        return case

    @cached_property
    def with_endpoints(self) -> TopicAnalysis:
        """The topic with what is behind its subscriptions, in all deployments of these, too."""
        subscriptions = self.topic.subscriptions
        if isinstance(subscriptions, Unknown) or self.inventory.endpoints == Endpoints():
            return self
        case = TopicAnalysis(self.topic, self.inventory)
        case.name, case.key = self.name, self.key
        case.endpoints = self.inventory.endpoints.behind(subscriptions, self.topic.home)
        return case

    def at_subscription(self, subscription: Subscription) -> Location:
        """Return the place of a subscription: its declaration if one is known, else the topic's ARN."""
        return self.here(subscription.place or self.topic.arn_place)

    @property
    def sender_note(self) -> str:
        """An addition to a help text: the resource that makes Connect stream to the topic, if one is known."""
        return f"; `{self.topic.sender}` makes Connect stream to this topic" if self.topic.sender else ""

    def leaves_open(self, doubt: Unknown) -> bool:
        """True for an unresolved value because of which it is not known whether Connect can publish.

        connect-not-allowed reports the value, so other rules need not.
        """
        asked = any(answer.truth == doubt for _, answer in self.publishing)
        return asked and doubt in unresolved_values(self.policy)

    @property
    def symbol(self) -> str:
        """The reference to the topic in its own policy, if the ARN is not known."""
        return self.topic.symbol

    @property
    def named_resource(self) -> str:
        """The topic as the resource of requests."""
        return self.target.resource

    def filled_in(self, key: str, text: str) -> Value:
        """Return the account or instance that a placeholder of a source condition represents, if there is only one."""
        if key not in (SOURCE_ACCOUNT, SOURCE_ARN):
            return super().filled_in(key, text)
        instances = (
            self.named_instances or self.instances
        )  # a new value must agree with the others in the policy
        accounts = set(self.named_accounts) or {arn.account for arn in instances}
        if len(instances) > 1 or len(accounts) > 1:
            return super().filled_in(key, text)
        return intended_value(key, text, self._example_instance(*accounts), *instances)

    def _example_instance(self, *accounts: str) -> Arn:
        """Return an example instance in the topic's Region, in an account of the policy, else in the topic's."""
        arn = self.topic.arn
        near = arn if isinstance(arn, Arn) else None
        account = next(iter(accounts), near.account if near else _MEANT_ACCOUNT)
        return Arn(self.partition, "connect", near.region if near else _ANY_REGION, account, _MEANT_INSTANCE)

    @cached_property
    def target(self) -> Target:
        """The topic as the resource of requests; without an ARN, the resource in its policy."""
        arn = self.topic.arn
        if isinstance(arn, Arn):
            return Target.of(arn)
        symbol = self.topic.symbol
        named = symbol if symbol in self.policy.resources() else self.resource_named
        return Target(named, arn, arn, self.partition)

    @cached_property
    def partition(self) -> str:
        """The partition of the topic or, if it is not known, of an instance."""
        known = (self.topic.arn, *self.instances, *self.named_instances)
        return next((arn.partition for arn in known if isinstance(arn, Arn)), "aws")

    @cached_property
    def named_instances(self) -> tuple[Arn, ...]:
        """The Connect instances that the policy names; a wildcard Region stands for the topic's Region."""
        arns = map(self._instance_in, self.condition_values(SOURCE_ARN))
        return tuple(dict.fromkeys(arn for arn in arns if arn is not None))

    def _instance_in(self, value: str) -> Arn | None:
        return instance_named(value, self.topic.arn.region if isinstance(self.topic.arn, Arn) else None)

    @cached_property
    def instances_written(self) -> tuple[tuple[Arn, Location], ...]:
        """The Connect instances that the grants for Connect name, each with its location."""
        return tuple(
            (arn, self.at((*condition.route, index)))
            for statement in self.grants
            for condition in conditions_on(statement, SOURCE_ARN)
            for index, value in enumerate(condition.values)
            if isinstance(value, str) and (arn := self._instance_in(value)) is not None
        )

    @cached_property
    def unread_instances(self) -> tuple[Unknown, ...]:
        """The conditions of the grants for Connect, and values for the instance, that were not read."""
        conditions = [one for statement in self.grants for one in statement.conditions]
        on_instance = (one for statement in self.grants for one in conditions_on(statement, SOURCE_ARN))
        values = [value for one in on_instance for value in one.values]
        return tuple(one for one in (*conditions, *values) if isinstance(one, Unknown))

    @cached_property
    def instances_placed(self) -> tuple[tuple[Arn, Location], ...]:
        """The known instances with the topic's location; otherwise those that the grants name."""
        known = tuple((arn, self.here(self.topic.arn_place)) for arn in self.instances)
        return known or self.instances_written

    @cached_property
    def named_accounts(self) -> tuple[str, ...]:
        """The accounts that the policy's source conditions name without wildcards."""
        of_instances = (arn.account for arn in self.named_instances)
        return tuple(dict.fromkeys([*self.intended_accounts, *of_instances]))

    @cached_property
    def intended_accounts(self) -> tuple[str, ...]:
        """The accounts that the policy names without one of their instances: alone, or in a pattern for ARNs."""
        named = [value for value in self.condition_values(SOURCE_ACCOUNT) if is_account(value)]
        values = self.condition_values(SOURCE_ARN)
        of_patterns = (account_named(value) for value in values if self._instance_in(value) is None)
        return tuple(dict.fromkeys([*named, *(account for account in of_patterns if account is not None)]))

    def condition_values(self, key: str) -> Iterator[str]:
        """Yield the values that the policy compares a key with."""
        return condition_values(self.statements, key)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The Regions from which Connect may send requests: those of the topic and of the instances."""
        known = (self.topic.arn, *self.instances, *self.named_instances)
        return tuple(dict.fromkeys(arn.region for arn in known if isinstance(arn, Arn))) or (_ANY_REGION,)

    @cached_property
    def trusted(self) -> tuple[str, ...]:
        """The accounts whose instances are trusted: those of the topic, of the known instances and of the policy.

        An account in the policy counts only if it is named without wildcards, because that is intended.
        """
        filled = (arn.account for arn in self._filled_instances)
        return tuple(
            dict.fromkeys((*self.owners, *self.named_accounts, *self._filled_values(SOURCE_ACCOUNT), *filled))
        )

    @cached_property
    def _filled_instances(self) -> tuple[Arn, ...]:
        """The instances that placeholders represent."""
        return tuple(
            arn for arn in map(self._instance_in, self._filled_values(SOURCE_ARN)) if arn is not None
        )

    def _filled_values(self, key: str) -> tuple[str, ...]:
        """Return the values of a key after placeholders are replaced; empty if the policy has no placeholder."""
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
        """The Allow statements that cover Connect and sns:Publish, with any Resource and conditions."""
        return tuple(s for s in self.statements if s.effect == ALLOW and _covers_connect(s, PUBLISH))

    @cached_property
    def denies(self) -> tuple[Statement, ...]:
        """The Deny statements that cover Connect and sns:Publish, with any Resource and conditions."""
        return tuple(s for s in self.statements if s.effect == DENY and _covers_connect(s, PUBLISH))

    @cached_property
    def connect_grants(self) -> tuple[Statement, ...]:
        """The grants that can apply to Connect for an instance, except grants that are public and do not name Connect."""
        return tuple(
            s for s in self.grants if self._reaches(s) and (names_connect(s) or not self._is_public(s))
        )

    @cached_property
    def open_grants(self) -> tuple[Statement, ...]:
        """The grants for Connect, including those that apply only to requests without source keys."""
        others = (s for s in self.grants if s not in self.connect_grants)
        unsourced = (
            s for s in others if self.connect(s).deputy(()).truth is not False and not self._is_public(s)
        )
        return (*self.connect_grants, *unsourced)

    def _reaches(self, statement: Statement) -> bool:
        # A known decision usually answers this without another proof.
        allowed = (answer.decision for _, answer in self.publishing if answer.truth is True)
        if any(decision is not None and statement.ordinal in decision.statements() for decision in allowed):
            return True
        return self.connect(statement).any_instance().truth is not False

    def _is_public(self, statement: Statement) -> bool:
        denies = (one for one in self.statements if one.effect == DENY)
        return self.other_customers_under(self.alone(statement, *denies)).can(PUBLISH).truth is True

    def covers(self, resources: Patterns | Unknown) -> Truth:
        """Return whether a Resource or NotResource covers the topic, for any caller."""
        request = Request(Anonymous(), PUBLISH, self.target.resource, {})
        return resource_covers(resources, request, self.policy.has_variables)

    def alone(self, *statements: Statement) -> Policy:
        """Return the policy with only these statements."""
        return self.filled._replace(statements=tuple(self._filled_in.get(id(s), s) for s in statements))

    @cached_property
    def _filled_in(self) -> dict[int, Statement | Unknown]:
        """The statements with placeholders replaced, by the identity of the original statement."""
        return {id(s): one for s, one in zip(self.policy.statements, self.filled.statements, strict=True)}

    @cached_property
    def publishing(self) -> tuple[tuple[Arn | None, Answer], ...]:
        """Whether Connect can publish for each known instance; for any instance (``None``) if none is known."""
        if self.instances:
            return tuple((arn, prove.can_publish(self.policy, self.target, arn)) for arn in self.instances)
        if self.filled is not self.policy:  # until it is replaced, a placeholder allows no instance
            return ((None, self.connect_under(self.policy).any_instance()),)
        return ((None, self.whole.any_instance()),)

    @cached_property
    def whole(self) -> ConnectProver:
        """A prover for Connect under the whole policy."""
        return self.connect_under(self.filled)

    def connect(self, *statements: Statement) -> ConnectProver:
        """Return a prover for Connect under only these statements of the policy."""
        if statements == self.policy.statements:
            return self.whole
        ordinals = tuple(s.ordinal for s in statements)
        if ordinals not in self._provers:
            known = self.alone(*statements).known_statements()
            self._provers[ordinals] = self.whole.only(*known)
        return self._provers[ordinals]

    def connect_under(self, policy: Policy) -> ConnectProver:
        """Return a prover for Connect under another policy."""
        return ConnectProver(policy, self.target, self.regions, whole=self.budget)

    def deputy_of(self, statement: Statement) -> Answer:
        """Return whether a grant lets Connect publish for another AWS customer, or without source keys.

        The answer includes the Denies of the policy.
        """
        return self.connect(statement, *self.denies).deputy(self.trusted)

    def siblings_of(self, statement: Statement) -> Answer:
        """Return whether a grant lets Connect publish for instances of a trusted account that are not named.

        The answer includes the Denies of the policy. If the grant allows this for no account at all, the single
        accounts are not checked. If the owner's account is not known, a grant for another account may be for the
        owner's.
        """
        prover, ids = self.connect(statement, *self.denies), self._known_ids
        of_any = prover.siblings(_EVERY_ACCOUNT, ids)
        if of_any.truth is False:
            return of_any
        likely = of_any.witness.context.get(SOURCE_ACCOUNT) if of_any.witness else None
        likely_first = sorted(self._known_accounts or _ANY_ACCOUNT, key=lambda account: account != likely)
        answer = prove.either(prover.siblings(account, ids) for account in likely_first)
        owner = self.target.account
        return prove.Answer(owner) if answer.truth is False and isinstance(owner, Unknown) else answer

    def accounts_of_siblings(self, statement: Statement) -> tuple[str, ...]:
        """Return the trusted accounts for whose other instances a grant lets Connect publish."""
        prover = self.connect(statement, *self.denies)
        return tuple(
            account
            for account in self._known_accounts
            if prover.siblings(account, self._known_ids).truth is True
        )

    @cached_property
    def _known_accounts(self) -> tuple[str, ...]:
        """The trusted accounts, those of the known instances first."""
        known = self.instances or self.named_instances or self._filled_instances
        return tuple(dict.fromkeys((*(arn.account for arn in known), *self.trusted)))

    @cached_property
    def _known_ids(self) -> tuple[str, ...]:
        """The IDs of the instances that are known or named."""
        known = (*self.instances, *self.named_instances, *self._filled_instances)
        return tuple(arn.instance_id for arn in known)

    @cached_property
    def other_customers(self) -> OtherAccountsProver:
        """A prover for the access of other AWS customers under the policy."""
        return self.other_customers_under(self.filled)

    def other_customers_under(self, policy: Policy) -> OtherAccountsProver:
        """Return a prover for the access of other AWS customers under another policy."""
        return OtherAccountsProver(policy, self.target, self.budget)


def _covers_connect(statement: Statement, action: str) -> bool:
    covered = principal_covers(statement.principals, _FROM_CONNECT, statement.effect)
    return covered is not False and action_covers(statement.actions, action) is not False
