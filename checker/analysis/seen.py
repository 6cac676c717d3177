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
