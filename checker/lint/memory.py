"""Remembers the results of the rules for each form of a topic, as most topics of a run differ in nothing but names.

The results of the first topic of a form are those of the others, renamed. Before a name is renamed in results that
were not computed, the rules have confirmed it: for two topics that differ in it, they gave the same results but for
the name. A form for which they did not is judged each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, Any

from checker.analysis.form import Form, form_of
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from checker.analysis.topic import TopicAnalysis
    from checker.lint.deployments import Results

RuleResults = dict[str, "Results"]
"""The results of each rule, by its ID."""


class ResultMemory:
    """The results of the rules by form. Threads may share it. ``shared`` counts the topics that were not judged."""

    def __init__(self) -> None:
        self.shared = 0
        self._known: dict[str, _Known | None] = {}
        self._lock = Lock()

    def results(self, case: TopicAnalysis, judge: Callable[[], RuleResults]) -> RuleResults:
        """Return the results for a topic: those of its form, else what ``judge`` returns."""
        form = form_of(case)
        if form is None:
            return judge()
        with self._lock:
            is_new = form.text not in self._known
            known = self._known.get(form.text)
        if known is None:
            results = judge()
            if is_new:
                self._remember(form, _known(form, results))
            return results
        return self._recalled(known, form, judge)

    def _recalled(self, known: _Known, form: Form, judge: Callable[[], RuleResults]) -> RuleResults:
        renamed: RuleResults = known.template.renamed(form)
        differing = known.differing(form)
        if differing <= known.confirmed:
            self.shared += 1
            return renamed
        results = judge()
        is_same = results == renamed
        self._remember(form, known._replace(confirmed=known.confirmed | differing) if is_same else None)
        return results

    def _remember(self, form: Form, known: _Known | None) -> None:
        with self._lock:
            if form.text in self._known or len(self._known) < _MOST:
                self._known[form.text] = known


_MOST = 10_000
"""So many forms are remembered; a run with more has topics that differ in more than names."""


class _Known(NamedTuple):
    """The results of the first topic of a form, and the numbers of the names that were confirmed."""

    template: _Template
    confirmed: frozenset[int] = frozenset()

    def differing(self, form: Form) -> frozenset[int]:
        """Return the numbers of the names that differ from those of the first topic."""
        pairs = enumerate(zip(self.template.form.names, form.names, strict=True))
        return frozenset(number for number, (first, other) in pairs if first != other)


def _known(form: Form, results: RuleResults) -> _Known | None:
    try:
        return _Known(_Template(form, results))
    except _UnnamedError:
        return None


class _UnnamedError(Exception):
    """Results have a part that cannot be renamed."""


class _Template:
    """Results of a topic, whose names can be replaced by those of another topic."""

    def __init__(self, form: Form, results: RuleResults) -> None:
        """Find the parts of the results that have names. Raises _UnnamedError."""
        self.form = form
        self.results = results
        self._documents = {id(document): number for number, document in enumerate(form.documents)}
        self._name = _any_of(name for name in form.names if name)
        self._varying: set[int] = set()
        self._varies(results)

    def renamed(self, form: Form) -> Any:
        """Return the results with the names and documents of another topic of the form."""
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

        return rename(self.results)

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
