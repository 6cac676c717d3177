"""Facts that are not known, and three-valued logic over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Unknown(NamedTuple):
    """A fact that is not known, in place of its value; ``where`` names the expression or file that decides it."""

    reason: str
    where: str = ""

    @property
    def told(self) -> str:
        """The reason, with the expression or file that decides the fact."""
        return f"{self.reason} (`{self.where}`)" if self.where else self.reason

    def __str__(self) -> str:
        """Write the reason, so that a message never shows the name of this class."""
        return self.told

    def __bool__(self) -> bool:
        raise TypeError(f"an unknown fact is neither true nor false: {self.reason}")


Truth = bool | Unknown


def negate(truth: Truth) -> Truth:
    """Negate; unknown stays unknown."""
    return truth if isinstance(truth, Unknown) else not truth


def any_of(truths: Iterable[Truth]) -> Truth:
    """Logical or: true if one is true, else unknown if one is unknown."""
    unknown: Unknown | None = None
    for truth in truths:
        if truth is True:
            return True
        if truth is not False and unknown is None:
            unknown = truth
    return False if unknown is None else unknown


def all_of(truths: Iterable[Truth]) -> Truth:
    """Logical and: false if one is false, else unknown if one is unknown."""
    unknown: Unknown | None = None
    for truth in truths:
        if truth is False:
            return False
        if truth is not True and unknown is None:
            unknown = truth
    return True if unknown is None else unknown
