"""What an audit is to look at, and how: plain values, which travel to workers."""

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
    from checker.analysis.pairing import Named


class Plan(NamedTuple):
    """``scope`` says which topics are judged, ``instances`` are pairs of the source and ARN of known instances.

    ``streaming`` are pairs of a topic and the instances that a manifest says stream to it. ``hours`` is how far
    back CloudTrail is asked, 0 for not at all.
    """

    access: Access = Access()
    scope: Scope = Scope()
    instances: tuple[tuple[str, str], ...] = ()
    streaming: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hours: int = 24

    def stated_for(self, topic: Topic, named: Named) -> tuple[Pairing, ...]:
        """The instances that the user pairs with a topic: by its manifest entry, by name, or because they fit."""
        listed = [arn for name, instances in self.streaming if name == topic.name for arn in instances]
        if listed:
            return tuple(_paired([(Source.MANIFEST.value, arn) for arn in listed]))
        if self.scope.topics == (topic.name,):
            return tuple(_paired(self.instances))
        return tuple(one for one in self.fitting(topic, named) if not is_of_another(one.instance, named))

    def fitting(self, topic: Topic, named: Named) -> tuple[Pairing, ...]:
        """The known instances of the topic's account and Region, and those that its policy names."""
        return tuple(one for one in _paired(self.instances) if fits(one.instance, topic, named))


def _paired(listed: Iterable[tuple[str, str]]) -> Iterator[Pairing]:
    for source, text in dict.fromkeys(listed):
        arn = Arn.parse(text)
        if arn is not None:
            yield Pairing(arn, Source(source), explicit=True)
