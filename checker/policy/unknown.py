"""A fact that is not known, and why."""

from __future__ import annotations

from typing import NamedTuple


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
