"""All questions by name."""

from __future__ import annotations

from tests.soundness.differing import diff
from tests.soundness.fixes import fix
from tests.soundness.questions import Question, agreement, deputy, public

QUESTIONS: dict[str, Question] = {
    "public": public,
    "deputy": deputy,
    "agreement": agreement,
    "diff": diff,
    "fix": fix,
}
