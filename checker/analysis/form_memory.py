"""Remembers what was found of a form, as most topics of a run differ in nothing but names.

What was found of the first topic of a form is true of the others, renamed. Before a name is renamed in what was not
computed, it was confirmed: for two topics that differ in it, the computed results differed in nothing but the name.
What could not be confirmed is computed each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from checker.analysis.form import Form

T = TypeVar("T")


class FormMemory:
    """What was found of forms. ``recalled`` counts what was not computed.

    Threads may share it: at worst, two of them find the same. What one could not confirm, none recalls.
    """

    def __init__(self) -> None:
        self.recalled = 0
        self._known: dict[tuple[str, str], _Known | None] = {}
        self._lock = Lock()

    def recall(self, form: Form | None, question: str, compute: Callable[[], T]) -> T:
        """Return the answer to a question about a topic: that of its form, else what ``compute`` returns.

        ``question`` names what ``compute`` depends on besides the form, without names of the topic.
        """
        if form is None:
            return compute()
        key = form.text, question
        is_new = key not in self._known and len(self._known) < _MOST
        known = self._known.get(key)
        if known is not None:
            return self._confirmed(key, known, form, compute)
        found = compute()
        if is_new:
            first = _known(form, found)
            with self._lock:
                self._known.setdefault(key, first)
        return found

    def _confirmed(self, key: tuple[str, str], known: _Known, form: Form, compute: Callable[[], T]) -> T:
        renamed: T = known.template.renamed(form)
        differing = known.differing(form)
        if differing <= known.confirmed:
            self.recalled += 1
            return renamed
        found = compute()
        is_same = found == renamed
        with self._lock:
            latest = self._known[key]
            if latest is not None:
                confirmed = latest._replace(confirmed=latest.confirmed | differing)
                self._known[key] = confirmed if is_same else None
        return found


_MOST = 10_000
"""So many answers are remembered; a run with more has topics that differ in more than names."""


class _Known(NamedTuple):
    """What was found of the first topic of a form, and the numbers of the names that were confirmed."""

    template: _Template
    confirmed: frozenset[int] = frozenset()

    def differing(self, form: Form) -> frozenset[int]:
        """Return the numbers of the names that differ from those of the first topic."""
        pairs = enumerate(zip(self.template.form.names, form.names, strict=True))
        return frozenset(number for number, (first, other) in pairs if first != other)


def _known(form: Form, found: object) -> _Known | None:
    try:
        return _Known(_Template(form, found))
    except _UnnamedError:
        return None


class _UnnamedError(Exception):
    """What was found has a part that cannot be renamed."""


class _Template:
    """What was found of a topic, whose names can be replaced by those of another topic."""

    def __init__(self, form: Form, found: object) -> None:
        """Find the parts that have names. Raises _UnnamedError."""
        self.form = form
        self.found = found
        self._documents = {id(document): number for number, document in enumerate(form.documents)}
        self._name = _any_of(name for name in form.names if name)
        self._varying: set[int] = set()
        self._varies(found)

    def renamed(self, form: Form) -> Any:
        """Return what was found, with the names and documents of another topic of the form."""
        names = dict(zip(self.form.names, form.names, strict=True))

        def rename(value: Any) -> Any:
            if id(value) not in self._varying:
                return value
            if id(value) in self._documents:
                return form.documents[self._documents[id(value)]]
            if isinstance(value, str):
                return self._name.sub(lambda found: names[found[0]], value)
            if isinstance(value, Mapping):
                return {rename(key): rename(item) for key, item in value.items()}
            items = map(rename, value)
            return value._make(items) if hasattr(value, "_make") else type(value)(items)

        return rename(self.found)

    def _varies(self, value: Any) -> bool:
        """True for a part with a name or a document; they are remembered by their identity."""
        varies = id(value) in self._documents or (
            bool(self._name.search(value)) if isinstance(value, str) else self._has_varying(value)
        )
        if varies:
            self._varying.add(id(value))
        return varies

    def _has_varying(self, value: Any) -> bool:
        if value is None or isinstance(value, (int, Enum)):
            return False
        if isinstance(value, Mapping):
            value = [part for pair in value.items() for part in pair]
        if not isinstance(value, (tuple, list)):
            raise _UnnamedError
        varying = [self._varies(part) for part in value]
        return any(varying)


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<![0-9A-Za-z])(?:{'|'.join(map(re.escape, longest_first))})(?![0-9A-Za-z])")
