"""Declarations that may not come to exist: their `count` or `for_each` hangs on a value that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.inputs.declared import DeclaredPolicy


class Conditional(Protocol):
    """A declaration with the expressions that decide whether it exists."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """The expressions that are not known."""


class Declaration(Conditional, Protocol):
    """The same with what it is declared as."""

    @property
    def address(self) -> str:
        """What it is called."""


_One = TypeVar("_One", bound=Conditional)


def certain(found: Iterable[_One], owner: Conditional) -> list[_One]:
    """The declarations that exist wherever their owner does."""
    return [one for one in found if set(owner.conditions).issuperset(one.conditions)]


def doubt_about(writers: Sequence[Declaration], owner: Conditional) -> Unknown | None:
    """Say why the only policy or grant of a topic or key may not exist."""
    if len(writers) != 1 or certain(writers, owner):
        return None
    return _open(writers[0], owner)


def which_counts(writers: Sequence[DeclaredPolicy], owner: Conditional) -> Unknown:
    """Say why it is not known which of several resources writes the policy."""
    uncertain = [one for one in writers if one not in certain(writers, owner)]
    if uncertain:
        return _open(uncertain[0], owner)
    return Unknown("several resources write the policy, and the last one wins")


def _open(policy: Declaration, owner: Conditional) -> Unknown:
    condition = next(one for one in policy.conditions if one not in owner.conditions)
    return Unknown(f"whether `{policy.address}` exists is not known", condition)
