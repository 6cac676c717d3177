"""What a flow has to clear away: noted before it is made, and removed whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.live.aws.errors import StoppedError, UnreadError

if TYPE_CHECKING:
    from collections.abc import Callable


class Debt(NamedTuple):
    """Something temporary, how a report calls it, and what removes it. ``remove`` raises UnreadError, StoppedError."""

    what: str
    remove: Callable[[], None]


class Debts:
    """Removes what is temporary, the newest first, each whatever became of the others."""

    def __init__(self) -> None:
        self._owed: list[Debt] = []

    def owe(self, what: str, remove: Callable[[], None]) -> None:
        """Note something before it is made, as an answer may get lost."""
        self._owed.append(Debt(what, remove))

    def forget(self) -> None:
        """Owe the newest no more: it was never made."""
        self._owed.pop()

    def settle(self) -> tuple[str, ...]:
        """Remove everything, and name what could not be, with the reason."""
        left: list[str] = []
        while self._owed:
            debt = self._owed.pop()
            try:
                debt.remove()
            except UnreadError as error:
                left.append(f"{debt.what}: {error.told}")
            except StoppedError:
                left.append(f"{debt.what}: interrupted")
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are still to be removed
                left.append(f"{debt.what}: {type(error).__name__}")
        return tuple(left)
