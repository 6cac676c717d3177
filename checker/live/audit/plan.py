"""What an audit is to look at, and how: plain values, which travel to workers."""

from __future__ import annotations

from typing import NamedTuple

from checker.arn import Arn
from checker.engine import Scope
from checker.inventory import Instance
from checker.live.access import Access


class Plan(NamedTuple):
    """``scope`` says which topics are judged, ``instances`` are the ARNs of those that stream to them.

    ``streaming`` are pairs of a topic and the instances that a manifest says stream to it. ``hours`` is how far
    back CloudTrail is asked, 0 for not at all.
    """

    access: Access = Access()
    scope: Scope = Scope()
    instances: tuple[str, ...] = ()
    streaming: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hours: int = 24

    def known_instances(self) -> tuple[Instance, ...]:
        """The instances that stream to every topic that nothing more is known of."""
        return tuple(Instance(arn) for arn in map(Arn.parse, self.instances) if arn is not None)

    def streaming_to(self, topic: str) -> tuple[Instance, ...]:
        """The instances that the manifest says stream to a topic."""
        named = (arn for arn, instances in self.streaming if arn == topic for arn in instances)
        return tuple(Instance(arn) for arn in map(Arn.parse, named) if arn is not None)
