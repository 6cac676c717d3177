"""The formats that a report can be written in; each is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from checker.lint.report import Report
    from checker.report.context import Setting

FORMATS = {
    "text": ("text", "findings_text"),
    "json": ("json_v1", "json_report"),
    "sarif": ("sarif", "sarif_report"),
    "junit": ("junit", "junit_report"),
    "github": ("github", "github_commands"),
    "markdown": ("markdown", "markdown_report"),
}
"""Name to module and function; a function gives the lines of the report, without line ends."""


def render(name: str, report: Report, setting: Setting) -> Iterable[str]:
    """Write a report in a format. Raises KeyError for a format that does not exist."""
    module, function = FORMATS[name]
    write: Callable[[Report, Setting], Iterable[str]] = getattr(
        import_module(f"checker.report.{module}"), function
    )
    return write(report, setting)
