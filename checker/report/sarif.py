"""SARIF 2.1.0 with exactly one run, as GitHub code scanning takes it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker import __version__
from checker.report.brief import one_line
from checker.report.entry import entries
from checker.report.json_v1 import summary
from checker.report.sarif_place import ROOT, artifact, region
from checker.report.sarif_result import results
from checker.report.sarif_rule import descriptors
from checker.terminal_text import json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.finding import Position
    from checker.outcome import Report
    from checker.report.entry import Entry
    from checker.report.setting import Setting

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_MOST_RESULTS = 25_000  # GitHub refuses a run with more


def sarif_report(report: Report, setting: Setting) -> Iterator[str]:
    """Write the report as a SARIF log."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report, setting)]}
    return json_lines(log)


def _run(report: Report, setting: Setting) -> dict[str, Any]:
    every = entries(report)
    rules = descriptors(setting.rules, [*(one.finding.rule for one in every), *report.crashed])
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": "checker", "version": __version__, "semanticVersion": __version__, "rules": rules}
    return {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "the top of the repository"}}},
        "invocations": [_invocation(report, every, index, setting)],
        "results": list(results(every[:_MOST_RESULTS], index, setting)),
        "properties": {"summary": {_camel(key): count for key, count in summary(report).items()}},
    }


def _invocation(
    report: Report, every: Sequence[Entry], index: dict[str, int], setting: Setting
) -> dict[str, Any]:
    skipped = [
        _notification("error" if one.error else "note", one.what, one.reason, one.position, setting)
        for one in report.skipped
    ]
    stale = [_notification("warning", one.where, one.reason, one.position, setting) for one in report.stale]
    return {
        "executionSuccessful": not (report.crashed or report.unreadable),
        "toolExecutionNotifications": [*_crashes(report, index), *skipped, *_left_out(len(every))],
        "toolConfigurationNotifications": stale,
    }


def _notification(
    level: str, what: str, reason: str, position: Position | None, setting: Setting
) -> dict[str, Any]:
    place = {
        "artifactLocation": artifact(what, setting),
        **({"region": region(position)} if position else {}),
    }
    message = {"text": one_line(f"{what}: {reason}")}
    return {"level": level, "message": message, "locations": [{"physicalLocation": place}]}


def _crashes(report: Report, index: dict[str, int]) -> Iterator[dict[str, Any]]:
    for rule in sorted(set(report.crashed)):
        yield {
            "level": "error",
            "message": {"text": f"the rule {rule} failed itself, which is a fault of checker"},
            "associatedRule": {"id": rule, "index": index[rule]},
        }


def _left_out(number: int) -> Iterator[dict[str, Any]]:
    if number > _MOST_RESULTS:
        text = f"of {number} results, {number - _MOST_RESULTS} are left out, the least severe and those suppressed"
        yield {"level": "error", "message": {"text": text}}


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(word.capitalize() for word in others)
