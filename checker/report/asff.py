"""Findings in the AWS Security Finding Format (ASFF), with a severity by consequence.

https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_Severity.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker import __version__
from checker.configuration.baseline import finding_fingerprint
from checker.core.arn import Arn
from checker.core.finding import Severity, Verdict, format_route
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert
from checker.iam.decide.decide import ALLOWED
from checker.lint.registry import rule_named
from checker.lint.report import UNMET
from checker.report.judgment import Earlier, shown_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.core.finding import Finding
    from checker.lint.rule import Rule

GENERATOR = "checker/"
_INSTANCES = "checker/instances"
_SOURCES = "checker/sources"
_EXPECTATION = "checker/expectation"
_AFFECTS = "checker/affects"
_REQUEST = "checker/request"
_TYPES = ["Software and Configuration Checks/AWS Security Best Practices"]
_RESOURCE_TYPES = {"sns": "AwsSnsTopic", "kms": "AwsKmsKey"}
_MAX_RESOURCES = 32
"""AWS documents that a finding has at most 32 resources. Further ones are in a product field."""
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


LABELS = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")


def label_of(finding: Finding, rule: Rule | None, instances: Iterable[str] = ()) -> str:
    """Return the severity of a finding in Security Hub, by its consequence.

    CRITICAL: a witness proves that another account has access. HIGH: any other error, so that no message arrives or
    access is open. MEDIUM: a warning about access or about a link of the chain. LOW: any other warning.
    INFORMATIONAL: a note. An undetermined result is one level lower. ``instances`` are the ARNs of the instances that
    the resource was checked for, whose accounts are not others.
    """
    if finding.severity is Severity.NOTE:
        return "INFORMATIONAL"
    concerns_chain = rule is None or rule.opens or rule.link is not None
    if finding.severity is Severity.WARNING:
        level = "MEDIUM" if concerns_chain else "LOW"
    else:
        level = "CRITICAL" if rule is not None and _proves_access(finding, rule, instances) else "HIGH"
    return level if finding.verdict is Verdict.FAIL else LABELS[LABELS.index(level) - 1]


def _proves_access(finding: Finding, rule: Rule, instances: Iterable[str]) -> bool:
    """Return True if the witness of a finding is a request from another account that is allowed.

    An unmet expectation may be about access or about a denial, which its witness shows.
    """
    if finding.witness is None or finding.verdict is not Verdict.FAIL:
        return False
    if not rule.opens and (rule.id != UNMET or finding.witness.decision != ALLOWED):
        return False
    own = {arn.account for arn in map(Arn.parse, (finding.resource, *instances)) if arn is not None}
    caller = _account_of(finding.witness.request)
    return bool(caller) and caller not in own


def _account_of(request: Mapping[str, Any]) -> str:
    """Return the account that a request comes from, or on behalf of which a service makes it; empty if not known."""
    principal, context = request["principal"], request["context"]
    if "aws" in principal:
        arn = Arn.parse(str(principal["aws"]))
        return arn.account if arn is not None else str(principal["aws"])
    source = Arn.parse(str(context.get("aws:SourceArn", "")))
    return str(context.get("aws:SourceAccount", "")) or (source.account if source is not None else "")


def finding_id(finding: Finding, owner: Owner) -> str:
    """Return the ID of a finding, which is the same in every run."""
    digest = finding_fingerprint(finding)
    return f"{owner.region}/{owner.account}/{GENERATOR}{finding.rule}/{digest}"


def finding_asff(
    finding: Finding,
    owner: Owner,
    now: str,
    since: str = "",
    instances: tuple[str, ...] = (),
    sources: Iterable[str] = (),
) -> dict[str, Any]:
    """Convert a finding to ASFF.

    Times are in ISO 8601. ``since`` is the time when the finding was first seen, if known.
    ``instances`` are the ARNs of the instances for which the resource was checked. ``sources`` are words for what the
    run read besides resources. The severity is also in `FindingProviderFields`, from which Security Hub takes updates.
    https://docs.aws.amazon.com/securityhub/latest/userguide/finding-update-batchimportfindings.html
    """
    failed = finding.verdict is Verdict.FAIL
    rule = rule_named(finding.rule)
    severity = {"Label": label_of(finding, rule, instances), "Original": finding.severity.value}
    asff: dict[str, Any] = {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id(finding, owner),
        "ProductArn": owner.product,
        "GeneratorId": GENERATOR + finding.rule,
        "AwsAccountId": owner.account,
        "Types": _TYPES,
        "CreatedAt": since or now,
        "UpdatedAt": now,
        "Severity": severity,
        "FindingProviderFields": {"Severity": severity, "Types": _TYPES},
        "Title": _truncate(f"{finding.rule}: {finding.message}", _TITLE),
        "Description": _truncate(_description(finding), _DESCRIPTION),
        "ProductFields": _fields(finding, instances, sources),
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
    """Return an archived copy of a Security Hub finding. Its compliance status changes only if the rule ``passed``.

    Its severity is the one that was imported: an analyst may have changed the one that Security Hub shows.
    """
    kept = {key: known[key] for key in _KEPT if key in known}
    given = known.get("FindingProviderFields", {}).get("Severity") or known.get("Severity", {})
    severity = {"Label": given.get("Label", "INFORMATIONAL")}
    compliance = {"Status": "PASSED"} if passed else known.get("Compliance", {"Status": "FAILED"})
    state = {"Compliance": {"Status": compliance["Status"]}, "RecordState": "ARCHIVED"}
    return {**kept, "UpdatedAt": now, "Severity": severity, **state}


def _description(finding: Finding) -> str:
    witness = f". Witness: {finding.witness.sentence}" if finding.witness else ""
    return f"{finding.message}{witness}"


def earlier_of(known: dict[str, Any]) -> Earlier:
    """Return what a Security Hub finding is about and rests on, as `finding_asff` recorded it."""
    fields = known.get("ProductFields", {})
    resource, *affects = (one["Id"] for one in known["Resources"])
    instances, sources, more = (_listed(fields, name) for name in (_INSTANCES, _SOURCES, _AFFECTS))
    return Earlier(
        known["GeneratorId"].removeprefix(GENERATOR),
        resource,
        affects=(*affects, *more),
        instances=instances,
        sources=frozenset(sources),
        expectation=str(fields.get(_EXPECTATION, "")),
        whole=_CUT not in (*instances, *sources, *more),
        request=str(fields.get(_REQUEST, "")),
    )


def _fields(finding: Finding, instances: tuple[str, ...], sources: Iterable[str]) -> dict[str, str]:
    place = format_route(finding.locations[0].route)
    values = {
        "rule": finding.rule,
        "place": place,
        "verdict": finding.verdict.value,
        "version": __version__,
        "expectation": finding.expectation,
        "request": shown_request(finding),
    }
    texts = {GENERATOR + key: _truncate(value, _FIELD) for key, value in values.items() if value}
    affects = finding.affects[_MAX_RESOURCES - 1 :]
    lists = {_INSTANCES: instances, _SOURCES: sorted(sources), _AFFECTS: affects}
    return texts | {key: text for name, items in lists.items() for key, text in _fields_of(name, items)}


_CUT = "..."
"""The last item of a list that does not fit."""
_MOST_FIELDS = 15
"""AWS documents that a finding has at most 50 product fields."""


def _fields_of(name: str, items: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the fields that a list of ARNs and words takes: `checker/instances`, `checker/instances-2` and so on."""
    texts: list[str] = []
    for item in items:
        if texts and len(texts[-1]) + 1 + len(item) <= _FIELD - len(_CUT) - 1:
            texts[-1] += f" {item}"
        elif len(texts) < _MOST_FIELDS:
            texts.append(item)
        else:
            texts[-1] += f" {_CUT}"
            break
    for number, text in enumerate(texts, 1):
        yield (name if number == 1 else f"{name}-{number}"), text


def _listed(fields: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return a list that `_fields_of` wrote."""
    names = (name, *(f"{name}-{number}" for number in range(2, _MOST_FIELDS + 1)))
    return tuple(item for one in names for item in str(fields.get(one, "")).split())


def _resource(name: str, owner: Owner) -> dict[str, str]:
    arn = Arn.parse(name)
    kind = _RESOURCE_TYPES.get(arn.service, "Other") if arn else "Other"
    return {"Type": kind, "Id": name, "Partition": owner.partition, "Region": owner.region}


def _truncate(text: str, limit: int) -> str:
    """Return an inert text of a limited length: a policy may contain anything, and Security Hub shows it to people."""
    shown = inert(text)
    return shown if len(shown) <= limit else f"{shown[: limit - 3]}..."
