"""The chain from a Connect instance to a topic: instance, topic type, Region, topic policy, key, key policy.

Checks each link for one topic and one instance, and finds out who else could publish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.deployments import in_words
from checker.analysis.inventory import Instance, Inventory, Key, Pairing, PolicyText, Source, Topic
from checker.analysis.pairing import named_by
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.iam.prove import prove
from checker.iam.prove.space import PUBLISH
from checker.lint.delivery.subscribers import subscribers
from checker.lint.engine import Scope, judge
from checker.lint.rule import Link
from checker.lint.status import BROKEN, OK, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.deployments import Deployments
    from checker.analysis.inventory import Organization
    from checker.analysis.observation import Evidence
    from checker.iam.prove.prove import Answer
    from checker.lint.rule import Rule


from checker.lint.chain import Chain, in_force
from checker.lint.explanation import WHOLE, Explanation, InstanceStatus, LinkStatus

NOT_ENCRYPTED = "not_encrypted"


class UnpairedError(InputError):
    """No instance is known for a topic, so that the user must name it."""


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
        its_topic = one.topic._replace(pairings=pairings)
        beside = (one.inventory.organization, around.evidence)
        explained.append(_explain(its_topic, its_key, chosen, rules, looked_up, *beside))
    merged = _merged(explained, case.deployments)
    return merged._replace(topic=topic, subscribers=subscribers(case))


def _paired(case: TopicAnalysis, name: str, found: Deployments) -> tuple[Pairing, ...]:
    """Return the pairings of a topic, else the instances that its policy names, such as one in another Region.

    Raises UnpairedError if there is none, and InputError if it is not known.
    """
    pairings = case.pairings or tuple(_named(case.topic))
    if not pairings and not found.tried:
        raise InputError(name, found.too_many, help_text="set some of them with `--parameter` or `--var`")
    if not pairings:
        reason = "no Connect instance is known for this topic"
        raise UnpairedError(name, reason, help_text="name it with `--instance-arn ARN`")
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
        assumed=tuple(dict.fromkeys(text for one in explained for text in one.assumed)),
        partners=tuple(
            {account: answer for one in reversed(explained) for account, answer in one.partners}.items()
        ),
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
    organization: Organization | None = None,
    evidence: Evidence | None = None,
) -> Explanation:
    """Check all links of the chain for one topic, whose policy and ARN have no symbols.

    Whether the instance can publish is decided for the policy as written, in which a placeholder allows no caller.
    Whether others can publish is decided with the placeholders replaced, as in the rules.

    ``looked_up`` is the result of the lookup in AWS. Without it, the instance is assumed to exist.
    """
    keys, instances = (key,) if key else (), (Instance(instance),)
    inventory = Inventory((topic,), keys, instances, organization=organization, evidence=evidence)
    report = judge(inventory, rules, Scope(all_topics=True))
    case = TopicAnalysis(topic, inventory)
    chain = Chain(case, instance, report, rules, looked_up)
    links = tuple(chain.link(link) for link in Link)
    return Explanation(
        topic,
        instance,
        chain.can_publish,
        in_force(topic, case.whole.deputy(case.trusted)),
        in_force(topic, case.whole.siblings(instance.account, (instance.instance_id,))),
        in_force(topic, case.other_customers.can(PUBLISH)),
        _kms(topic, {one.link: one.status for one in links}),
        links,
        report,
        frozenset(rule.id for rule in rules if rule.opens),
        case.pairings,
        assumed=chain.assumed,
        partners=tuple(_partners(case, chain)),
    )


def _partners(case: TopicAnalysis, chain: Chain) -> Iterator[tuple[str, Answer]]:
    """Yield the accounts, other than the instance's, that the policy names and whose instances can publish, or may."""
    for account in dict.fromkeys((*case.owners, *case.named_accounts)):
        answer = in_force(case.topic, case.whole.siblings(account, ()))
        if account != chain.instance.account and answer.truth is not False:
            yield account, answer


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
