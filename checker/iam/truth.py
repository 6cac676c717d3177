"""Three-valued logic (strong Kleene): unknown only where the answer really hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

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
