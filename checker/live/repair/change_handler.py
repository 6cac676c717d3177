"""The interface for one kind of change: detect its state, apply it, and roll it back."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.fix.live.receipt import Change
    from checker.live.aws.calls import Calls
    from checker.live.aws.wait import Clock


class ChangeState(Enum):
    """State of a resource relative to a change: before it, partly changed, after it, or changed by others.

    ``FOREIGN`` is a resource with the name of the planned one that others created. It is never modified.
    """

    BEFORE = "before"
    PARTLY = "partly"
    AFTER = "after"
    OTHER = "other"
    FOREIGN = "foreign"


class ChangeHandler(NamedTuple):
    """Handles one kind of change. Each function raises CheckerError, for example AwsError for a call that
    AWS denies.

    ``drifted`` is the message for a resource in an unexpected state. ``optional`` is True for a change that may fail
    without stopping the others.
    """

    state_of: Callable[[Calls, Change], ChangeState]
    do: Callable[[Calls, Change, Clock], None]
    undo: Callable[[Calls, Change, Clock], None]
    drifted: str
    optional: bool = False
