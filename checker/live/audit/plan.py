"""The plan of an audit: plain values, which are sent to workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import Pairing, Source
from checker.analysis.pairing import fits, is_of_another
from checker.core.arn import Arn
from checker.lint.engine import Scope
from checker.live.aws.access import Access

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.inventory import Topic
    from checker.analysis.observation import Observation
    from checker.analysis.pairing import Named
    from checker.expectations.model import Expectation


class Plan(NamedTuple):
    """``scope`` selects the topics to check. ``instances`` are pairs of source and ARN of known instances.

    ``streaming`` pairs each topic with the instances that stream to it according to a manifest. ``hours`` limits the
    CloudTrail lookup, 0 disables it. ``expectations`` are proven for the topics and keys of each unit.
    ``observations`` are those of evidence files.
    """

    access: Access = Access()
    scope: Scope = Scope()
    instances: tuple[tuple[str, str], ...] = ()
    streaming: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hours: int = 24
    expectations: tuple[Expectation, ...] = ()
    observations: tuple[Observation, ...] = ()

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
