"""SARIF 2.1.0 with exactly one run, for GitHub code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker import __version__
from checker.core.finding import Severity, Verdict, format_route
from checker.core.pattern import pattern
from checker.core.terminal_text import json_lines
from checker.lint.report import SuppressedBy
from checker.report.brief import by_role, crash_text, entries, one_line, place, summary
from checker.report.review import fingerprints, relative_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.core.finding import Edit, Finding, Fix, Location, Position
    from checker.lint.report import Report, Suppressed
    from checker.lint.rule import Rule
    from checker.report.brief import Entry
    from checker.report.context import Setting


# GitHub maps the number to a severity: 7.0 and above is high, 4.0 and above medium, below that low.
_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}


def descriptors(rules: Iterable[Rule], used: Iterable[str]) -> list[dict[str, Any]]:
    """Describe the rules that ran; other rules whose ID is used are described by their ID only."""
    known = {rule.id: _descriptor(rule) for rule in rules}
    return [*known.values(), *(_unknown_rule(rule) for rule in sorted(set(used) - known.keys()))]


def _descriptor(rule: Rule) -> dict[str, Any]:
    page = rule.documentation() or rule.summary
    return {
        "id": rule.id,
        "name": rule_name(rule.id),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": " ".join(page.partition("\n\n")[0].split())},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {
            "precision": "high",
            "security-severity": _SECURITY_SEVERITY[rule.severity],
            "tags": ["security", rule.family],
        },
    }


def _unknown_rule(rule: str) -> dict[str, Any]:
    text = {"text": f"the rule {rule}"}
    return {
        "id": rule,
        "name": rule_name(rule),
        "shortDescription": text,
        "fullDescription": text,
        "help": text,
    }


def rule_name(rule: str) -> str:
    """Write the ID of a rule as a name, such as `AccessGained`."""
    return "".join(word.capitalize() for word in rule.split("-"))


_SPECIAL = pattern(r"([\\\[\]])")


def result_message(finding: Finding, related: Sequence[Location], setting: Setting) -> str:
    """Write the message, the help, and links to the related locations, which are numbered from 1.

    GitHub shows a related location only where the message links to it.
    """
    message = literal(one_line(finding.message))
    paragraphs = [message if message.endswith((".", "?", "!")) else f"{message}."]
    if finding.help:
        paragraphs.append(f"Help: {literal(one_line(finding.help))}")
    links = [
        f"[{_escaped(label(location, setting))}]({number})" for number, location in enumerate(related, 1)
    ]
    if links:
        paragraphs.append(f"See {', '.join(links)}")
    return "\n\n".join(paragraphs)


def label(location: Location, setting: Setting) -> str:
    """Return the note of a related location, or its place if it has no note."""
    return one_line(location.note) or place(location, setting)


def literal(text: str) -> str:
    """Escape a text only if it could be read as a link, because some viewers show the escapes."""
    return _escaped(text) if "](" in text else text


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


ROOT = "%SRCROOT%"


def artifact(name: str, setting: Setting) -> dict[str, str]:
    """Return the artifact location of a file; a live resource is represented as a file."""
    return {"uri": relative_uri(name, setting), "uriBaseId": ROOT}


def region(position: Position | None) -> dict[str, int]:
    """Return the region of a position; a live resource counts as a file of one line."""
    if position is None:
        return {"startLine": 1}
    return {
        "startLine": position.line,
        "startColumn": position.column,
        "endLine": position.end_line,
        "endColumn": position.end_column,
    }


def located(location: Location, finding: Finding, setting: Setting) -> dict[str, Any]:
    """Return a SARIF location: the file and region, the resource of the finding, its construct and the JSON pointer."""
    resource, route = finding.resource, format_route(location.route)
    names = [
        {"fullyQualifiedName": one_line(f"{resource}#{route}" if route else resource), "kind": "resource"}
    ]
    if finding.construct:
        names.append({"fullyQualifiedName": one_line(finding.construct), "kind": "construct"})
    if location.pointer:
        names.append({"fullyQualifiedName": one_line(location.pointer), "kind": "value"})
    return {
        "physicalLocation": {
            "artifactLocation": artifact(location.source, setting),
            "region": region(location.position()),
        },
        "logicalLocations": names,
    }


_MAX_LOCATIONS = 10  # GitHub accepts 1,000, but more than a few are not readable


def results(entries: Sequence[Entry], rules: Mapping[str, int], setting: Setting) -> Iterator[dict[str, Any]]:
    """Yield the SARIF results of entries; ``rules`` maps rule IDs to indices."""
    for (finding, suppression), print_ in zip(entries, fingerprints(entries, setting), strict=True):
        yield {
            "ruleId": finding.rule,
            "ruleIndex": rules[finding.rule],
            **_status(finding),
            **_places(finding, setting),
            "partialFingerprints": partial_fingerprints(print_),
            # SARIF requires the property on all results or on none; it is empty for active results.
            "suppressions": [_suppression(suppression)] if suppression else [],
            **_fixes(finding, setting),
            "properties": _properties(finding),
        }


def partial_fingerprints(print_: str) -> dict[str, str]:
    """Return the fingerprints of a result. GitHub matches the results of two uploads by the second name alone."""
    return {"checker/v1": print_, "primaryLocationLineHash": print_}


def _status(finding: Finding) -> dict[str, str]:
    if finding.verdict is Verdict.UNDETERMINED:
        return {"kind": "open", "level": "none"}
    return {"kind": "fail", "level": finding.severity.value}


def _places(finding: Finding, setting: Setting) -> dict[str, Any]:
    primary, related = (locations[:_MAX_LOCATIONS] for locations in by_role(finding))
    return {
        "message": {"text": result_message(finding, related, setting)},
        "locations": [_location(location, finding, setting) for location in primary],
        "relatedLocations": [
            {
                "id": number,
                **located(location, finding, setting),
                "message": {"text": label(location, setting)},
            }
            for number, location in enumerate(related, 1)
        ],
    }


def _location(location: Location, finding: Finding, setting: Setting) -> dict[str, Any]:
    note = {"message": {"text": one_line(location.note)}} if location.note else {}
    return {**located(location, finding, setting), **note}


def _fixes(finding: Finding, setting: Setting) -> dict[str, Any]:
    """Return the fixes that have edits; SARIF cannot represent the others."""
    fixes = [_fix(fix, setting) for fix in finding.fixes if fix.edits]
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
                "replacements": [_replacement(change) for change in edits],
            }
            for name, edits in changes.items()
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    return {"deletedRegion": region(edit.position), "insertedContent": {"text": edit.text}}


def _suppression(suppression: Suppressed) -> dict[str, str]:
    return {
        "kind": "inSource" if suppression.by is SuppressedBy.COMMENT else "external",
        "status": "accepted",
        "justification": one_line(suppression.reason),
    }


def _properties(finding: Finding) -> dict[str, str]:
    witness = {"witness": one_line(finding.witness.sentence)} if finding.witness else {}
    return {"verdict": finding.verdict.value, "resource": one_line(finding.resource), **witness}


SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_RESULTS = 25_000  # GitHub rejects a run with more results


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Write the report as a SARIF log file."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, setting)]}
    return json_lines(log)


def _run(report: Report, setting: Setting) -> dict[str, Any]:
    every = entries(report)
    rules = descriptors(setting.rules, [*(entry.finding.rule for entry in every), *report.crashed])
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": "checker", "version": __version__, "semanticVersion": __version__, "rules": rules}
    return {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "the repository root"}}},
        "invocations": [_invocation(report, every, index, setting)],
        "results": list(results(every[:MAX_RESULTS], index, setting)),
        "properties": {"summary": {_camel(key): count for key, count in summary(report).items()}},
    }


def _invocation(
    report: Report, every: Sequence[Entry], index: dict[str, int], setting: Setting
) -> dict[str, Any]:
    skipped = [
        _notification("error" if item.error else "note", item.what, item.reason, item.position, setting)
        for item in report.skipped
    ]
    stale = [
        _notification("warning", item.where, item.reason, item.position, setting) for item in report.stale
    ]
    return {
        "executionSuccessful": not (report.crashed or report.unreadable),
        "toolExecutionNotifications": [*_crashes(report, index), *skipped, *_omitted(len(every))],
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
            "message": {"text": crash_text(rule)},
            "associatedRule": {"id": rule, "index": index[rule]},
        }


def _omitted(number: int) -> Iterator[dict[str, Any]]:
    if number > MAX_RESULTS:
        text = f"{number - MAX_RESULTS} of {number} results are omitted: the least severe and the suppressed ones"
        yield {"level": "error", "message": {"text": text}}


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(word.capitalize() for word in others)
