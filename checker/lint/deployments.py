"""Merges the results of a rule in all deployments of a case."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from checker.analysis.deployments import in_words
from checker.core.arn import Arn
from checker.core.finding import AccountOf, Finding, Reference, Remove, Rename, Severity, Verdict
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.deployments import Deployment, Deployments
    from checker.core.finding import Fix, Json, Operation, Witness

    Results = list[Finding | Unknown]


_NAMES = {Severity.ERROR: "an error", Severity.WARNING: "a warning", Severity.NOTE: "a note"}


def merged(found: Deployments, results: Sequence[Results]) -> Results:
    """Merge the results of a rule: what holds in every deployment is certain, the rest depends on it.

    If there are too many deployments, the only result is that of unknown values.
    """
    return list(_Merger(found, results).merged()) if found.tried else results[0]


class _Merger:
    def __init__(self, found: Deployments, results: Sequence[Results]) -> None:
        self.found = found
        ways = zip(found.tried, results, strict=True)
        self.named = [[reworded(result, deployment) for result in listed] for deployment, listed in ways]
        self.severities = [self.severities_in(listed) for listed in self.named]

    def key(self, result: Finding | Unknown) -> object:
        """Return what the results of one rule share if they are the same; their severity may differ."""
        neutral = self.found.neutral
        if isinstance(result, Unknown):
            return neutral(result.reason), neutral(result.where)
        places = tuple((one.document.name, one.route, one.part, one.role) for one in result.locations)
        return result.verdict, neutral(result.message), places

    def severities_in(self, results: Results) -> dict[object, Severity]:
        """Return the highest severity of each finding of one deployment."""
        severities: dict[object, Severity] = {}
        for finding in results:
            if isinstance(finding, Finding):
                key = self.key(finding)
                severities[key] = max(
                    finding.severity, severities.get(key, Severity.NOTE), key=attrgetter("rank")
                )
        return severities

    def merged(self) -> Iterator[Finding | Unknown]:
        """Yield each result once, as it is in the first deployment that has it."""
        merged: dict[object, Finding | Unknown] = {}
        for listed in self.named:
            for result in listed:
                merged.setdefault(self.key(result), result)
        for key, result in merged.items():
            yield result if isinstance(result, Unknown) else self.of_all(result, key)

    def of_all(self, finding: Finding, key: object) -> Finding:
        """Return a finding as it is in all deployments: with the severity that it has at least in each of them."""
        severities = [of_way.get(key) for of_way in self.severities]
        certain = [severity for severity in severities if severity is not None]
        if len(certain) < len(severities):
            return self.dependent(finding, severities)
        lowest, highest = (choose(certain, key=attrgetter("rank")) for choose in (min, max))
        if lowest is highest:
            return finding
        so = in_words(self.found.settled_by(severities, highest))
        help_text = "; ".join(filter(None, (f"this is {_NAMES[highest]} if {so}", finding.help)))
        return finding._replace(severity=lowest, help=help_text)

    def dependent(self, finding: Finding, severities: Sequence[Severity | None]) -> Finding:
        """Return a finding that holds only in some deployments.

        It is a warning if the default deployment, or one that the files list, is among them.
        """
        holds = [severity is not None for severity in severities]
        so, not_so = (self.found.settled_by(holds, outcome) for outcome in (True, False))
        is_made = holds[0] or self.found.listed.issuperset(so)
        serious = is_made and finding.severity is not Severity.NOTE
        when = f"this is so if {in_words(so)}, and not if {in_words(not_so)}"
        return finding._replace(
            severity=Severity.WARNING if serious else Severity.NOTE,
            verdict=Verdict.UNDETERMINED,
            message=f"depends on the deployment: {finding.message}",
            help="; ".join(filter(None, (when, finding.help))),
            fixes=(),
        )


def reworded(result: Finding | Unknown, deployment: Deployment) -> Finding | Unknown:
    """Name the symbols of a result instead of their values."""
    if isinstance(result, Unknown):
        where = deployment.reworded(result.where)
        return result._replace(reason=deployment.reworded(result.reason), where=where)
    witness = result.witness
    return result._replace(
        message=deployment.reworded(result.message),
        help=deployment.reworded(result.help),
        locations=tuple(one._replace(note=deployment.reworded(one.note)) for one in result.locations),
        witness=witness and _reworded_witness(witness, deployment),
        fixes=tuple(fix for one in result.fixes if (fix := _referring(one, deployment)) is not None),
    )


def _reworded_witness(witness: Witness, deployment: Deployment) -> Witness:
    request = deployment.reworded_json(dict(witness.request))
    sentence = deployment.reworded(witness.sentence)
    return witness._replace(sentence=sentence, request=request if isinstance(request, dict) else {})


class _InventedError(Exception):
    """A fix contains a value that was invented for a symbol and has no reference."""


def _referring(fix: Fix, deployment: Deployment) -> Fix | None:
    """Write references for invented values in a fix; ``None`` if there is none for one of them."""
    try:
        operations = tuple(_operation(one, deployment) for one in fix.operations)
    except _InventedError:
        return None
    plan = tuple(map(deployment.reworded, fix.plan))
    needs = tuple(_to_complete(text, deployment) for text in fix.needs)
    return fix._replace(title=deployment.reworded(fix.title), operations=operations, plan=plan, needs=needs)


def _to_complete(text: str, deployment: Deployment) -> str:
    """Write words to replace for the invented parts of an ARN that the user completes."""
    arn = Arn.parse(text)
    if arn is None:
        return deployment.reworded(text)
    words = {"region": "REGION", "account": "ACCOUNT_ID"}
    parts = {name: getattr(arn, name) for name in words}
    invented = {name: words[name] for name, part in parts.items() if deployment.reworded(part) != part}
    return str(arn._replace(**invented))


def _operation(operation: Operation, deployment: Deployment) -> Operation:
    if isinstance(operation, Remove | Rename):
        return operation
    return operation._replace(value=_value(operation.value, deployment))


def _value(value: Json, deployment: Deployment) -> Json:
    if isinstance(value, list):
        return [_value(one, deployment) for one in value]
    if isinstance(value, dict):
        return {key: _value(one, deployment) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    of_arn = deployment.accounts.get(value.arn) if isinstance(value, AccountOf) else None
    reference = of_arn or deployment.references.get(value)
    if reference:
        return Reference(reference)
    if deployment.reworded(value) != value:
        raise _InventedError(value)
    return value
