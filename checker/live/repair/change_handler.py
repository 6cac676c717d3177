"""What is known of one kind of change: how to tell whether it is made, how to make it and how to roll it back."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.fix.live.receipt import Change
    from checker.live.aws.calls import Calls
    from checker.live.aws.wait import Clock


class ChangeState(Enum):
    """How a resource stands to a change: as before it, half made, as after it, or changed by others since.

    ``FOREIGN`` has the name of what is to be created, and was created by others: it is never touched.
    """

    BEFORE = "before"
    PARTLY = "partly"
    AFTER = "after"
    OTHER = "other"
    FOREIGN = "foreign"


class ChangeHandler(NamedTuple):
    """One kind of change. Each function raises InputError for what AWS does not answer or refuses.

    ``drifted`` says in a report what it means that the resource stands otherwise. A change that the others can do
    ``without`` fails alone.
    """

    stand: Callable[[Calls, Change], ChangeState]
    do: Callable[[Calls, Change, Clock], None]
    undo: Callable[[Calls, Change, Clock], None]
    drifted: str
    without: bool = False
