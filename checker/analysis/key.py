"""Analysis of a KMS key: its policy and grants, the topic that it encrypts, and cached proofs about them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from checker.analysis.inventory import Inventory, Key, Pairing, Place, Setting, Topic, TopicSettings
from checker.analysis.key_permission import may_use_for_all
from checker.analysis.organization import NONE_DENIES, deployed_organization
from checker.analysis.policy import PolicyAnalysis
from checker.core.arn import Arn
from checker.core.unknown import Truth, Unknown, any_of
from checker.iam.decide.decide import EXPLICITLY_DENIED, grant_covers
from checker.iam.decide.elements import action_covers
from checker.iam.prove import prove
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.service_space import key_space
from checker.iam.prove.space import DATA_KEY, DECRYPT, SNS, TOPIC_CONTEXT, Target
from checker.policy.model import ALLOW, Condition, Statement
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.deployments import Deployment
    from checker.analysis.inventory import PolicyText
    from checker.analysis.organization import Permission
    from checker.iam.decide.decide import Match
    from checker.iam.prove.prove import Answer


_SUPPORTED = (("spec", "KeySpec", "SYMMETRIC_DEFAULT"), ("usage", "KeyUsage", "ENCRYPT_DECRYPT"))


def unsupported(key: Key) -> Iterator[tuple[str, str]]:
    """Yield the properties of a key that SNS does not support: the member of its description, and the reason.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    for attribute, name, supported in _SUPPORTED:
        value = getattr(key, attribute)
        if isinstance(value, str) and value != supported:
            yield name, f"the key's {name} is {value}; SNS supports only {supported}"


_NO_TOPIC = Unknown("no topic is known to use the key")


def _no_topic(key: Key) -> Topic:
    """Return a topic of which nothing is known, for a key that no topic is known to use."""
    return Topic(_NO_TOPIC, _NO_TOPIC, TopicSettings(Setting(_NO_TOPIC)), key.place, home=key.home)


