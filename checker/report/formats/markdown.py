"""Markdown output, as a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.report.markdown import markdown_within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.lint.report import Report
    from checker.report.context import Setting


_COMMENT = 65_536  # GitHub counts characters; a text never has more characters than bytes


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Write the report as a comment within the length limit of GitHub."""
    return markdown_within(_COMMENT, report, setting)
