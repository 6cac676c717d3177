"""What the editors of all languages have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.compare import Dropped, Rekeyed, Replaced, Wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.compare import Added, Change
    from checker.fix.edits import TextEdit


class Editor:
    """Makes edits of the changes in one text."""

    def edits(self, change: Change) -> Iterator[TextEdit]:
        """Make the edits of a change. Raises CannotEditError."""
        if isinstance(change, Replaced):
            yield self.replaced(change)
        elif isinstance(change, Rekeyed):
            yield self.rekeyed(change)
        elif isinstance(change, Wrapped):
            yield from self.into_list(change)
        else:
            yield self.dropped(change) if isinstance(change, Dropped) else self.added(change)

    def replaced(self, change: Replaced) -> TextEdit:
        """Put a value in the place of another."""
        raise NotImplementedError

    def rekeyed(self, change: Rekeyed) -> TextEdit:
        """Put a member, or its key alone, in the place of another."""
        raise NotImplementedError

    def into_list(self, change: Wrapped) -> Iterator[TextEdit]:
        """Make a list of a value and of what comes beside it."""
        raise NotImplementedError

    def dropped(self, change: Dropped) -> TextEdit:
        """Take neighbours out."""
        raise NotImplementedError

    def added(self, change: Added) -> TextEdit:
        """Add members or items at the end."""
        raise NotImplementedError
