"""Places in SARIF: where in the repository, and where in the resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.finding import format_route
from checker.report.brief import one_line
from checker.report.uri import relative_uri

if TYPE_CHECKING:
    from checker.finding import Location, Position
    from checker.report.setting import Setting

ROOT = "%SRCROOT%"


def artifact(name: str, setting: Setting) -> dict[str, str]:
    """Name a file, or a live resource as if it were one."""
    return {"uri": relative_uri(name, setting), "uriBaseId": ROOT}


def region(position: Position | None) -> dict[str, int]:
    """Mark a stretch of a file; a live resource counts as a file of one line."""
    if position is None:
        return {"startLine": 1}
    return {
        "startLine": position.line,
        "startColumn": position.column,
        "endLine": position.end_line,
        "endColumn": position.end_column,
    }


def located(location: Location, resource: str, setting: Setting) -> dict[str, Any]:
    """Place a part of a finding in its file and in the resource that the finding is about."""
    route = format_route(location.route)
    name = one_line(f"{resource}#{route}" if route else resource)
    return {
        "physicalLocation": {
            "artifactLocation": artifact(location.source, setting),
            "region": region(location.position()),
        },
        "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}],
    }
