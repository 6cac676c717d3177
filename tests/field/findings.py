"""Expectations about a JSON report: which findings, verdicts and counts it has."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.field.unmet import UnmetError

RANK = {"note": 1, "warning": 2, "error": 3}
PATTERN_FIELDS = {"rule", "rule_not", "severity", "verdict", "says", "resource", "file", "line"}

Report = Mapping[str, Any]
Pattern = Mapping[str, Any]


def as_list(value: Any) -> list[Any]:
    """A list as it is, and anything else as the only member of one."""
    return value if isinstance(value, list) else [value]


def matches(finding: Mapping[str, Any], pattern: Pattern) -> bool:
    """True if a finding has everything that a pattern asks for. Raises ValueError for a misspelled field."""
    if unknown := set(pattern) - PATTERN_FIELDS:
        raise ValueError(f"unknown fields in a pattern of findings: {', '.join(sorted(unknown))}")
    resource = f"{finding['resource']} {finding.get('address') or ''}".lower()
    text = f"{finding['message']} {finding['help']} {resource}".lower()
    return (
        finding["rule"] in as_list(pattern.get("rule", finding["rule"]))
        and finding["rule"] not in as_list(pattern.get("rule_not", []))
        and RANK[finding["severity"]] >= RANK[pattern.get("severity", "note")]
        and finding["verdict"] in as_list(pattern.get("verdict", finding["verdict"]))
        and any(word.lower() in text for word in as_list(pattern.get("says", "")))
        and pattern.get("resource", "").lower() in resource
        and any(_is_at(place, pattern) for place in finding["locations"] or [{}])
    )


def _is_at(place: Mapping[str, Any], pattern: Pattern) -> bool:
    if not place.get("source", "").endswith(pattern.get("file", "")):
        return False
    if "line" not in pattern:
        return True
    line = place.get("line")
    return line is not None and line <= pattern["line"] <= (place["end_line"] or line)


def expect_findings(report: Report, patterns: list[Pattern], *, unknown_ok: bool) -> None:
    """Expect a finding for each pattern, or for one of its `any_of`. Raises UnmetError."""
    for pattern in patterns:
        choices = as_list(pattern.get("any_of", pattern))
        if any(matches(finding, choice) for finding in report["findings"] for choice in choices):
            continue
        if not (unknown_ok and any(_is_undetermined(report, choice) for choice in choices)):
            raise UnmetError(f"no finding {json.dumps(pattern)}; there is: {in_short(report)}")


def _is_undetermined(report: Report, pattern: Pattern) -> bool:
    rules = as_list(pattern.get("rule", []))
    verdicts = [finding["verdict"] for finding in report["findings"] if finding["rule"] in rules]
    verdicts += [target["verdicts"].get(rule) for target in report["examined"] for rule in rules]
    return "UNDETERMINED" in verdicts


def expect_no_findings(report: Report, patterns: list[Pattern]) -> None:
    """Expect that no finding matches a pattern. Raises UnmetError."""
    for finding in report["findings"]:
        if any(matches(finding, pattern) for pattern in patterns):
            places = [f"{place['source']}:{place['line']}" for place in finding["locations"]]
            name = f"{finding['severity']}[{finding['rule']}]"
            raise UnmetError(f"unexpected {name} at {', '.join(places)}: {finding['message']}")


def expect_count(report: Report, key: str, count: int | list[int]) -> None:
    """Expect a count of the summary: a number, or the least and the most. Raises UnmetError."""
    least, most = count if isinstance(count, list) else (count, count)
    if not least <= report["summary"][key] <= most:
        raise UnmetError(f"{key}: {report['summary'][key]}, expected {count}; there is: {in_short(report)}")


def expect_verdicts(report: Report, wanted: list[Mapping[str, Any]]) -> None:
    """Expect that each target's verdict, or that of some target, is one of `in`. Raises UnmetError."""
    for want in wanted:
        verdicts = list(_verdicts(report, **{key: want[key] for key in want if key not in ("in", "some")}))
        good = [verdict in want["in"] for verdict in verdicts]
        if not good or not (any(good) if want.get("some") else all(good)):
            raise UnmetError(f"{want['rule']} is {verdicts or 'not judged'}, expected {want['in']}")


def _verdicts(report: Report, rule: str, kind: str = "", resource: str = "") -> Iterator[str]:
    for target in report["examined"]:
        if target["kind"] == (kind or target["kind"]) and resource in target["resource"]:
            yield from (verdict for name, verdict in target["verdicts"].items() if name == rule)


def mentions(report: Report) -> list[str]:
    """What a report says was not read: the skipped inputs, and the texts and places of findings."""
    skipped = [f"{each['what']} {each['reason']}" for each in report["skipped"]]
    return skipped + [_whole(finding) for finding in report["findings"]]


def _whole(finding: Mapping[str, Any]) -> str:
    places = " ".join(place["source"] for place in finding["locations"])
    return f"{finding['message']} {finding['help']} {finding['resource']} {finding.get('address')} {places}"


def in_short(report: Report) -> str:
    """A report in one line, for messages."""
    found = " ".join(f"{each['severity']}[{each['rule']}]" for each in report["findings"]) or "no findings"
    counts = {key: report["summary"][key] for key in ("topics", "keys", "topics_not_judged", "skipped")}
    return f"{found}; {', '.join(f'{key} {count}' for key, count in counts.items())}"
