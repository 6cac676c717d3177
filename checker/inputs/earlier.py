"""Recognizes a report of an earlier run by its content: a later run may overwrite it, unlike any other file."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

_SCHEMAS = ("report.v1.json", "baseline.v1.json", "diff.v1.json", "fix.v1.json", "flow.v1.json")
_EXPLANATION = frozenset(("topic", "instance", "connect_can_publish", "links"))
_BEGINNINGS = ("## checker: ", '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="checker"')
"""The first characters of a Markdown and of a JUnit report."""


def is_report(text: str) -> bool:
    """True for a report or baseline of checker, and for an empty file, which a clean text report is."""
    if not text.strip() or text.startswith(_BEGINNINGS):
        return True
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and (
        value.keys() >= _EXPLANATION or _is_sarif(value) or _has_schema(value)
    )


def _is_sarif(value: dict[str, Any]) -> bool:
    try:
        (run,) = value["runs"]
        return bool(run["tool"]["driver"]["name"] == "checker")
    except (KeyError, TypeError, ValueError):
        return False


def _has_schema(value: dict[str, Any]) -> bool:
    """True for the keys of a published schema, no more and no fewer."""
    return value.get("version") == 1 and any(_fits(value, name) for name in _SCHEMAS)


def _fits(value: dict[str, Any], name: str) -> bool:
    schema = json.loads(files("checker.schemas").joinpath(name).read_text("utf-8"))
    return set(schema["required"]) <= value.keys() <= set(schema["properties"])
