"""The chain from a Connect instance to a topic: instance, topic type, Region, topic policy, key, key policy.

Checks each link for one topic and one instance, and finds out who else could publish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.deployments import NO_SYMBOLS, in_words
from checker.analysis.inventory import (
    Instance,
    Inventory,
    Key,
    Pairing,
    PolicyText,
    Source,
    Topic,
    is_managed_key,
)
from checker.analysis.key import KeyAnalysis
from checker.analysis.pairing import named_by
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.finding import Severity, Verdict
from checker.core.unknown import Truth, Unknown, all_of
from checker.iam.prove import prove
from checker.iam.prove.space import PUBLISH
from checker.lint.delivery.subscribers import subscribers
from checker.lint.engine import Scope, judge
from checker.lint.rule import Link, PolicyRule
from checker.lint.status import BROKEN, NOT_APPLICABLE, OK, UNKNOWN
from checker.policy.model import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.deployments import Deployments
    from checker.core.finding import Finding
    from checker.iam.prove.prove import Answer
    from checker.lint.delivery.subscribers import Subscriber
    from checker.lint.report import Report
    from checker.lint.rule import Rule


__all__ = ("BROKEN", "NOT_APPLICABLE", "OK", "UNKNOWN")
NOT_ENCRYPTED = "not_encrypted"
WHOLE = "whole"


class InstanceStatus(NamedTuple):
    """The result of an instance lookup: a status of the chain, the reason, and help.

    ``gone`` is true if AWS reports that the account has no such instance in the Region.
    """

    status: str
    reason: str
    help: str = ""
    gone: bool = False


class LinkStatus(NamedTuple):
    """The status of one link, the reason, and the rule with its help if a rule determined it."""

    link: Link
    status: str
    reason: str
    rule: str = ""
    help: str = ""


class Explanation(NamedTuple):
    """The complete explanation; the four answers cover only the topic policy.

    ``instances`` are the instances of deployments that differ in them, each with these deployments in words.
    ``dependence`` is how the status of the chain depends on the deployment. ``subscribers`` are behind the topic: the
    status of the chain does not depend on them.
    """

    topic: Topic
    instance: Arn
    can_publish: Answer
    deputy: Answer
    siblings: Answer
    public: Answer
    kms: str
    links: tuple[LinkStatus, ...]
    report: Report
    opening_rules: frozenset[str]
    pairings: tuple[Pairing, ...] = ()
    deployments: Deployments = NO_SYMBOLS
    instances: tuple[tuple[Arn, str], ...] = ()
    dependence: Unknown | None = None
    subscribers: tuple[Subscriber, ...] | Unknown = Unknown("the list of subscriptions was not supplied")

    @property
    def chain(self) -> str:
        """Whether the instance can publish to the topic: ``whole``, ``broken`` or ``unknown``."""
        return BROKEN if self.first(BROKEN) else UNKNOWN if self.first(UNKNOWN) else WHOLE

    def status(self, link: Link) -> str:
        """Return the status of one link."""
        return next(one.status for one in self.links if one.link is link)

    def first_broken(self) -> LinkStatus | None:
        """Return the first broken link."""
        return self.first(BROKEN)

    def first(self, status: str) -> LinkStatus | None:
        """Return the first link with a status."""
        return next((one for one in self.links if one.status == status), None)

    def openings(self) -> tuple[Finding, ...]:
        """Return the errors about access of other callers."""
        return tuple(
            f for f in self.report.findings if f.severity is Severity.ERROR and f.rule in self.opening_rules
        )

    @property
    def is_clean(self) -> bool:
        """True if no problem is known: no link is broken, and no other caller has access."""
        wrong = (self.can_publish.truth is False, self.deputy.truth is True, self.public.truth is True)
        return not any(wrong) and self.first_broken() is None and not self.openings()

    def answers(self) -> tuple[tuple[str, Answer], ...]:
        """Return the four answers with their names in the JSON output."""
        return (
            ("connect_can_publish", self.can_publish),
            ("confused_deputy", self.deputy),
            ("sibling_instances", self.siblings),
            ("public", self.public),
        )


def explain(
    topic: Topic,
    key: Key | None,
    instance: Arn | None,
    rules: Sequence[Rule],
    looked_up: InstanceStatus | None = None,
    around: Inventory = Inventory(),  # noqa: B008 - frozen
) -> Explanation:
    """Check all links of the chain, in every deployment of a topic that code declares.

    ``key`` is the supplied key of the topic, if any. Without an instance, it is the one that is paired with the
    topic, else one that the policy names; raises InputError if there is none. ``around`` is what the code declares.
    """
    topic, key = _matched(topic, key)
    stated = (Instance(instance),) if instance is not None else ()
    whole = around._replace(
        topics=(topic,),
        keys=(key,) if key else (),
        instances=(*stated, *around.instances),
        queue_keys=(*around.queue_keys, *around.keys),
    )
    case = TopicAnalysis(topic, whole)
    explained = []
    for one in case.in_deployments:
        pairings = one.pairings if instance is not None else _paired(one, topic.name, case.deployments)
        chosen = pairings[0].instance if instance is None else instance
        its_key = key if one is case else one.about[1]
        explained.append(_explain(one.topic._replace(pairings=pairings), its_key, chosen, rules, looked_up))
    merged = _merged(explained, case.deployments)
    return merged._replace(topic=topic, subscribers=subscribers(case))


def _paired(case: TopicAnalysis, name: str, found: Deployments) -> tuple[Pairing, ...]:
    """Return the pairings of a topic, else the instances that its policy names, such as one in another Region.

    Raises InputError if there is none, or if it is not known.
    """
    pairings = case.pairings or tuple(_named(case.topic))
    if not pairings and not found.tried:
        raise InputError(name, found.too_many, help_text="set some of them with `--parameter` or `--var`")
    if not pairings:
        raise InputError(
            name,
            "no Connect instance is known for this topic",
            help_text="name it with `--instance-arn ARN`",
        )
    return pairings


def _named(topic: Topic) -> Iterator[Pairing]:
    where = topic.policy.document.name if isinstance(topic.policy, PolicyText) else ""
    yield from (Pairing(arn, Source.POLICY, where) for arn in named_by(topic).instances)


def _merged(explained: Sequence[Explanation], found: Deployments) -> Explanation:
    """Merge the explanations of all deployments; where they differ, it depends on the deployment."""
    first = explained[0]

    def answer(name: str) -> Answer:
        answers = [getattr(one, name) for one in explained]
        doubt = _depends([one.truth for one in answers], found)
        return answers[0] if doubt is None else prove.Answer(doubt)

    links = []
    for index, link in enumerate(first.links):
        doubt = _depends([one.links[index].status for one in explained], found)
        links.append(link if doubt is None else LinkStatus(link.link, UNKNOWN, doubt.reason))
    return first._replace(
        can_publish=answer("can_publish"),
        deputy=answer("deputy"),
        siblings=answer("siblings"),
        public=answer("public"),
        kms=first.kms if len({one.kms for one in explained}) == 1 else UNKNOWN,
        links=tuple(links),
        deployments=found,
        instances=_instances([one.instance for one in explained], found),
        dependence=_depends([_ANSWERS[one.chain] for one in explained], found),
    )


_ANSWERS = {WHOLE: "yes", BROKEN: "no", UNKNOWN: "not known"}


def _instances(instances: Sequence[Arn], found: Deployments) -> tuple[tuple[Arn, str], ...]:
    """Return the instances that the files list, each with its deployments in words; empty if there is only one."""
    different = tuple(dict.fromkeys(instances))
    if len(different) == 1 or any(
        way.reworded(str(instance)) != str(instance)
        for way, instance in zip(found.ways, instances, strict=True)
    ):
        return ()
    return tuple((one, in_words(found.settled_by(instances, one))) for one in different)


def _depends(results: Sequence[object], found: Deployments) -> Unknown | None:
    """Return how a result depends on the deployment; ``None`` if it is the same in all of them."""
    told = [_in_words(one) for one in results]
    other = next((one for one in told if one != told[0]), None)
    if other is None:
        return None
    so, not_so = (in_words(found.settled_by(told, outcome)) for outcome in (told[0], other))
    return Unknown(f"depends on the deployment: {told[0]} if {so}, {other} if {not_so}")


def _in_words(result: object) -> str:
    if isinstance(result, Unknown):
        return "not known"
    return ("yes" if result else "no") if isinstance(result, bool) else str(result)


def _explain(
    topic: Topic,
    key: Key | None,
    instance: Arn,
    rules: Sequence[Rule],
    looked_up: InstanceStatus | None = None,
) -> Explanation:
    """Check all links of the chain for one topic, whose policy and ARN have no symbols.

    Whether the instance can publish is decided for the policy as written, in which a placeholder allows no caller.
    Whether others can publish is decided with the placeholders replaced, as in the rules.

    ``looked_up`` is the result of the lookup in AWS. Without it, the instance is assumed to exist.
    """
    inventory = Inventory((topic,), (key,) if key else (), (Instance(instance),))
    report = judge(inventory, rules, Scope(all_topics=True))
    case = TopicAnalysis(topic, inventory)
    chain = _Chain(case, instance, report, rules, looked_up)
    links = tuple(chain.link(link) for link in Link)
    return Explanation(
        topic,
        instance,
        chain.can_publish,
        chain.in_force(case.whole.deputy(case.trusted)),
        chain.in_force(case.whole.siblings(instance.account, (instance.instance_id,))),
        chain.in_force(case.other_customers.can(PUBLISH)),
        _kms(topic, {one.link: one.status for one in links}),
        links,
        report,
        frozenset(rule.id for rule in rules if rule.opens),
        case.pairings,
    )


def _matched(topic: Topic, key: Key | None) -> tuple[Topic, Key | None]:
    """Assign the supplied key to the topic, unless their ARNs or names contradict that.

    Any alias in the key's account and Region may be its own. If its ARN is not known, any reference may mean it. If
    the encryption of the topic is not known, the supplied key encrypts it.
    """
    if key is None or topic.key is None:
        return topic, None
    reference = topic.key if isinstance(topic.key, str) else key.name
    if isinstance(key.arn, Arn) and not _may_be(key, key.arn, topic, reference):
        other = Unknown(f"the supplied key is `{key.arn}`, but the topic is encrypted with `{reference}`")
        return topic.with_key(other), None
    return topic.with_key(reference), key._replace(aliases=(*key.aliases, reference))


def _may_be(key: Key, arn: Arn, topic: Topic, reference: str) -> bool:
    """True if a topic can mean a key with a reference: without an ARN, the topic's account and Region apply."""
    named = Arn.parse(reference)
    owner = named or topic.arn
    here = isinstance(owner, Unknown) or owner[:1] + owner[2:4] == arn[:1] + arn[2:4]
    return here and (key.answers_to(reference) or "alias/" in reference)


