"""Shows the page of a rule beside its finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol.types import Hover, MarkupContent, MarkupKind

from checker.app.run import known_rules
from checker.lsp.diagnostics import findings_in, message_lines
from checker.lsp.positions import contains

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lsprotocol.types import Position, Range

    from checker.core.finding import Finding
    from checker.lsp.diagnostics import Shown


def hover_at(path: str, place: Position, kind: MarkupKind, shown: Shown) -> Hover | None:
    """Return the findings at a place of a document, each with the page of its rule; ``None`` without any."""
    found = [
        (finding, where)
        for finding, where in findings_in(shown.check.report, path, shown)
        if contains(where, place)
    ]
    if not found:
        return None
    pages = {rule.id: rule.documentation() for rule in known_rules()}
    texts = (text for finding, _ in found for text in _page(finding, pages.get(finding.rule, "")))
    return Hover(MarkupContent(kind, "\n\n".join(texts)), _innermost(where for _, where in found))


def _page(finding: Finding, page: str) -> Iterator[str]:
    """Yield a finding with what its rule says of itself."""
    yield f"**{finding.severity.value}** `{finding.rule}`"
    yield from message_lines(finding)
    yield page


def _innermost(ranges: Iterator[Range]) -> Range:
    """Return the range that begins last."""
    return max(ranges, key=lambda one: (one.start.line, one.start.character))
