"""Actions that a topic or key policy may not name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Part, Put, Route
from checker.policy.model import Patterns, Problem, Statement
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS
from checker.policy.spelling import did_you_mean
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.dialect import Dialect

_KNOWN = {"sns": TOPIC_ACTIONS, "kms": KEY_ACTIONS}
_FOLDED = {service: frozenset(one.lower() for one in actions) for service, actions in _KNOWN.items()}


def action_problems(statement: Statement, dialect: Dialect) -> Iterator[Problem]:
    """Name the actions of a statement that its service does not know, or takes no wildcard for."""
    actions = statement.actions
    if not isinstance(actions, Patterns):
        return
    for index, action in enumerate(actions.values):
        if isinstance(action, str) and action.lower() not in _FOLDED[dialect.service]:
            route = (*statement.route, actions.element, index)
            if "*" in action or "?" in action:
                yield from _wildcard(action, route, dialect)
            else:
                yield _unknown(action, route, dialect)


def _unknown(action: str, route: Route, dialect: Dialect) -> Problem:
    service, _, name = action.partition(":")
    guess = did_you_mean(action, _KNOWN[dialect.service])
    hint = f"did you mean `{guess}`?" if guess else ""
    if service.lower() != dialect.service or not name:
        message = f"`{action}` is no action of {dialect.service.upper()}"
    else:
        message = f"`{action}` is no action that a {dialect.name} may name"
    mend = (Put(route, guess),) if guess else ()
    return Problem(message, route, Part.VALUE, hint, grave=dialect.service == "sns", mend=mend)


def _wildcard(action: str, route: Route, dialect: Dialect) -> Iterator[Problem]:
    if dialect.service == "sns":
        message = f"`{action}` has a wildcard, which SNS is reported to refuse on write"
        help_text = "name the actions; SNS says `Policy statement action out of service scope!`"
        yield Problem(message, route, Part.VALUE, help_text, grave=False)
    elif not any(glob(action.lower()).matches(one) for one in _FOLDED["kms"]):
        yield Problem(f"`{action}` matches no action of KMS", route, Part.VALUE, grave=False)
