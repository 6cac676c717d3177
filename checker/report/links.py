"""One line for each link of a chain: status, name and reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.terminal_text import inert
from checker.lint.rule import Link
from checker.lint.status import BROKEN, OK, UNKNOWN

if TYPE_CHECKING:
    from checker.lint.explanation import LinkStatus
    from checker.report.context import Paint


STYLES = {OK: "ok", BROKEN: "error", UNKNOWN: "warning"}


def link_text(status: LinkStatus, paint: Paint) -> str:
    """Format a link of the chain, with the rule that determined its status."""
    rule = paint("dim", f" [{status.rule}]") if status.rule else ""
    return f"{link_line(status.link.value, status.status, status.reason, paint, _WIDTH)}{rule}"


_WIDTH = max(len(link.value) for link in Link)


def link_line(name: str, status: str, reason: str, paint: Paint, width: int = 13) -> str:
    """Format one link of a chain: status, name and reason; ``width`` is that of the name."""
    word = {BROKEN: "BROKEN", UNKNOWN: "unknown"}.get(status, status if status == OK else "-")
    styled = paint(STYLES.get(status, "dim"), f"{word:<8}")
    return f"  {styled} {name.replace('_', ' '):<{width}} {inert(reason)}"
