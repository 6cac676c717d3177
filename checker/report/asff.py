"""Findings in the form of AWS Security Hub: ASFF.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from checker import __version__
from checker.core.arn import Arn
from checker.core.finding import Severity, Verdict, fingerprint, format_route, identity

if TYPE_CHECKING:
    from checker.core.finding import Finding

GENERATOR = "checker/"
_INSTANCES = "checker/instances"
_LABELS = {Severity.ERROR: "HIGH", Severity.WARNING: "MEDIUM", Severity.NOTE: "INFORMATIONAL"}
_TYPES = ["Software and Configuration Checks/AWS Security Best Practices"]
_KINDS = {"sns": "AwsSnsTopic", "kms": "AwsKmsKey"}
_RESOURCES = 32
"""AWS documents that a finding has at most 32 resources."""
_TITLE, _DESCRIPTION, _TEXT, _FIELD = 256, 1024, 512, 1024


class Owner(NamedTuple):
    """Whose findings they are: the account and Region that they are imported in."""

    partition: str
    account: str
    region: str

    @property
    def product(self) -> str:
        """The product that an account may import findings for without being a partner."""
        product = f"product/{self.account}/default"
        return str(Arn(self.partition, "securityhub", self.region, self.account, product))


def finding_id(finding: Finding, owner: Owner) -> str:
    """Name a finding so that it has the same name in every run."""
    same = fingerprint(identity(finding, str))
    return f"{owner.region}/{owner.account}/{GENERATOR}{finding.rule}/{same}"


def finding_asff(
    finding: Finding, owner: Owner, now: str, since: str = "", instances: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Turn a finding into ASFF; times are ISO 8601, ``since`` is when it was first seen if that is known.

    ``instances`` are the ARNs of the instances that the resource was judged for.
    """
    failed = finding.verdict is Verdict.FAIL
    asff: dict[str, Any] = {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id(finding, owner),
        "ProductArn": owner.product,
        "GeneratorId": GENERATOR + finding.rule,
        "AwsAccountId": owner.account,
        "Types": _TYPES,
        "CreatedAt": since or now,
        "UpdatedAt": now,
        "Severity": {"Label": _LABELS[finding.severity], "Original": finding.severity.value},
        "Title": _cut(f"{finding.rule}: {finding.message}", _TITLE),
        "Description": _cut(_description(finding), _DESCRIPTION),
        "ProductFields": _fields(finding, instances),
        "Resources": [_resource(name, owner) for name in (finding.resource, *finding.affects)][:_RESOURCES],
        "Compliance": {"Status": "FAILED" if failed else "WARNING"},
        "RecordState": "ACTIVE",
    }
    if finding.help:
        asff["Remediation"] = {"Recommendation": {"Text": _cut(finding.help, _TEXT)}}
    return asff


_KEPT = (
    "SchemaVersion",
    "Id",
    "ProductArn",
    "GeneratorId",
    "AwsAccountId",
    "Types",
    "CreatedAt",
    "Title",
    "Description",
    "Resources",
)


def archived(known: dict[str, Any], now: str, *, passed: bool) -> dict[str, Any]:
    """Archive a finding that Security Hub has; it keeps its compliance status unless the rule ``passed``."""
    kept = {key: known[key] for key in _KEPT if key in known}
    severity = {"Label": known.get("Severity", {}).get("Label", "INFORMATIONAL")}
    compliance = {"Status": "PASSED"} if passed else known.get("Compliance", {"Status": "FAILED"})
    state = {"Compliance": {"Status": compliance["Status"]}, "RecordState": "ARCHIVED"}
    return {**kept, "UpdatedAt": now, "Severity": severity, **state}


def _description(finding: Finding) -> str:
    witness = f". Witness: {finding.witness.sentence}" if finding.witness else ""
    return f"{finding.message}{witness}"


def instances_of(known: dict[str, Any]) -> tuple[str, ...]:
    """The instances that a finding of Security Hub was judged for; a cut list ends with a name that no instance has."""
    return tuple(known.get("ProductFields", {}).get(_INSTANCES, "").split())


def _fields(finding: Finding, instances: tuple[str, ...]) -> dict[str, str]:
    place = format_route(finding.locations[0].route)
    named = {
        "rule": finding.rule,
        "place": place,
        "verdict": finding.verdict.value,
        "version": __version__,
        "instances": " ".join(instances),
    }
    return {GENERATOR + key: _cut(value, _FIELD) for key, value in named.items() if value}


def _resource(name: str, owner: Owner) -> dict[str, str]:
    arn = Arn.parse(name)
    kind = _KINDS.get(arn.service, "Other") if arn else "Other"
    return {"Type": kind, "Id": name, "Partition": owner.partition, "Region": owner.region}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
