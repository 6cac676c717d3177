"""Recognizes the findings of an earlier run among those of a run, also if their statement was renamed or moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from checker.configuration.baseline import finding_fingerprint, identity, numbered
from checker.core.finding import Verdict
from checker.core.pattern import pattern
from checker.report.absence import contact_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.core.finding import Finding
    from checker.lint.history import Entry


Key = tuple[str, int]
"""The fingerprint of a finding, and its number among those with the same fingerprint."""
_One = TypeVar("_One")


def by_key(listed: Sequence[_One], findings: Sequence[Finding]) -> dict[Key, _One]:
    """Return findings or entries by a key that is the same in every run; equal findings are numbered."""
    return dict(zip(numbered(map(_mark, findings)), listed, strict=True))


_SIMILAR = pattern(r" and \d+ similar contacts stream\b")
_TITLE = pattern(r"\b(statement) (?:`[^`]*`|\d+)")
"""Matches the name of a statement: see `Statement.title`."""


def _mark(finding: Finding) -> str:
    """Return the fingerprint of a finding, without the ID of a contact: others stream alike."""
    return finding_fingerprint(finding._replace(message=_without_contact(finding)))


def _without_contact(finding: Finding) -> str:
    if contact_of(finding) is None:
        return finding.message
    message = _SIMILAR.sub(" streams", finding.message.replace(f"`{finding.resource}`", "`*`"))
    return message.partition("; ")[0]


def said(finding: Finding) -> str:
    """Return what a finding says, whatever the place and the name of its statement."""
    message = _TITLE.sub(r"\1", _without_contact(finding))
    return identity(finding._replace(message=message), str).message


def matches(before: Mapping[Key, Entry], current: Mapping[Key, Finding]) -> dict[Key, tuple[Entry, ...]]:
    """Return the earlier entries of each finding: the same one, else those of its rule at its place or resource.

    A finding may say something else, because its key encrypts a further topic or its statement has another name. As
    long as the rule reports something about the resource that is not known from before, what it reported is not fixed.
    """
    found: dict[Key, tuple[Entry, ...]] = {key: (before[key],) for key in current if key in before}
    for group_of in (_place, _subject):
        old: dict[object, list[Entry]] = {}
        new: dict[object, list[Key]] = {}
        taken = {id(entry) for entries in found.values() for entry in entries}
        for entry in before.values():
            if id(entry) not in taken:
                old.setdefault(group_of(entry.finding), []).append(entry)
        for key, finding in current.items():
            if key not in found:
                new.setdefault(group_of(finding), []).append(key)
        for group, keys in new.items():
            for key in keys:
                entries = tuple(one for one in old.get(group, ()) if _may_become(one.finding, current[key]))
                found |= {key: entries} if entries else {}
    return found


def _may_become(old: Finding, new: Finding) -> bool:
    """False for what was certain and is not known now: the certain finding was not judged again."""
    return new.verdict is Verdict.FAIL or old.verdict is Verdict.UNDETERMINED


def _place(finding: Finding) -> tuple[str, ...]:
    at = finding.locations[0]
    return *_subject(finding), at.source, at.document.anchor(at.route)


def _subject(finding: Finding) -> tuple[str, ...]:
    """Return the rule and resource of a finding. Contacts are as different as their findings."""
    resource = finding.resource if contact_of(finding) is None else _mark(finding)
    return finding.rule, resource, finding.expectation
