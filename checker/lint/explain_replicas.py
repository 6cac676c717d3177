"""The chains of the replicas of an explained instance, each to the topic of its own Region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import NOT_DESCRIBED, Instance, Key
from checker.analysis.pairing import pair
from checker.analysis.replicas import may_stream
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.lint.explain import explain
from checker.lint.status import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.inventory import Inventory, Topic
    from checker.core.arn import Arn
    from checker.lint.explanation import Explanation
    from checker.lint.rule import Rule


class ReplicaChain(NamedTuple):
    """The explanation of the topic that a replica streams to, ``None`` if no topic is known in its Region."""

    instance: Arn
    explanation: Explanation | None = None

    @property
    def chain(self) -> str:
        """Whether the replica can publish: ``whole``, ``broken`` or ``unknown``."""
        return UNKNOWN if self.explanation is None else self.explanation.chain

    @property
    def is_clean(self) -> bool:
        """True if no problem is known."""
        return self.explanation is None or self.explanation.is_clean


def replicas_of(explanation: Explanation) -> tuple[Arn, ...] | Unknown:
    """Return the replicas of the explained instance, as far as its pairing knows them."""
    own = [pairing for pairing in explanation.pairings if pairing.instance == explanation.instance]
    known = [pairing for pairing in own if not isinstance(pairing.replicas, Unknown)]
    return known[0].replica_arns() if known else NOT_DESCRIBED


def explain_replicas(
    replicas: Sequence[Arn], around: Inventory, rules: Sequence[Rule], named: Arn | None = None
) -> tuple[ReplicaChain, ...]:
    """Explain each topic of the inventory that a replica streams to; ``named`` is the instance of an option."""
    stated = (Instance(named),) if named is not None else ()
    paired = pair(around._replace(instances=(*stated, *around.instances)))
    chains: list[ReplicaChain] = []
    for replica in replicas:
        topics = [one for one in paired.topics if _streams(one, replica)]
        for topic in topics:
            key = paired.key_of(topic)
            its_key = key if isinstance(key, Key) else None
            chains.append(ReplicaChain(replica, explain(topic, its_key, replica, rules, None, paired)))
        chains += [] if topics else [ReplicaChain(replica)]
    return tuple(chains)


def _streams(topic: Topic, replica: Arn) -> bool:
    """True for a topic that is paired with a replica, and that the user named or that is about Connect."""
    return may_stream(topic) and any(one.instance == replica for one in topic.pairings or ())
