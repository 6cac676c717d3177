"""What a merged policy still allows beside what was asked for: the findings of the rules about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance, Inventory, Key, Place, Topic
from checker.core.finding import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from checker.core.finding import Finding
    from checker.inputs.drafting import Draft
    from checker.inputs.wanted import Wanted

    Judge = Callable[[Inventory], Iterable[Finding]]


def with_warnings(draft: Draft, wanted: Wanted, judge: Judge) -> Draft:
    """Warn of each statement of a merged topic or key policy that a rule finds an error or a warning in."""
    if not draft.merged:
        return draft
    findings = (one for one in judge(_inventory(draft, wanted)) if _counts(one, draft))
    return draft._replace(warnings=tuple(dict.fromkeys(_said(findings))))


def _inventory(draft: Draft, wanted: Wanted) -> Inventory:
    place = Place(draft.text.document, ())
    instances = tuple(map(Instance, wanted.instances))
    if wanted.key is not None and draft.text.dialect.service == "kms":
        key = Key(wanted.key, place, draft.text, "Enabled", "CUSTOMER", named=True)
        return Inventory(keys=(key,), instances=instances)
    topic = Topic(wanted.topic, draft.text, fifo=False, key=None, place=place, named=True)
    return Inventory((topic,), instances=instances)


def _counts(finding: Finding, draft: Draft) -> bool:
    """True for what is wrong with the policy itself, not with the topic or the key."""
    grave = finding.verdict is Verdict.FAIL and finding.severity is not Severity.NOTE
    return grave and finding.locations[0].document is draft.text.document


def _said(findings: Iterable[Finding]) -> Iterator[str]:
    return (f"{finding.message} [{finding.rule}]" for finding in findings)
