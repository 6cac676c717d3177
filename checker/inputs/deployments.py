"""One topic in several deployments: a policy that names Connect in some of them only proves nothing for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.lint.scope import is_relevant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.inventory import Topic
    from checker.inputs.declared import DeclaredTopic

_Pair = tuple["DeclaredTopic", "Topic"]


_MOST = 3


def settled(topics: Sequence[_Pair]) -> Iterator[Topic]:
    """Doubt a policy that names Connect if the topic is deployed without it, too.

    Such a deployment may be one without streaming: where it has no policy at all, naming the file does not ask
    about it.
    """
    families: dict[str, list[_Pair]] = {}
    for pair in topics:
        families.setdefault(pair[0].family, []).append(pair)
    for declared, topic in topics:
        yield _settled(declared, topic, families[declared.family])


def _settled(declared: DeclaredTopic, topic: Topic, family: list[_Pair]) -> Topic:
    without = [one.variant for one, other in family if not is_relevant(other)]
    if not without or len(without) == len(family):
        return topic
    if declared.variant not in without:
        doubt = Unknown("in some deployments, the policy does not name Connect", "; ".join(without[:_MOST]))
        return topic._replace(doubt=doubt if topic.doubt is None else topic.doubt)
    is_default = declared.policy is None and not topic.writers
    return topic._replace(named=topic.named and not is_default)
