"""Access changes as SARIF 2.1.0, for GitHub code scanning: one result for each row of the table.

Upload it with a category of its own, because a later upload of the same category replaces the results.
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker import __version__
from checker.configuration.baseline import fingerprint, numbered
from checker.core.terminal_text import json_lines
from checker.report.access.rows import (
    GAINS,
    LOSES,
    MAY_GAIN,
    MAY_LOSE,
    NOT_KNOWN,
    assumptions_of,
    sorted_rows,
    summary_of,
)
from checker.report.brief import one_line
from checker.report.formats.sarif import (
    MAX_RESULTS,
    ROOT,
    SCHEMA,
    artifact,
    literal,
    partial_fingerprints,
    rule_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.policy_pair import ComparedRoots
    from checker.core.errors import Skipped
    from checker.report.access.rows import Row
    from checker.report.context import Setting


class _Rules:
    """The rules of the results: the ID, the level, the severity of GitHub, and the description."""

    GAINED = ("access-gained", "warning", "5.0", "A change lets a caller do more with a topic or key.")
    LOST = ("access-lost", "note", "2.0", "A change takes access to a topic or key from a caller.")
    DECLARED = ("access-resource-changed", "note", "2.0", "A topic or key is added, removed or renamed.")
    OPEN = ("access-change-not-known", "note", "2.0", "It is not known whether a change affects access.")


_RULES = (_Rules.GAINED, _Rules.LOST, _Rules.DECLARED, _Rules.OPEN)
_OF_CHANGE = {
    GAINS: _Rules.GAINED,
    MAY_GAIN: _Rules.GAINED,
    LOSES: _Rules.LOST,
    MAY_LOSE: _Rules.LOST,
    NOT_KNOWN: _Rules.OPEN,
}
_HELP = (
    "The comparison covers all requests and deployments. Each change has a request as witness that only one of "
    "the two policies allows. `checker diff --base REVISION` prints the same table in a terminal."
)


def lines_of(found: ComparedRoots, setting: Setting) -> Iterator[str]:
    """Write the changes as a SARIF log file."""
    rows = list(sorted_rows(found))
    driver = {"name": "checker", "version": __version__, "semanticVersion": __version__}
    run = {
        "tool": {"driver": {**driver, "rules": [_descriptor(*rule) for rule in _RULES]}},
        "automationDetails": {"id": "checker-diff/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "the repository root"}}},
        "invocations": [_invocation(found, len(rows), setting)],
        "results": list(_results(rows[:MAX_RESULTS], setting)),
        "properties": {
            "summary": one_line(summary_of(found)),
            "compared": one_line(found.compared),
            "assumptions": [one_line(one) for one in assumptions_of(found)],
        },
    }
    return json_lines({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _descriptor(rule: str, level: str, severity: str, text: str) -> dict[str, Any]:
    return {
        "id": rule,
        "name": rule_name(rule),
        "shortDescription": {"text": text},
        "fullDescription": {"text": text},
        "help": {"text": _HELP, "markdown": _HELP},
        "defaultConfiguration": {"level": level},
        "properties": {"precision": "high", "security-severity": severity, "tags": ["security", "access"]},
    }


def _results(rows: list[Row], setting: Setting) -> Iterator[dict[str, Any]]:
    for row, (mark, number) in zip(rows, numbered(map(_mark, rows)), strict=True):
        rule = _OF_CHANGE.get(row.change, _Rules.DECLARED)
        region = {"startLine": row.line}
        yield {
            "ruleId": rule[0],
            "ruleIndex": _RULES.index(rule),
            "kind": "open" if rule is _Rules.OPEN else "fail",
            "level": "none" if rule is _Rules.OPEN else rule[1],
            "message": {"text": _message(row)},
            "locations": [
                {"physicalLocation": {"artifactLocation": artifact(row.file, setting), "region": region}}
            ],
            "relatedLocations": [],
            "partialFingerprints": partial_fingerprints(f"{mark}:{number}"),
        }


def _mark(row: Row) -> str:
    return fingerprint((row.change, row.kind, row.resource, row.who, *row.actions))


def _message(row: Row) -> str:
    lines = [one_line(row.message), *(f"{label}: {one_line(text)}" for label, text in row.proof)]
    return literal("\n\n".join(lines))


def _invocation(found: ComparedRoots, number: int, setting: Setting) -> dict[str, Any]:
    notes = [_notification("warning", one, setting) for one in found.unread]
    notes += [_notification("note", one, setting) for one in found.untouched]
    if number > MAX_RESULTS:
        notes.append({"level": "error", "message": {"text": f"{number - MAX_RESULTS} results are omitted"}})
    return {"executionSuccessful": not found.unread, "toolExecutionNotifications": notes}


def _notification(level: str, one: Skipped, setting: Setting) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": artifact(one.what, setting)}}
    return {"level": level, "message": {"text": one_line(f"{one.what}: {one.reason}")}, "locations": [place]}
