"""All questions by name, and how to ask one."""

from __future__ import annotations

from tests.soundness.decisions import decide
from tests.soundness.differing import diff
from tests.soundness.fixes import fix
from tests.soundness.questions import Case, Difference, Outcome, Question, agreement, deputy, public
from tests.soundness.tool import Tool, ToolError

QUESTIONS: dict[str, Question] = {
    "decide": decide,
    "public": public,
    "deputy": deputy,
    "agreement": agreement,
    "diff": diff,
    "fix": fix,
}


def ask(question: str, case: Case, tool: Tool) -> Outcome:
    """Ask a question; a command that ends in an error has given a wrong answer, too."""
    try:
        return QUESTIONS[question](case, tool)
    except ToolError as error:
        return Outcome([Difference(str(error), "an answer")], 1)
