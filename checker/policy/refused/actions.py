"""Actions that a topic or key policy may not name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Part, Put, Route
from checker.policy.model import Patterns, Problem, Statement
from checker.policy.names import KEY_ACTIONS, OTHER_KEY_ACTIONS, REFUSED_TOPIC_ACTIONS, TOPIC_ACTIONS
from checker.policy.spelling import did_you_mean
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.dialect import Dialect

_KNOWN = {"sns": TOPIC_ACTIONS, "kms": KEY_ACTIONS}
_FOLDED = {service: frozenset(one.lower() for one in actions) for service, actions in _KNOWN.items()}
_REFUSED = frozenset(one.lower() for one in REFUSED_TOPIC_ACTIONS)
_WITHOUT_EFFECT = frozenset(one.lower() for one in OTHER_KEY_ACTIONS)
_BATCH = "sns:publishbatch"
_OUT_OF_SCOPE = "SNS is reported to answer `Policy statement action out of service scope!`"


def action_problems(statement: Statement, dialect: Dialect) -> Iterator[Problem]:
    """Name the actions of a statement that its service does not list, or takes no wildcard for."""
    actions = statement.actions
    if not isinstance(actions, Patterns):
        return
    for index, action in enumerate(actions.values):
        if isinstance(action, str) and action.lower() not in _FOLDED[dialect.service]:
            route = (*statement.route, actions.element, index)
            if "*" in action or "?" in action:
                yield from _wildcard(action, route, dialect)
            elif action.lower().startswith(f"{dialect.service}:"):
                yield _unlisted(action, route, dialect)
            else:
                yield _foreign(action, route, dialect)


def _unlisted(action: str, route: Route, dialect: Dialect) -> Problem:
    """Report an action that AWS does not list for the resource. The list may be older than the action."""
    if action.lower() in _WITHOUT_EFFECT:
        message = f"`{action}` has no effect in a {dialect.name}, it is not about a key"
        return Problem(message, route, Part.VALUE, "allow it in an IAM policy", grave=False, slight=True)
    message = f"AWS does not list `{action}` as an action that a {dialect.name} may name"
    if action.lower() in _REFUSED:
        return Problem(message, route, Part.VALUE, _OUT_OF_SCOPE)
    if action.lower() == _BATCH:
        return Problem(message, route, Part.VALUE, "`sns:Publish` covers PublishBatch", grave=False)
    guess = did_you_mean(action, _KNOWN[dialect.service], cutoff=_CLOSE)
    help_text = f"did you mean `{guess}`?" if guess else "if AWS has just added it, ignore this"
    return Problem(message, route, Part.VALUE, help_text, grave=False, slight=not guess)


_CLOSE = 0.85
"""Names of actions share most of their letters; what is less close than this is another action."""


def _foreign(action: str, route: Route, dialect: Dialect) -> Problem:
    """Report what is not an action of the service at all; its name alone may be right."""
    name = action.rpartition(":")[2].strip().lower()
    meant = next((one for one in _KNOWN[dialect.service] if one.lower() == f"{dialect.service}:{name}"), "")
    hint = f"did you mean `{meant}`?" if meant else ""
    mend = (Put(route, meant),) if meant else ()
    message = f"`{action}` is not an action of {dialect.service.upper()}"
    return Problem(message, route, Part.VALUE, hint, grave=dialect.service == "sns", mend=mend)


def _wildcard(action: str, route: Route, dialect: Dialect) -> Iterator[Problem]:
    if dialect.service == "sns":
        message = f"`{action}` has a wildcard, which SNS is reported to refuse on write"
        help_text = "name the actions; SNS says `Policy statement action out of service scope!`"
        yield Problem(message, route, Part.VALUE, help_text, grave=False)
    elif not any(glob(action.lower()).matches(one) for one in _FOLDED["kms"]):
        message = f"`{action}` matches no action of KMS that AWS lists for a key"
        yield Problem(message, route, Part.VALUE, grave=False)