def _kms(topic: Topic, status: dict[Link, str]) -> str:
    if topic.key is None:
        return NOT_ENCRYPTED
    both = (status[Link.KEY], status[Link.KEY_POLICY])
    if BROKEN in both:
        return BROKEN
    return OK if both == (OK, OK) else UNKNOWN


class _Chain:
    """Checks the links of the chain."""

    def __init__(
        self,
        case: TopicAnalysis,
        instance: Arn,
        report: Report,
        rules: Sequence[Rule],
        looked_up: InstanceStatus | None,
    ) -> None:
        self.case = case
        self.topic = case.topic
        self.instance = instance
        self.report = report
        self.looked_up = looked_up
        self.rules = {rule.id: rule for rule in rules}
        text = case.topic.policy
        self.policy = text.policy if isinstance(text, PolicyText) else EMPTY
        self.can_publish = self.in_force(prove.can_publish(self.policy, case.target, instance))

    def in_force(self, answer: Answer) -> Answer:
        """Return the answer; Unknown if the policy is not known or may not be in force."""
        text, doubt = self.topic.policy, self.topic.doubt
        if isinstance(text, Unknown):
            return prove.Answer(text)
        # A denial holds in any case: the default policy of SNS allows neither Connect nor other AWS customers.
        return prove.Answer(doubt) if doubt is not None and answer.truth is True else answer

    def link(self, link: Link) -> LinkStatus:
        if link is Link.INSTANCE and self.looked_up is not None:
            return LinkStatus(link, self.looked_up.status, self.looked_up.reason, help=self.looked_up.help)
        status, reason = {
            Link.INSTANCE: self.of_instance,
            Link.TOPIC_TYPE: self.topic_type,
            Link.REGION: self.region,
            Link.TOPIC_POLICY: self.topic_policy,
            Link.KEY: self.key,
            Link.KEY_POLICY: self.key_policy,
        }[link]()
        if status in (OK, UNKNOWN) and self.cause(link, BROKEN) is not None:
            status = BROKEN
        cause = self.cause(link, status)
        if cause is None:
            return LinkStatus(link, status, reason)
        return LinkStatus(link, status, cause.message, cause.rule, cause.help)

    def cause(self, link: Link, status: str) -> Finding | None:
        """Return the finding that explains a broken or unknown link."""
        about = [f for f in self.report.findings if self._is_about(f, link)]
        about.sort(key=lambda f: isinstance(self.rules[f.rule], PolicyRule))  # specific rules explain more
        if status == BROKEN:
            return next(
                (f for f in about if f.severity is Severity.ERROR and f.verdict is Verdict.FAIL), None
            )
        if status == UNKNOWN:
            return next((f for f in about if f.verdict is Verdict.UNDETERMINED), None)
        return None

    def _is_about(self, finding: Finding, link: Link) -> bool:
        """True for a finding about the link; a rule about policies in general also covers the key policy."""
        rule = self.rules[finding.rule]
        of_topic = finding.resource == self.topic.name
        own = Link.KEY_POLICY if isinstance(rule, PolicyRule) and not of_topic else rule.link
        return own is link and not rule.opens and (of_topic or link in (Link.KEY, Link.KEY_POLICY))

    def of_instance(self) -> tuple[str, str]:
        return OK, f"instance {self.instance.instance_id} of account {self.instance.account}"

    def topic_type(self) -> tuple[str, str]:
        fifo = self.topic.settings.fifo.value
        if isinstance(fifo, Unknown):
            return UNKNOWN, fifo.reason
        return (BROKEN, "FIFO topic") if fifo else (OK, "standard topic")

    def region(self) -> tuple[str, str]:
        arn = self.topic.arn
        if isinstance(arn, Unknown):
            return UNKNOWN, arn.reason
        if arn.region != self.instance.region:
            return BROKEN, f"the topic is in {arn.region}, but the instance is in {self.instance.region}"
        return OK, f"topic and instance are in {arn.region}"

    def topic_policy(self) -> tuple[str, str]:
        answer = self.can_publish
        if isinstance(answer.truth, Unknown):
            return UNKNOWN, answer.truth.reason
        if answer.truth is not True or answer.decision is None:
            return BROKEN, "the topic policy does not let Connect publish"
        deciding = answer.decision.statements()
        titles = [s.title for s in self.policy.known_statements() if s.ordinal in deciding]
        return OK, f"{' and '.join(titles)} let{'s' * (len(titles) == 1)} Connect publish"

    def key(self) -> tuple[str, str]:
        reference, key = self.topic.key, self.case.key
        if reference is None:
            return NOT_APPLICABLE, "the topic is not encrypted"
        if is_managed_key(reference):
            return BROKEN, "AWS managed key"
        if key is None or isinstance(key, Unknown):
            return UNKNOWN, key.reason if key is not None else "the key is not known"
        if isinstance(key.state, Unknown):
            return UNKNOWN, f"not known whether the key is enabled: {key.state.reason}"
        managed = key.manager if isinstance(key.manager, Unknown) else f"managed by {key.manager}"
        return OK, ", ".join(one for one in (key.state, key.spec, managed) if isinstance(one, str))

    def key_policy(self) -> tuple[str, str]:
        reference, key = self.topic.key, self.case.key
        if reference is None:
            return NOT_APPLICABLE, "the topic is not encrypted"
        if is_managed_key(reference):
            return NOT_APPLICABLE, "the policy of an AWS managed key cannot be changed"
        if key is None or isinstance(key, Unknown):
            return UNKNOWN, key.reason if key is not None else "the key is not known"
        usable: Truth = all_of(truth for _, truth in KeyAnalysis(key, self.topic, self.case.pairings).usable)
        if usable is True and key.doubt is not None:
            usable = key.doubt
        if isinstance(usable, Unknown):
            return UNKNOWN, usable.reason
        return (OK, "Connect can use the key") if usable else (BROKEN, "Connect cannot use the key")
