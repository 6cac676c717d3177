"""A fact that is not known, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Unknown(NamedTuple):
    """Stands wherever a value may stand; ``where`` names the expression or file that would settle it."""

    reason: str
    where: str = ""

    @property
    def told(self) -> str:
        """The reason, and what would settle it."""
        return f"{self.reason} (`{self.where}`)" if self.where else self.reason

    def __str__(self) -> str:
        """The same wording wherever it is put into a sentence; a reader never sees the name of this class."""
        return self.told

    def __bool__(self) -> bool:
        raise TypeError(f"an unknown fact is neither true nor false: {self.reason}")


Truth = bool | Unknown


def negate(truth: Truth) -> Truth:
    """Not."""
    return truth if isinstance(truth, Unknown) else not truth


def any_of(truths: Iterable[Truth]) -> Truth:
    """Or: true if one is true, else unknown if one is unknown."""
    unknown: Unknown | None = None
    for truth in truths:
        if truth is True:
            return True
        if truth is not False and unknown is None:
            unknown = truth
    return False if unknown is None else unknown


def all_of(truths: Iterable[Truth]) -> Truth:
    """And: false if one is false, else unknown if one is unknown."""
    unknown: Unknown | None = None
    for truth in truths:
        if truth is False:
            return False
        if truth is not True and unknown is None:
            unknown = truth
    return True if unknown is None else unknown
