"""Findings in the AWS Security Finding Format (ASFF).

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from checker import __version__
from checker.configuration.baseline import fingerprint, identity
from checker.core.arn import Arn
from checker.core.finding import Severity, Verdict, format_route

if TYPE_CHECKING:
    from checker.core.finding import Finding

GENERATOR = "checker/"
_INSTANCES = "checker/instances"
_LABELS = {Severity.ERROR: "HIGH", Severity.WARNING: "MEDIUM", Severity.NOTE: "INFORMATIONAL"}
_TYPES = ["Software and Configuration Checks/AWS Security Best Practices"]
_RESOURCE_TYPES = {"sns": "AwsSnsTopic", "kms": "AwsKmsKey"}
_MAX_RESOURCES = 32
"""AWS documents that a finding has at most 32 resources."""
_TITLE, _DESCRIPTION, _TEXT, _FIELD = 256, 1024, 512, 1024


class Owner(NamedTuple):
    """The account and Region into which findings are imported."""

    partition: str
    account: str
    region: str

    @property
    def product(self) -> str:
        """ARN of the default product, for which an account can import findings without being a partner."""
        product = f"product/{self.account}/default"
        return str(Arn(self.partition, "securityhub", self.region, self.account, product))


def finding_id(finding: Finding, owner: Owner) -> str:
    """Return the ID of a finding, which is the same in every run."""
    digest = fingerprint(identity(finding, str))
    return f"{owner.region}/{owner.account}/{GENERATOR}{finding.rule}/{digest}"


def finding_asff(
    finding: Finding, owner: Owner, now: str, since: str = "", instances: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Convert a finding to ASFF.

    Times are in ISO 8601. ``since`` is the time when the finding was first seen, if known.
    ``instances`` are the ARNs of the instances for which the resource was checked.
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
        "Title": _truncate(f"{finding.rule}: {finding.message}", _TITLE),
        "Description": _truncate(_description(finding), _DESCRIPTION),
        "ProductFields": _fields(finding, instances),
        "Resources": [_resource(name, owner) for name in (finding.resource, *finding.affects)][
            :_MAX_RESOURCES
        ],
        "Compliance": {"Status": "FAILED" if failed else "WARNING"},
        "RecordState": "ACTIVE",
    }
    if finding.help:
        asff["Remediation"] = {"Recommendation": {"Text": _truncate(finding.help, _TEXT)}}
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
    """Return an archived copy of a Security Hub finding. Its compliance status changes only if the rule ``passed``."""
    kept = {key: known[key] for key in _KEPT if key in known}
    severity = {"Label": known.get("Severity", {}).get("Label", "INFORMATIONAL")}
    compliance = {"Status": "PASSED"} if passed else known.get("Compliance", {"Status": "FAILED"})
    state = {"Compliance": {"Status": compliance["Status"]}, "RecordState": "ARCHIVED"}
    return {**kept, "UpdatedAt": now, "Severity": severity, **state}


def _description(finding: Finding) -> str:
    witness = f". Witness: {finding.witness.sentence}" if finding.witness else ""
    return f"{finding.message}{witness}"


def instances_of(known: dict[str, Any]) -> tuple[str, ...]:
    """Return the instances for which a Security Hub finding was checked.

    If the list was truncated, its last item is not a valid ARN.
    """
    return tuple(known.get("ProductFields", {}).get(_INSTANCES, "").split())


def _fields(finding: Finding, instances: tuple[str, ...]) -> dict[str, str]:
    place = format_route(finding.locations[0].route)
    values = {
        "rule": finding.rule,
        "place": place,
        "verdict": finding.verdict.value,
        "version": __version__,
        "instances": " ".join(instances),
    }
    return {GENERATOR + key: _truncate(value, _FIELD) for key, value in values.items() if value}


def _resource(name: str, owner: Owner) -> dict[str, str]:
    arn = Arn.parse(name)
    kind = _RESOURCE_TYPES.get(arn.service, "Other") if arn else "Other"
    return {"Type": kind, "Id": name, "Partition": owner.partition, "Region": owner.region}


def _truncate(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
