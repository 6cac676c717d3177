"""Adds to a report who gets in if a variable with a default has another of the values that the files list.

A default is the value of the deployment that is checked. Another deployment of the same code may use another value.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from checker.core.finding import Verdict
from checker.lint.report import without_conditions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from checker.core.finding import Finding
    from checker.lint.report import Examined, Report


def with_other_values(report: Report, others: Report) -> Report:
    """Return a report with the access that only ``others`` shows, for which defaults were not used.

    Only findings with a witness are added: whether Connect can publish in another deployment is a question of its own.
    """
    known = {_place(finding) for finding in report.findings}
    added = [one for one in others.findings if _lets_in(one) and _place(one) not in known]
    doubts = {(one.source, one.declared): one for one in others.examined}
    examined = tuple(_with_doubts(one, added, doubts) for one in report.examined)
    return report._replace(findings=(*report.findings, *added), examined=examined) if added else report


def _lets_in(finding: Finding) -> bool:
    """True for access that depends on the deployment."""
    return finding.verdict is Verdict.UNDETERMINED and finding.witness is not None


def _target(finding: Finding) -> str:
    return without_conditions(finding.resource)


def _place(finding: Finding) -> tuple[object, ...]:
    """Identify what a finding is about; its message depends on the values."""
    places = tuple((one.document.name, one.route) for one in finding.locations[:1])
    return finding.rule, finding.expectation, _target(finding), places


def _with_doubts(
    examined: Examined,
    added: Collection[Finding],
    others: Mapping[tuple[str, str], Examined],
) -> Examined:
    """Withdraw the verdicts that hold only for the defaults."""
    other = others.get((examined.source, examined.declared))
    about = [one for one in added if _target(one) == examined.declared]
    changed = list(dict.fromkeys(one.rule for one in about))
    if other is None or not changed:
        return examined
    verdicts = {**examined.verdicts, **dict.fromkeys(changed, Verdict.UNDETERMINED)}
    doubts = {**examined.doubts, **{rule: other.doubts[rule] for rule in changed if rule in other.doubts}}
    depending = {one.expectation: Verdict.UNDETERMINED for one in about if one.expectation}
    return examined._replace(
        verdicts=MappingProxyType(verdicts),
        doubts=MappingProxyType(doubts),
        expectations=MappingProxyType({**examined.expectations, **depending}),
    )
