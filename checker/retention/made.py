"""What was made to keep a topic's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from checker.inputs.text import InputError
    from checker.retention.model import Retention


class Made(NamedTuple):
    """One thing that was made or changed: what it is, its name in AWS, and the statement that was written."""

    what: str
    name: str
    written: dict[str, Any] | None = None


class SetUp(NamedTuple):
    """What was made, in its order, the judgement after it, and the fault that ended it early, if one did.

    Whatever was made stays; the judgement is that from before where a fault ended it.
    """

    made: tuple[Made, ...]
    retention: Retention
    fault: InputError | None = None
