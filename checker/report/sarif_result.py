"""Findings as SARIF results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from checker.finding import Verdict
from checker.fingerprint import fingerprint, identity
from checker.outcome import HeldBackBy
from checker.report.brief import one_line
from checker.report.entry import by_role
from checker.report.sarif_message import label, result_message
from checker.report.sarif_place import artifact, located, region

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.finding import Edit, Finding, Fix, Location
    from checker.outcome import Suppressed
    from checker.report.entry import Entry
    from checker.report.setting import Setting

_MOST_LOCATIONS = 10  # of the 1,000 that GitHub takes; nobody reads more


def results(entries: Sequence[Entry], rules: Mapping[str, int], setting: Setting) -> Iterator[dict[str, Any]]:
    """Turn entries into results; ``rules`` gives the index of a rule by its id."""
    seen: Counter[str] = Counter()
    for finding, held_back in entries:
        print_ = fingerprint(identity(finding, setting.relative))
        seen[print_] += 1
        yield {
            "ruleId": finding.rule,
            "ruleIndex": rules[finding.rule],
            **_judgement(finding),
            **_places(finding, setting),
            "partialFingerprints": {
                "checker/v1": print_ if seen[print_] == 1 else f"{print_}:{seen[print_]}"
            },
            # SARIF wants it on all results or on none, empty where nothing is suppressed
            "suppressions": [_suppression(held_back)] if held_back else [],
            **_fixes(finding, setting),
            "properties": _properties(finding),
        }


def _judgement(finding: Finding) -> dict[str, str]:
    if finding.verdict is Verdict.UNDETERMINED:
        return {"kind": "open", "level": "none"}
    return {"kind": "fail", "level": finding.severity.value}


def _places(finding: Finding, setting: Setting) -> dict[str, Any]:
    primary, related = (some[:_MOST_LOCATIONS] for some in by_role(finding))
    return {
        "message": {"text": result_message(finding, related, setting)},
        "locations": [_location(one, finding, setting) for one in primary],
        "relatedLocations": [
            {
                "id": number,
                **located(one, finding.resource, setting),
                "message": {"text": label(one, setting)},
            }
            for number, one in enumerate(related, 1)
        ],
    }


def _location(location: Location, finding: Finding, setting: Setting) -> dict[str, Any]:
    note = {"message": {"text": one_line(location.note)}} if location.note else {}
    return {**located(location, finding.resource, setting), **note}


def _fixes(finding: Finding, setting: Setting) -> dict[str, Any]:
    """Give the fixes that are edits; one that is only shown has nothing that SARIF could hold."""
    fixes = [_fix(one, setting) for one in finding.fixes if one.edits]
    return {"fixes": fixes} if fixes else {}


def _fix(fix: Fix, setting: Setting) -> dict[str, Any]:
    changes: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        changes.setdefault(edit.document.name, []).append(edit)
    return {
        "description": {"text": one_line(f"{fix.title} ({fix.applicability.value})")},
        "artifactChanges": [
            {
                "artifactLocation": artifact(name, setting),
                "replacements": [_replacement(one) for one in edits],
            }
            for name, edits in changes.items()
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    return {"deletedRegion": region(edit.position), "insertedContent": {"text": edit.text}}


def _suppression(held_back: Suppressed) -> dict[str, str]:
    return {
        "kind": "inSource" if held_back.by is HeldBackBy.COMMENT else "external",
        "status": "accepted",
        "justification": one_line(held_back.reason),
    }


def _properties(finding: Finding) -> dict[str, str]:
    witness = {"witness": one_line(finding.witness.sentence)} if finding.witness else {}
    return {"verdict": finding.verdict.value, "resource": one_line(finding.resource), **witness}
