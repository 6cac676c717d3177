"""Proves changes of policies, each only once for all topics that differ in nothing but names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.form import form_of
from checker.analysis.form_memory import FormMemory
from checker.analysis.topic import TopicAnalysis
from checker.fix.proof import assess, proof_budget
from checker.policy.node import meaning
from checker.policy.read import read_policy

if TYPE_CHECKING:
    from checker.fix.known_policy import KnownPolicy
    from checker.fix.proof import Assessment
    from checker.iam.prove.domain import Budget
    from checker.policy.node import Node


def prove(policy: KnownPolicy, new: Node, budget: Budget | None = None) -> Assessment:
    """Prove whether a change of a policy grants and removes only what is intended."""
    return assess(policy.case, read_policy(new, policy.text.dialect)[0], budget)


class ProofMemory:
    """Remembers proofs by the form of the topic. Threads may share it.

    A proof about a form has a budget of its own, so that earlier proofs about the topic do not decide it.
    """

    def __init__(self, forms: FormMemory | None = None) -> None:
        self._forms = forms or FormMemory()

    def __call__(self, policy: KnownPolicy, new: Node, budget: Budget | None = None) -> Assessment:
        """Prove a change of a policy, or return what was proven of its form. ``budget`` is for topics without form."""
        case = policy.case
        form = case.once(form_of) if isinstance(case, TopicAnalysis) else None
        if form is None:
            return prove(policy, new, budget)
        return self._forms.recall(form, form.hide(meaning(new)), lambda: prove(policy, new, proof_budget()))
