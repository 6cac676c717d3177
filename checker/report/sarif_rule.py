"""Rules as SARIF describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.rule import Rule

# GitHub ranks by number: from 7.0 it says high, from 4.0 medium, below low
_SECURITY_SEVERITY = {Severity.ERROR: "8.0", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}


def descriptors(rules: Iterable[Rule], met: Iterable[str]) -> list[dict[str, Any]]:
    """Describe the rules that ran, and by its name alone any other whose id was met."""
    known = {rule.id: _descriptor(rule) for rule in rules}
    return [*known.values(), *(_stranger(rule) for rule in sorted(set(met) - known.keys()))]


def _descriptor(rule: Rule) -> dict[str, Any]:
    page = rule.documentation() or rule.summary
    return {
        "id": rule.id,
        "name": _name(rule.id),
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


def _stranger(rule: str) -> dict[str, Any]:
    text = {"text": f"the rule {rule}"}
    return {
        "id": rule,
        "name": _name(rule),
        "shortDescription": text,
        "fullDescription": text,
        "help": text,
    }


def _name(rule: str) -> str:
    return "".join(word.capitalize() for word in rule.split("-"))
