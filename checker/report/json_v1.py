"""The JSON report, version 1: `schemas/report.v1.json`. A frozen form, apart from the types inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.finding import Severity, format_route
from checker.outcome import HeldBackBy
from checker.terminal_text import json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.finding import Finding, Fix, Location, Position, Witness
    from checker.inventory import Skipped
    from checker.outcome import Report
    from checker.report.setting import Setting


def json_report(report: Report, setting: Setting) -> Iterator[str]:  # noqa: ARG001 - the same for all formats
    """Write the report as JSON."""
    return json_lines(report_v1(report))


def report_v1(report: Report) -> dict[str, Any]:
    """Turn a report into JSON values."""
    return {
        "version": 1,
        "findings": [finding_json(one) for one in report.findings],
        "examined": [
            {
                "kind": one.kind,
                "resource": one.resource,
                "source": one.source,
                "verdicts": {rule: verdict.value for rule, verdict in one.verdicts.items()},
            }
            for one in report.examined
        ],
        "skipped": [_skipped(one) for one in report.skipped],
        "suppressed": [
            {"finding": finding_json(one.finding), "by": one.by.value, "reason": one.reason}
            for one in report.suppressed
        ],
        "stale": [{"what": one.where, "reason": one.reason, **_place(one.position)} for one in report.stale],
        "summary": summary(report),
    }


def summary(report: Report) -> dict[str, int]:
    """Count findings by severity, targets by kind, and what was left out."""
    counts = {severity.value + "s": 0 for severity in Severity}
    for finding in report.findings:
        counts[finding.severity.value + "s"] += 1
    kinds = {
        f"{kind}s": sum(one.kind == kind for one in report.examined) for kind in ("topic", "key", "contact")
    }
    baselined = sum(one.by is HeldBackBy.BASELINE for one in report.suppressed)
    return {
        **counts,
        **kinds,
        "topics_not_judged": report.not_judged,
        "skipped": len(report.skipped),
        "suppressed": len(report.suppressed) - baselined,
        "baselined": baselined,
        "stale": len(report.stale),
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "verdict": finding.verdict.value,
        "message": finding.message,
        "help": finding.help,
        "resource": finding.resource,
        "address": finding.address or None,
        "affects": list(finding.affects),
        "locations": [_location(one) for one in finding.locations],
        "witness": _witness(finding.witness) if finding.witness else None,
        "fixes": [_fix(one) for one in finding.fixes],
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{"source": one.document.name, **one.position._asdict(), "text": one.text} for one in fix.edits]
    return {"title": fix.title, "applicability": fix.applicability.value, "edits": edits}


def _location(location: Location) -> dict[str, Any]:
    position = location.position()
    return {
        "source": location.source,
        "route": format_route(location.route),
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
    return {"what": skipped.what, "reason": skipped.reason, **place, "error": skipped.error}


def _place(position: Position | None) -> dict[str, Any]:
    return {"line": position.line if position else None, "column": position.column if position else None}
