"""One topic, or one key, with everything that bears on it; every proof about it is asked for once.

This is what a rule sees: typed facts, and questions that the decision engine and the prover answer.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from checker.arn import Arn, is_account
from checker.finding import Location, Part, Role
from checker.iam import prove
from checker.iam.action import action_covers
from checker.iam.grant import grant_covers
from checker.iam.principal import principal_covers
from checker.iam.prove import ConnectProver, StrangerProver
from checker.iam.request import Service
from checker.iam.space import CONNECT, DATA_KEY, DECRYPT, PUBLISH, SNS, Target, key_space
from checker.iam.truth import Truth, any_of
from checker.inventory import Place
from checker.policy.model import ALLOW, DENY, EMPTY, Condition, Patterns, Policy, Statement
from checker.policy.placeholder import masked
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.finding import Route
    from checker.iam.prove import Answer
    from checker.inventory import Inventory, Key, PolicyText, Topic

SOURCE_ARN, SOURCE_ACCOUNT, SOURCE_OWNER = "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner"
SOURCE_KEYS = (SOURCE_ARN, SOURCE_ACCOUNT)

_ANY_REGION = "us-east-1"
_CONNECT = Service(CONNECT)


class PolicyCase:
    """A resource with a policy of its own."""

    def __init__(self, text: PolicyText | Unknown, place: Place) -> None:
        self.text = text
        self.place = place

    @cached_property
    def policy(self) -> Policy:
        """The policy, its placeholders unknown; empty when it is not known at all."""
        return EMPTY if isinstance(self.text, Unknown) else masked(self.text.policy)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that could be read."""
        return self.policy.known_statements()

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


class TopicCase(PolicyCase):
    """A topic, its key, and the instances that stream to it."""

    def __init__(self, topic: Topic, inventory: Inventory) -> None:
        super().__init__(topic.policy, topic.place)
        self.topic = topic
        self.key = inventory.key_of(topic)
        self.instances: tuple[Arn, ...] = tuple(one.arn for one in inventory.instances_of(topic))
        self._provers: dict[tuple[int, ...], ConnectProver] = {}

    @property
    def name(self) -> str:
        """How findings call the topic."""
        return self.topic.name

    @cached_property
    def target(self) -> Target:
        """The topic as requests name it; without an ARN, as its policy's first Resource names it."""
        if isinstance(self.topic.arn, Arn):
            return Target.of(self.topic.arn)
        named = (
            value
            for s in self.statements
            if isinstance(s.resources, Patterns)
            for value in s.resources.values
        )
        resource = next((value for value in named if isinstance(value, str)), "*")
        return Target(resource, self.topic.arn, self.topic.arn, self.partition)

    @cached_property
    def partition(self) -> str:
        """The partition of the topic, else of an instance."""
        known = (self.topic.arn, *self.instances, *self.named_instances)
        return next((arn.partition for arn in known if isinstance(arn, Arn)), "aws")

    @cached_property
    def named_instances(self) -> tuple[Arn, ...]:
        """The Connect instances that the policy names outright."""
        arns = (Arn.parse(value) for value in self.condition_values(SOURCE_ARN))
        return tuple(dict.fromkeys(arn for arn in arns if arn is not None and arn.is_instance))

    @cached_property
    def named_accounts(self) -> tuple[str, ...]:
        """The accounts that the policy's source conditions name outright."""
        named = [value for value in self.condition_values(SOURCE_ACCOUNT) if is_account(value)]
        return tuple(dict.fromkeys([*named, *(arn.account for arn in self.named_instances)]))

    def condition_values(self, key: str) -> Iterator[str]:
        """The values that the policy compares a key with."""
        for statement in self.statements:
            for condition in statement.conditions:
                if isinstance(condition, Condition) and condition.folded_key == key:
                    yield from (value for value in condition.values if isinstance(value, str))

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The Regions that Connect may ask from: the topic's and those of the instances in question."""
        known = (self.topic.arn, *self.instances, *self.named_instances)
        return tuple(dict.fromkeys(arn.region for arn in known if isinstance(arn, Arn))) or (_ANY_REGION,)

    @cached_property
    def trusted(self) -> tuple[str, ...]:
        """The accounts whose instances are no strangers: the owner's and those of the known instances.

        When no instance is known, an account that the policy names outright was meant.
        """
        owner = (self.topic.arn.account,) if isinstance(self.topic.arn, Arn) else ()
        instances = tuple(arn.account for arn in self.instances) or self.named_accounts
        return tuple(dict.fromkeys((*owner, *instances)))

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

    def _reaches(self, statement: Statement) -> bool:
        whole = self.whole.any_instance().decision
        if whole is not None and statement.ordinal in whole.statements():
            return True
        return self.connect(statement).any_instance().truth is not False

    def _is_public(self, statement: Statement) -> bool:
        return StrangerProver(self.alone(statement), self.target).can(PUBLISH).truth is True

    def alone(self, *statements: Statement) -> Policy:
        """The policy with nothing but these statements."""
        return self.policy._replace(statements=statements)

    @cached_property
    def publishing(self) -> tuple[tuple[Arn | None, Answer], ...]:
        """Whether Connect can publish for each known instance; for any at all (``None``) if none is known."""
        if self.instances:
            return tuple((arn, prove.can_publish(self.policy, self.target, arn)) for arn in self.instances)
        return ((None, self.whole.any_instance()),)

    @cached_property
    def whole(self) -> ConnectProver:
        """Questions about Connect under the whole policy."""
        return self.connect_under(self.policy)

    def connect(self, *statements: Statement) -> ConnectProver:
        """Questions about Connect under these statements of the policy alone."""
        if statements == self.policy.statements:
            return self.whole
        ordinals = tuple(s.ordinal for s in statements)
        if ordinals not in self._provers:
            self._provers[ordinals] = self.whole.only(*statements)
        return self._provers[ordinals]

    def connect_under(self, policy: Policy) -> ConnectProver:
        """Questions about Connect under another policy."""
        return ConnectProver(policy, self.target, self.regions)

    def deputy_of(self, statement: Statement) -> Answer:
        """Whether a grant lets Connect publish for a stranger's instance, or without saying for whom.

        The policy's Denies count.
        """
        return self.connect(statement, *self.denies).deputy(self.trusted)

    def siblings_of(self, statement: Statement) -> Answer:
        """Whether a grant lets Connect publish for an instance of a trusted account that nobody named.

        The policy's Denies count.
        """
        prover = self.connect(statement, *self.denies)
        known = self.instances or self.named_instances
        accounts = dict.fromkeys(arn.account for arn in known) or dict.fromkeys(self.trusted)
        ids = tuple(arn.instance_id for arn in (*self.instances, *self.named_instances))
        return prove.either(prover.siblings(account, ids) for account in accounts)

    @cached_property
    def stranger(self) -> StrangerProver:
        """Questions about what a stranger can do under the policy."""
        return StrangerProver(self.policy, self.target)


