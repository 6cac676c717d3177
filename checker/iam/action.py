"""Do Action or NotAction cover the request's action: names without case, with wildcards.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.iam.truth import Truth, any_of, negate
from checker.policy.model import Patterns
from checker.policy.unknown import Unknown
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Iterable


_NO_SERVICE = Unknown("an action pattern without a service prefix")


def action_covers(actions: Patterns | Unknown, action: str) -> Truth:
    """Decide the element for one action."""
    if isinstance(actions, Unknown):
        return actions
    if actions.values == ("*",):
        return not actions.negated
    if not actions.values:
        return False  # an empty list applies to nothing, in either form
    folded = action.lower()
    covered = any_of(_covers(value, folded) for value in actions.values)
    return negate(covered) if actions.negated else covered


def covered(actions: Patterns | Unknown, known: Iterable[str]) -> tuple[str, ...]:
    """The actions among those known that the element covers for sure."""
    if isinstance(actions, Patterns) and actions.are_plain:
        names = {value.lower() for value in actions.values if isinstance(value, str)}
        return tuple(action for action in known if action.lower() in names)
    return tuple(action for action in known if action_covers(actions, action) is True)


def _covers(pattern: str | Unknown, folded: str) -> Truth:
    if isinstance(pattern, Unknown):
        return pattern
    if pattern == "*":
        return True
    matched = glob(pattern.lower()).matches(folded)
    return _NO_SERVICE if matched and ":" not in pattern else matched
