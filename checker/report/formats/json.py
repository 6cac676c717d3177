"""JSON, version 1: `schemas/report.v1.json`. Its format is stable, unlike the internal types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.configuration.baseline import finding_fingerprint
from checker.core.finding import format_route
from checker.core.terminal_text import json_lines
from checker.lint.history import PRESENT, Change
from checker.report.brief import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import Pairing
    from checker.core.errors import Skipped
    from checker.core.finding import Finding, Fix, Location, Position, Witness
    from checker.lint.audited import AuditedUnit, Circumstances
    from checker.lint.history import Entry, History
    from checker.lint.report import Examined, Report
    from checker.report.context import Setting


def render(report: Report, setting: Setting) -> Iterator[str]:  # noqa: ARG001 - all formats have this signature
    """Write the report as JSON."""
    return json_lines(report_v1(report))


def report_v1(report: Report) -> dict[str, Any]:
    """Convert a report to JSON values."""
    return {
        "version": 1,
        **({"audit": _audit(report.audit)} if report.audit else {}),
        "findings": _findings(report),
        "examined": [_examined(target) for target in report.examined],
        "skipped": [_skipped(skipped) for skipped in report.skipped],
        "suppressed": [
            {
                "finding": finding_json(suppressed.finding),
                "by": suppressed.by.value,
                "reason": suppressed.reason,
            }
            for suppressed in report.suppressed
        ],
        "stale": [
            {"what": stale.where, "reason": stale.reason, **_place(stale.position)} for stale in report.stale
        ],
        "crashed": list(report.crashed),
        **({"history": _history(report.history)} if report.history else {}),
        **({"security_hub": [sent._asdict() for sent in report.sent]} if report.sent else {}),
        "summary": summary(report),
    }


def _audit(audit: Circumstances) -> dict[str, Any]:
    return {
        "time": audit.time,
        "version": audit.version,
        "caller": audit.caller or None,
        "options": dict(audit.options),
        "units": [unit_json(unit) for unit in audit.units],
    }


def unit_json(unit: AuditedUnit) -> dict[str, Any]:
    """Convert a unit of an audit to JSON values."""
    return {
        "account": unit.account,
        "account_name": unit.account_name or None,
        "region": unit.region,
        "complete": unit.complete,
        "topics_not_judged": list(unit.topics),
        "instances": None if unit.instances is None else list(unit.instances),
        "sources": list(unit.sources),
        **({} if unit.keys is None else {"keys_not_judged": list(unit.keys)}),
        **({"began": unit.began} if unit.began else {}),
    }


def _findings(report: Report) -> list[dict[str, Any]]:
    """Convert the findings, each with its change if the run was compared with an earlier one."""
    if report.history is None:
        return [finding_json(finding) for finding in report.findings]
    return [
        {
            **finding_json(entry.finding),
            "change": entry.change.value,
            "first_seen": entry.first_seen,
            "severity_before": entry.before.value if entry.before else None,
            **({"change_reason": entry.reason} if entry.reason else {}),
        }
        for entry in report.history.of(*PRESENT)
    ]


def _history(history: History) -> dict[str, Any]:
    absent = (change for change in Change if change not in PRESENT)
    return {
        "since": history.since or None,
        "counts": {change.value: sum(1 for _ in history.of(change)) for change in Change},
        **{change.value: [_absent(entry) for entry in history.of(change)] for change in absent},
        "nights": [night._asdict() for night in history.nights],
    }


def _absent(entry: Entry) -> dict[str, Any]:
    return {
        "finding": finding_json(entry.finding),
        "first_seen": entry.first_seen,
        "reason": entry.reason,
        "instances": list(entry.instances),
        "sources": list(entry.sources),
        **({"suppressed": True} if entry.suppressed else {}),
        **({"users": list(entry.users)} if entry.users else {}),
        **({"undetermined": True} if entry.undetermined else {}),
    }


def pairing_json(pairing: Pairing) -> dict[str, Any]:
    """Convert a pairing to JSON values: the instance, and the source that links it to the topic."""
    return {
        "instance": str(pairing.instance),
        "source": pairing.source.value,
        "file": pairing.where or None,
        "explicit": pairing.explicit,
    }


def _examined(target: Examined) -> dict[str, Any]:
    return {
        "kind": target.kind,
        "resource": target.resource,
        "source": target.source,
        "address": target.address or None,
        **({"in_scope": target.in_scope} if target.in_scope else {}),
        "verdicts": {rule: verdict.value for rule, verdict in target.verdicts.items()},
        "undetermined": {rule: doubt._asdict() for rule, doubt in target.open_results},
        "pairings": [pairing_json(pairing) for pairing in target.pairings],
        "assumptions": list(target.assumptions),
        **({"expectations": _expectations(target)} if target.expectations else {}),
        **({"key": target.key} if target.key is not None else {}),
        **_subscribers(target),
        **({"refuses": dict(target.refuses)} if target.refuses else {}),
    }


def _subscribers(target: Examined) -> dict[str, list[dict[str, str]]]:
    known = target.subscribers
    return {} if known is None else {"subscribers": [subscribed._asdict() for subscribed in known]}


def _expectations(target: Examined) -> list[dict[str, str]]:
    return [{"name": name, "verdict": verdict.value} for name, verdict in target.expectations.items()]


def finding_json(finding: Finding) -> dict[str, Any]:
    """Convert a finding to JSON values."""
    return {
        "fingerprint": finding_fingerprint(finding),
        "rule": finding.rule,
        "severity": finding.severity.value,
        "verdict": finding.verdict.value,
        "message": finding.message,
        "help": finding.help,
        "resource": finding.resource,
        "address": finding.address or None,
        "root": finding.root or None,
        **({"construct": finding.construct} if finding.construct else {}),
        "affects": list(finding.affects),
        **({"expectation": finding.expectation} if finding.expectation else {}),
        "locations": [_location(location) for location in finding.locations],
        "witness": _witness(finding.witness) if finding.witness else None,
        "fixes": [_fix(fix) for fix in finding.fixes],
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [
        {"source": edit.document.name, **edit.position._asdict(), "text": edit.text} for edit in fix.edits
    ]
    return {
        "title": fix.title,
        "applicability": fix.applicability.value,
        "edits": edits,
        "needs": list(fix.needs),
        **({"policy": fix.policy, "before": fix.before} if fix.policy and not fix.edits else {}),
    }


def _location(location: Location) -> dict[str, Any]:
    position = location.position()
    return {
        "source": location.source,
        "route": format_route(location.route),
        "anchor": location.document.anchor(location.route),
        "pointer": location.pointer,
        "line": position.line if position else None,
        "column": position.column if position else None,
        "end_line": position.end_line if position else None,
        "end_column": position.end_column if position else None,
        "role": location.role.value,
    }


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "sentence": witness.sentence,
        "request": witness.request,
        "decision": witness.decision,
        "statements": list(witness.statements),
    }


def _skipped(skipped: Skipped) -> dict[str, Any]:
    place = _place(skipped.position)
    return {
        "what": skipped.what,
        "reason": skipped.reason,
        "help": skipped.help,
        **place,
        "error": skipped.error,
        "complete": skipped.complete,
    }


def _place(position: Position | None) -> dict[str, Any]:
    return {"line": position.line if position else None, "column": position.column if position else None}