class KeyCase(PolicyCase):
    """A key, and the topic that is encrypted with it if one is known."""

    def __init__(self, key: Key, topic: Topic | None = None, instances: tuple[Arn, ...] = ()) -> None:
        super().__init__(key.policy, key.place)
        self.key = key
        self.topic = topic
        self.instances = instances

    @property
    def name(self) -> str:
        """How findings call the key."""
        return self.key.name

    @cached_property
    def target(self) -> Target:
        """The key as requests name it; a policy's ``*`` means the key, whatever its ARN."""
        arn = self.key.arn
        return Target.of(arn) if isinstance(arn, Arn) else Target("*", arn, arn)

    @property
    def topic_arn(self) -> str | Unknown:
        """The topic's ARN, which KMS sees as encryption context."""
        arn = self.topic.arn if self.topic else Unknown("no topic is known to use the key")
        return arn if isinstance(arn, Unknown) else str(arn)

    def answer(self, action: str, caller: str = CONNECT) -> Answer:
        """Whether the key policy lets a service do an action when somebody publishes to the topic."""
        space = key_space(self.target, action, self.topic_arn)
        return prove.one_request(self.policy, space._replace(caller=Service(caller)))

    def allows(self, action: str) -> Truth:
        """Whether key policy or grants let Connect do an action; an explicit Deny beats a grant."""
        if isinstance(self.text, Unknown):
            return self.text
        decision = self.answer(action).decision
        if decision is None or decision.word == "ExplicitlyDenied":
            return False
        return any_of((decision.allowed, self.granted(action)))

    def granted(self, action: str) -> Truth:
        """Whether a KMS grant lets Connect do an action."""
        grants = self.key.grants
        if isinstance(grants, Unknown):
            return False
        sources = tuple(str(arn) for arn in self.instances)
        return any_of(grant_covers(grant, CONNECT, action, self.topic_arn, sources) for grant in grants)

    @cached_property
    def grants_sns_instead(self) -> bool:
        """True if the key policy gives SNS itself what Connect, the publisher, lacks."""
        if all(truth is not False for _, truth in self.usable):
            return False
        return any(self.answer(action, SNS).truth is True for action in (DATA_KEY, DECRYPT))

    def fact(self, name: str) -> Place:
        """Where the description of the key says something."""
        document, route = self.place
        return Place(document, (*route, name))

    @cached_property
    def usable(self) -> tuple[tuple[str, Truth], ...]:
        """Whether Connect may do each of the two actions that an encrypted topic needs."""
        return tuple((action, self.allows(action)) for action in (DATA_KEY, DECRYPT))


def _covers_connect(statement: Statement, action: str) -> bool:
    covered = principal_covers(statement.principals, _CONNECT, statement.effect)
    return covered is not False and action_covers(statement.actions, action) is not False


def names_connect(statement: Statement) -> bool:
    """True if Principal lists connect.amazonaws.com itself."""
    principals = statement.principals
    if isinstance(principals, Unknown) or principals.negated:
        return False
    return any(entry.type == "Service" and entry.value == CONNECT for entry in principals.entries)


def conditions_on(statement: Statement, *keys: str) -> tuple[Condition, ...]:
    """The conditions of a statement that compare one of the keys."""
    return tuple(c for c in statement.conditions if isinstance(c, Condition) and c.folded_key in keys)
