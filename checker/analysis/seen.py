"""What the evidence of a run shows about a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from checker.analysis.evidence import Weighed
    from checker.analysis.key import KeyAnalysis


def seen_of(case: KeyAnalysis) -> Weighed | None:
    """Return what was seen of Connect's use of the key for the topic; ``None`` if there is no evidence."""
    if case.evidence is None or case.topic is None or isinstance(case.text, Unknown):
        return None
    from checker.analysis.evidence import weigh  # few runs have evidence

    return weigh(case, case.evidence)


def not_weighed(case: KeyAnalysis) -> Unknown | None:
    """Return why evidence of the run that may be about the key says nothing of it; ``None`` if there is no such reason."""
    if case.evidence is None:
        return None
    if isinstance(case.key.arn, Unknown):
        return case.key.arn
    seen = any(one.key == str(case.key.arn) for one in case.evidence.observations)
    if case.topic is None:
        return Unknown("a use of the key was seen, but no topic is known to use it") if seen else None
    if isinstance(case.topic.arn, Unknown):
        return case.topic.arn
    open_truths = (truth for _, truth in case.usable if isinstance(truth, Unknown))
    return next(open_truths, None) if seen and not case.is_open else None
