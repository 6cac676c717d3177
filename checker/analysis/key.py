"""One key with everything that bears on it; every question about it is asked for once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from checker.analysis.inventory import Key, Pairing, Place, Topic
from checker.analysis.topic import PolicyAnalysis
from checker.core.arn import Arn
from checker.core.unknown import Truth, Unknown, any_of
from checker.iam.decide.decide import EXPLICITLY_DENIED
from checker.iam.decide.elements import action_covers
from checker.iam.decide.grant import grant_covers
from checker.iam.prove import prove
from checker.iam.prove.mention import known_conditions
from checker.iam.prove.space import DATA_KEY, DECRYPT, SNS, TOPIC_CONTEXT, Target, key_space
from checker.policy.model import ALLOW, Condition, Statement
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.iam.prove.prove import Answer


_SUPPORTED = (("spec", "KeySpec", "SYMMETRIC_DEFAULT"), ("usage", "KeyUsage", "ENCRYPT_DECRYPT"))


def unsupported(key: Key) -> Iterator[tuple[str, str]]:
    """What SNS cannot use about a key: the member of its description, and why.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    for attribute, name, wanted in _SUPPORTED:
        said = getattr(key, attribute)
        if isinstance(said, str) and said != wanted:
            yield name, f"the key's {name} is {said}, SNS supports only {wanted}"


class KeyAnalysis(PolicyAnalysis):
    """A key, the topic that is encrypted with it if one is known, and all topics that are."""

    def __init__(
        self,
        key: Key,
        topic: Topic | None = None,
        pairings: tuple[Pairing, ...] = (),
        topics: tuple[Topic, ...] = (),
    ) -> None:
        super().__init__(key.name, key.policy, key.place)
        self.key = key
        self.topic = topic
        self.pairings = pairings
        self.topics = topics or ((topic,) if topic else ())

    @cached_property
    def target(self) -> Target:
        """The key as requests name it; without an ARN, as its policy names it."""
        arn = self.key.arn
        return Target.of(arn) if isinstance(arn, Arn) else Target(self.resource_named, arn, arn)

    @property
    def named_resource(self) -> str:
        """The key as requests name it."""
        return self.target.resource

    @property
    def topic_arn(self) -> str | Unknown:
        """The topic's ARN, which KMS sees as encryption context."""
        arn = self.topic.arn if self.topic else Unknown("no topic is known to use the key")
        return arn if isinstance(arn, Unknown) else str(arn)

    def answer(self, action: str) -> Answer:
        """Whether the key policy lets Connect do an action when it publishes to the topic."""
        space = key_space(self.target, action, self.topic_arn)
        return prove.one_request(self.filled, space)

    @cached_property
    def unverified(self) -> tuple[Condition, ...]:
        """The conditions that Connect's access hangs on, on keys that AWS does not document for its call."""
        answers = [self.answer(action) for action in (DATA_KEY, DECRYPT)]
        hanging = [
            condition
            for answer in answers
            for match in (answer.decision.matches if answer.decision else ())
            if isinstance(match.statement, Statement) and isinstance(match.truth, Unknown)
            for condition in known_conditions(match.statement)
            if answer.witness is not None
            and isinstance(answer.witness.context.get(condition.folded_key), Unknown)
            and condition.folded_key != TOPIC_CONTEXT  # documented, and unknown only while the topic is
        ]
        return tuple(dict.fromkeys(hanging))

    def allows(self, action: str) -> Truth:
        """Whether key policy or grants let Connect do an action; an explicit Deny beats a grant."""
        if isinstance(self.text, Unknown):
            return self.text
        decision = self.answer(action).decision
        if decision is None or decision.word == EXPLICITLY_DENIED:
            return False
        return any_of((decision.allowed, self.granted(action)))

    def granted(self, action: str) -> Truth:
        """Whether a KMS grant lets Connect do an action."""
        sources = tuple(str(arn) for arn in self.instances)
        return any_of(
            grant_covers(grant, CONNECT, action, self.topic_arn, sources) for grant in self.key.grants
        )

    @property
    def is_denied(self) -> bool:
        """True if a statement of the key policy denies Connect an action that it needs."""
        decisions = (self.answer(action).decision for action in (DATA_KEY, DECRYPT))
        return any(one is not None and one.word == EXPLICITLY_DENIED for one in decisions)

    @cached_property
    def grants_sns_instead(self) -> bool:
        """True if a statement for SNS itself, under whatever conditions, allows what Connect, the publisher, lacks."""
        lacking = [action for action, truth in self.usable if truth is False]
        grants = (s for s in self.statements if s.effect == ALLOW and s.names_service(SNS))
        return any(action_covers(s.actions, action) is True for s in grants for action in lacking)

    def fact(self, name: str) -> Place:
        """Where the description of the key says something."""
        document, route = self.place
        return Place(document, (*route, name))

    @cached_property
    def usable(self) -> tuple[tuple[str, Truth], ...]:
        """Whether Connect may do each of the two actions that an encrypted topic needs."""
        return tuple((action, self.allows(action)) for action in (DATA_KEY, DECRYPT))
