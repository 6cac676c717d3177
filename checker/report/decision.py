"""A single decision with the reason for each statement, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.wording import why
from checker.core.terminal_text import inert
from checker.core.unknown import Unknown
from checker.policy.model import Condition, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.unknown import Truth
    from checker.iam.decide.decide import Decision, Match
    from checker.iam.decide.request import Request
    from checker.report.context import Paint


_WORDS = {"Allowed": "ok", "Unknown": "warning"}


def decision_json(decision: Decision, request: Request) -> dict[str, Any]:
    """Convert a decision to JSON values."""
    return {
        "decision": decision.word,
        "allowed": _truth(decision.allowed),
        "statements": list(decision.statements()),
        "trace": [_match(match, number, request) for number, match in enumerate(decision.matches)],
    }


def _truth(truth: Truth) -> bool | None:
    return None if isinstance(truth, Unknown) else truth


def _match(match: Match, number: int, request: Request) -> dict[str, Any]:
    condition = match.condition if isinstance(match.condition, Condition) else None
    statement = match.statement if isinstance(match.statement, Statement) else None
    return {
        "statement": number,
        "sid": statement.sid if statement else None,
        "effect": match.effect if isinstance(match.effect, str) else None,
        "applies": _truth(match.truth),
        "element": match.element or None,
        "operator": condition.operator if condition else None,
        "key": condition.key if condition else None,
        "reason": why(match, request),
    }


def decision_text(decision: Decision, request: Request, paint: Paint) -> Iterator[str]:
    """Yield the decision, then one line per statement with the reason why it applies or not."""
    yield paint(_WORDS.get(decision.word, "error"), decision.word)
    yield from (f"  {line}" for line in match_lines(decision, request))


def match_lines(decision: Decision, request: Request) -> Iterator[str]:
    """Yield one line per statement: its effect, its name, and why it applies or not."""
    for number, match in enumerate(decision.matches, 1):
        title = match.statement.title if isinstance(match.statement, Statement) else f"statement {number}"
        effect = match.effect if isinstance(match.effect, str) else "?"
        yield f"{inert(effect):<5} {inert(title)} {inert(why(match, request))}"