class KeyAnalysis(PolicyAnalysis):
    """A key with the topic in question, if one is known, and all topics that it encrypts."""

    def __init__(
        self,
        key: Key,
        topic: Topic | None = None,
        pairings: tuple[Pairing, ...] = (),
        topics: tuple[Topic, ...] = (),
        inventory: Inventory = Inventory(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(key.name, key.policy, key.place, inventory)
        self.key = key
        self.topic = topic
        self.pairings = pairings
        self.topics = topics or ((topic,) if topic else ())
        self.evidence = inventory.evidence

    @property
    def about(self) -> tuple[Topic, Key | None]:
        """The topic that the key encrypts, of which nothing is known if no topic uses the key, and the key."""
        return self.topic or _no_topic(self.key), self.key

    def deployed(self, deployment: Deployment) -> KeyAnalysis:
        """Return the key of one deployment."""
        from checker.analysis.deployments import deployed  # only code has symbols

        facts = deployed(self.facts, deployment)
        topic = facts.topic if self.topic else None
        pairings = facts.pairings if topic else self.pairings
        # The instances that the code declares are among the pairings now.
        organization = deployed_organization(self.inventory.organization, deployment)
        around = Inventory(organization=organization, evidence=self.evidence)
        topics = tuple(one._replace(arn=deployment.arn(one.arn)) for one in self.topics)
        case = KeyAnalysis(facts.key or self.key, topic, pairings, topics, around)
        case.name = self.name
        return case

    def paired_with(self, pairings: tuple[Pairing, ...]) -> KeyAnalysis:
        """Return the key with these pairings instead of its own."""
        case = KeyAnalysis(self.key, self.topic, pairings, self.topics, self.inventory)
        case.name = self.name
        return case

    @cached_property
    def target(self) -> Target:
        """The key as the resource of requests; without an ARN, the resource in its policy."""
        arn = self.key.arn
        return Target.of(arn) if isinstance(arn, Arn) else Target(self.resource_named, arn, arn)

    @property
    def named_resource(self) -> str:
        """The key as the resource of requests."""
        return self.target.resource

    @property
    def topic_arn(self) -> str | Unknown:
        """The topic's ARN, which SNS passes to KMS as encryption context."""
        arn = self.topic.arn if self.topic else _NO_TOPIC
        return arn if isinstance(arn, Unknown) else str(arn)

    def answer(self, action: str) -> Answer:
        """Return whether the key policy lets Connect do an action when it publishes to the topic."""
        space = key_space(self.target, action, self.topic_arn)
        return prove.one_request(self.filled, space)

    @cached_property
    def unverified(self) -> tuple[Condition, ...]:
        """The conditions that decide Connect's access, on condition keys that AWS does not document for it."""
        answers = self._answers
        conditions = [
            condition
            for answer in answers
            for match in (answer.decision.matches if answer.decision else ())
            if isinstance(match.statement, Statement) and isinstance(match.truth, Unknown)
            for condition in known_conditions(match.statement)
            if answer.witness is not None
            and isinstance(answer.witness.context.get(condition.folded_key), Unknown)
            and condition.folded_key != TOPIC_CONTEXT  # AWS documents it; it is unknown only if the topic is
        ]
        return tuple(dict.fromkeys(conditions))

    def allows(self, action: str) -> Truth:
        """Return whether the key policy or a grant allows Connect an action; an explicit Deny overrides a grant."""
        if isinstance(self.text, Unknown):
            return self.text
        decision = self.answer(action).decision
        if decision is None or decision.word == EXPLICITLY_DENIED:
            return False
        return any_of((decision.allowed, self.granted(action)))

    def granted(self, action: str) -> Truth:
        """Return whether a KMS grant allows Connect an action."""
        sources = tuple(str(arn) for arn in self.instances)
        return any_of(
            grant_covers(grant, CONNECT, action, self.topic_arn, sources) for grant in self.key.grants
        )

    @property
    def _answers(self) -> tuple[Answer, ...]:
        """Whether the key policy lets Connect do the two actions that an encrypted topic needs."""
        return self.answer(DATA_KEY), self.answer(DECRYPT)

    @cached_property
    def denying(self) -> tuple[Statement, ...]:
        """The statements of the key policy that deny Connect an action that it needs."""
        decisions = (one.decision for one in self._answers)
        denied = [one for one in decisions if one is not None and one.word == EXPLICITLY_DENIED]
        found = (match.statement for one in denied for match in one.decisive())
        return tuple(dict.fromkeys(one for one in found if isinstance(one, Statement)))

    @property
    def is_allowed_without_denies(self) -> bool:
        """True if Allow statements cover both actions that Connect needs; Denies are not considered."""
        decisions = (one.decision for one in self._answers)
        return all(one is not None and any(_allows(match) for match in one.matches) for one in decisions)

    @cached_property
    def grants_sns_instead(self) -> bool:
        """True if a statement for SNS, with any conditions, allows an action that Connect as the publisher lacks.

        False if a Deny is the reason, because an Allow for Connect would change nothing.
        """
        if self.denying:
            return False
        lacking = [action for action, truth in self.usable if truth is False]
        return any(action_covers(s.actions, action) is True for s in self.allows_sns for action in lacking)

    @property
    def allows_sns(self) -> Iterator[Statement]:
        """The Allow statements that list sns.amazonaws.com, with any actions."""
        return (s for s in self.statements if s.effect == ALLOW and s.names_service(SNS))

    def fact(self, name: str) -> Place:
        """Return the place of a member of the key's description."""
        document, route = self.place
        return Place(document, (*route, name))

    @cached_property
    def permitted(self) -> Permission | None:
        """Whether organization policies permit Connect the use of the key; ``None`` if none were supplied."""
        organization = self.inventory.organization
        if organization is None:
            return None
        instances = self.instances or tuple(one.instance for one in self.pairings)
        return may_use_for_all(organization, self.topic, self.key, instances)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the analysis assumes of organization policies, which do not cover AWS managed keys."""
        if self.key.manager == "AWS":
            return ()
        return (NONE_DENIES,) if self.permitted is None else self.permitted.assumptions

    @cached_property
    def usable(self) -> tuple[tuple[str, Truth], ...]:
        """The two actions that an encrypted topic needs, each with whether Connect is allowed to do it."""
        return tuple((action, self.allows(action)) for action in (DATA_KEY, DECRYPT))

    @property
    def writers_differ(self) -> bool:
        """True unless all resources that write the policy are known to let Connect use the key alike."""
        policies = (writer.policy for writer in self.key.writers)
        return len({self._under(policy).usable for policy in policies}) > 1

    def _under(self, policy: PolicyText | Unknown) -> KeyAnalysis:
        """Return the key with another policy."""
        key = self.key._replace(policy=policy, writers=())
        return KeyAnalysis(key, self.topic, self.pairings, self.topics, self.inventory)

    @cached_property
    def is_open(self) -> bool:
        """True if Connect's use of the key depends on conditions that AWS does not document for it."""
        truths = [truth for _, truth in self.usable]
        return bool(self.unverified) and False not in truths and any(one is not True for one in truths)


def _allows(match: Match) -> bool:
    return match.effect == ALLOW and match.truth is True
