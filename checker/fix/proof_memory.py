"""Remembers proofs of fixes, because the topics of an audit mostly differ in nothing but their names.

In a proof about a topic, its ARN is compared with the texts of its policy, and with nothing else. So the result is the
same for all topics of an account and Region whose policies are the same but for the ARN, before and after the fix. A
pattern that matches the ARN is about the name, and a policy variable may be, so such policies are proven each time.
All policies of a shape share one budget, and their changes are proven one after the other: what the rest of a topic's
own budget is decides nothing.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.fix.proof import assess, proof_budgets
from checker.policy.node import Array, Object, Scalar, children
from checker.policy.read import read_policy
from checker.policy.wildcard import glob, is_wild

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.proof import Assessment
    from checker.fix.snapshot import KnownPolicy
    from checker.iam.prove.domain import Budget
    from checker.policy.node import Node

_ARN = "\0"
"""Stands for the ARN of a topic; it is in no policy."""


def prove(policy: KnownPolicy, new: Node, budget: Budget | None = None) -> Assessment:
    """Prove whether a change of a policy grants and removes only what is intended."""
    return assess(policy.case, read_policy(new, policy.text.dialect)[0], budget)


class ProofMemory:
    """Proves changes of policies, each shape once. Threads may share it. ``proofs`` is the number of shapes."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, object], Assessment] = {}
        self._budgets = proof_budgets()
        self._lock = Lock()

    @property
    def proofs(self) -> int:
        """The number of shapes that were proven."""
        return len(self._known)

    def __call__(self, policy: KnownPolicy, new: Node, budget: Budget | None = None) -> Assessment:
        """Prove a change of a policy, or return what was proven for one of its shape. ``budget`` is for the others."""
        shape = _shape(policy, new)
        if shape is None:
            return prove(policy, new, budget)
        with self._lock:
            if shape not in self._known:
                self._known[shape] = prove(policy, new, self._budgets[shape[0]])
            return self._known[shape]


def _shape(policy: KnownPolicy, new: Node) -> tuple[object, object] | None:
    """Return the shapes of a policy and its change, which decide the proof; ``None`` if the topic's name may decide."""
    case = policy.case
    if not isinstance(case, TopicAnalysis) or not _is_of_one_topic(case, policy):
        return None
    arn = str(case.topic.arn)
    if any(_depends_on_name(text, arn) for root in (policy.root, new) for text in _texts(root)):
        return None
    home = (
        (case.topic.arn.partition, case.topic.arn.region, case.topic.arn.account)
        if isinstance(case.topic.arn, Arn)
        else ()
    )
    before = home, case.pairings, case.explicit_instances, _form(policy.root, arn)
    return before, _form(new, arn)


def _is_of_one_topic(case: TopicAnalysis, policy: KnownPolicy) -> bool:
    """True for a policy that belongs to one topic with a known ARN, in one deployment, as policies in AWS do."""
    is_known = isinstance(case.topic.arn, Arn) and not case.topic.symbol
    is_apart = policy.text.document is not case.topic.place.document
    return is_known and is_apart and len(case.deployments.ways) == 1


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node, Scalar):
        yield str(node.value)
    for member in node.members if isinstance(node, Object) else ():
        yield member.key
    for child in children(node):
        yield from _texts(child)


def _depends_on_name(text: str, arn: str) -> bool:
    if text in (arn, "*"):
        return False
    return "${" in text or arn.lower() in text.lower() or (is_wild(text) and glob(text).matches(arn))


def _form(node: Node, arn: str) -> object:
    """Return a policy as nested tuples in its own order, without the ARN."""
    if isinstance(node, Object):
        return "object", *((member.key, _form(member.value, arn)) for member in node.members)
    if isinstance(node, Array):
        return "list", *(_form(item, arn) for item in node.items)
    return type(node.value), _ARN if node.value == arn else node.value
