"""Judges a case in all its deployments, and merges the results of each rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.deployments import Deployment, deployments, has_symbols
from checker.analysis.key import KeyAnalysis
from checker.analysis.topic import TopicAnalysis
from checker.core.finding import Finding, Severity, Verdict
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Results = list[Finding | Unknown]
    Ways = Sequence[tuple[Deployment | None, Results]]


def in_deployments(case: object) -> list[tuple[Deployment | None, object]]:
    """Return a case in each of its deployments, the default one first; the case itself if it has no symbols."""
    if not isinstance(case, TopicAnalysis | KeyAnalysis):
        return [(None, case)]
    facts = case.facts
    if facts is None or not has_symbols(facts):
        return [(None, case)]
    found = deployments(facts)
    return [(None, case)] if found.left_out else [(one, case.deployed(one)) for one in found.tried]


def over_deployments(ways: Ways) -> Results:
    """Merge the results of a rule: what holds in every deployment is certain, the rest depends on the deployment."""
    if len(ways) == 1 and ways[0][0] is None:
        return ways[0][1]
    named = [[_reworded(result, deployment) for result in results] for deployment, results in ways]
    keys = [{_key(result) for result in results} for results in named]
    merged: dict[object, Finding | Unknown] = {}
    for results in named:
        for result in results:
            merged.setdefault(_key(result), result)
    return [
        result
        if isinstance(result, Unknown) or all(key in found for found in keys)
        else _dependent(result, key, keys, ways)
        for key, result in merged.items()
    ]


def _key(result: Finding | Unknown) -> object:
    """Return what two results of one rule share if they are the same."""
    if isinstance(result, Unknown):
        return result
    places = tuple((one.document.name, one.route, one.part, one.role) for one in result.locations)
    return result.severity, result.verdict, result.message, places


def _dependent(finding: Finding, key: object, keys: Sequence[set[object]], ways: Ways) -> Finding:
    """Return a finding that holds only in some deployments: a warning if the default one is among them."""
    holding = [way for (way, _), found in zip(ways, keys, strict=True) if key in found]
    others = [way for (way, _), found in zip(ways, keys, strict=True) if key not in found]
    serious = key in keys[0] and finding.severity is not Severity.NOTE
    when = "; ".join(_when(holding, others))
    return finding._replace(
        severity=Severity.WARNING if serious else Severity.NOTE,
        verdict=Verdict.UNDETERMINED,
        message=f"depends on the deployment: {finding.message}",
        help="; ".join(filter(None, (when, finding.help))),
        fixes=(),
    )


def _when(holding: Sequence[Deployment | None], others: Sequence[Deployment | None]) -> Iterator[str]:
    for word, ways in (("so", holding), ("not so", others)):
        first = next((one for one in ways if one is not None), None)
        if first is not None:
            yield f"this is {word} if {first.described}"


def _reworded(result: Finding | Unknown, deployment: Deployment | None) -> Finding | Unknown:
    """Name the symbols of a result instead of their values."""
    if deployment is None:
        return result
    if isinstance(result, Unknown):
        where = deployment.reworded(result.where)
        return result._replace(reason=deployment.reworded(result.reason), where=where)
    witness = result.witness
    return result._replace(
        message=deployment.reworded(result.message),
        help=deployment.reworded(result.help),
        locations=tuple(one._replace(note=deployment.reworded(one.note)) for one in result.locations),
        witness=witness and witness._replace(sentence=deployment.reworded(witness.sentence)),
        fixes=tuple(one for one in result.fixes if not _invents(one, deployment)),
    )


def _invents(fix: object, deployment: Deployment) -> bool:
    """True for a fix that contains an invented value."""
    return deployment.reworded(repr(fix)) != repr(fix)
