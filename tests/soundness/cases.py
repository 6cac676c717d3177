"""The random cases of each question: one for every seed and index."""

from __future__ import annotations

import random

from tests.soundness.fixes import FORMS, WITH_KEY
from tests.soundness.forms import any_policy
from tests.soundness.generate import finished, key_policy, pair, policy
from tests.soundness.materials import FOREIGN_INSTANCE
from tests.soundness.questions import Case
from tests.soundness.words import INSTANCE


def case_of(question: str, seed: int, index: int) -> Case:
    """The case with this index, for ever the same."""
    rng = random.Random(f"{seed} {index}")  # noqa: S311 - the case is the same for ever
    instance = FOREIGN_INSTANCE if rng.random() < 0.2 else INSTANCE
    if question == "decide":
        return Case((any_policy(rng),), instance, index)
    if question == "diff":
        return Case(tuple(finished(one, rng) for one in pair(rng)), instance, index)
    if question != "fix":
        return Case((finished(policy(rng), rng),), instance, index)
    form = rng.choice(FORMS)
    keys = (key_policy(rng),) if form == WITH_KEY else ()
    return Case((finished(policy(rng), rng), *keys), instance, index, form, rng.random() < 0.7)
