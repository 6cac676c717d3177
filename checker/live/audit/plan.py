"""The plan of an audit: plain values, which are sent to workers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from checker.analysis.inventory import Organization, OrganizationPolicy, Pairing, PolicyText, Source
from checker.analysis.pairing import fits, is_of_another
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.lint.engine import Scope
from checker.live.aws.access import Access
from checker.live.aws.facts import policy_of
from checker.policy.vocabulary import RESOURCE_CONTROL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.inventory import Topic
    from checker.analysis.observation import Observation
    from checker.analysis.pairing import Named
    from checker.expectations.model import Expectation
    from checker.live.audit.follow_up import Followed


class PolicyData(NamedTuple):
    """An organization policy: its name in reports, its text, and its organization and management account if known."""

    name: str
    content: str
    organization: str = ""
    management: str = ""


class OrganizationData(NamedTuple):
    """The organization policies of an audit as plain values, with the members of `Organization`.

    ``unread`` is the reason if they could not be read, ``again`` is true if a later run may succeed.
    """

    policies: tuple[PolicyData, ...] = ()
    attached: tuple[tuple[str, tuple[int, ...]], ...] | None = None
    complete: bool = True
    id: str = ""
    unread: str = ""
    again: bool = False


@lru_cache(maxsize=4)
def organization_of(data: OrganizationData) -> Organization:
    """Parse the organization policies of an audit. If one is not valid JSON, none is known."""
    texts = [policy_of(one.name, one.content, RESOURCE_CONTROL) for one in data.policies]
    unread = next((one for one in texts if isinstance(one, Unknown)), None)
    unread = Unknown(data.unread) if data.unread else unread
    policies = tuple(
        OrganizationPolicy(text, named.name, named.organization, named.management)
        for named, text in zip(data.policies, texts, strict=True)
        if isinstance(text, PolicyText)
    )
    return Organization(policies, data.attached, data.complete, unread, data.id)


class Plan(NamedTuple):
    """``scope`` selects the topics to check. ``instances`` are pairs of source and ARN of known instances.

    ``streaming`` pairs each topic with the instances that stream to it according to a manifest. ``hours`` limits the
    CloudTrail lookup, 0 disables it. ``expectations`` are proven for the topics and keys of each unit.
    ``observations`` are those of evidence files. ``organization`` is ``None`` if no organization policies are given or
    asked for. ``sample`` is the number of topics to read in each unit, 0 for all. ``files`` are the sources that are
    files: see `AuditedUnit`. ``followed`` is what to judge again because of earlier findings, and ``from_hub`` adds
    those that Security Hub has.
    """

    access: Access = Access()
    scope: Scope = Scope()
    instances: tuple[tuple[str, str], ...] = ()
    streaming: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hours: int = 24
    expectations: tuple[Expectation, ...] = ()
    observations: tuple[Observation, ...] = ()
    organization: OrganizationData | None = None
    sample: int = 0
    followed: Followed = ()
    from_hub: bool = False
    files: tuple[str, ...] = ()

    @property
    def named(self) -> frozenset[str]:
        """The ARNs of all instances that the user named, which are looked up before the units are read."""
        streaming = (arn for _, arns in self.streaming for arn in arns)
        return frozenset((*(arn for _, arn in self.instances), *streaming))

    def stated_for(self, topic: Topic, named: Named) -> tuple[Pairing, ...]:
        """Return the instances that the user pairs with a topic: by manifest entry, by name, or because they fit."""
        listed = [arn for name, instances in self.streaming if name == topic.name for arn in instances]
        if listed:
            return tuple(_paired([(Source.MANIFEST.value, arn) for arn in listed]))
        if self.scope.topics == (topic.name,):
            return tuple(_paired(self.instances))
        return tuple(
            pairing for pairing in self.fitting(topic, named) if not is_of_another(pairing.instance, named)
        )

    def fitting(self, topic: Topic, named: Named) -> tuple[Pairing, ...]:
        """Return the known instances in the topic's account and Region, and those that its policy names."""
        return tuple(pairing for pairing in _paired(self.instances) if fits(pairing.instance, topic, named))


def _paired(listed: Iterable[tuple[str, str]]) -> Iterator[Pairing]:
    for source, text in dict.fromkeys(listed):
        arn = Arn.parse(text)
        if arn is not None:
            yield Pairing(arn, Source(source), explicit=True)
