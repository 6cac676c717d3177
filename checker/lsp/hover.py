"""Shows the page of a rule beside its finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol.types import Hover, MarkupContent, MarkupKind

from checker.lint.registry import rule_named
from checker.lsp.diagnostics import findings_in
from checker.lsp.positions import contains

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lsprotocol.types import Position, Range

    from checker.core.finding import Finding
    from checker.lsp.diagnostics import Shown


def hover_at(path: str, place: Position, kind: MarkupKind, shown: Shown) -> Hover | None:
    """Return the pages of the rules of the findings at a place of a document; ``None`` without any."""
    found = [
        (finding, where)
        for finding, where in findings_in(shown.check.report, path, shown)
        if contains(where, place)
    ]
    if not found:
        return None
    rules = {finding.rule: finding for finding, _ in found}
    texts = (text for finding in rules.values() for text in _page(finding))
    return Hover(MarkupContent(kind, "\n\n".join(texts)), _innermost(where for _, where in found))


def _page(finding: Finding) -> Iterator[str]:
    """Yield a rule with what it says of itself; the editor shows the message of the finding."""
    yield f"**{finding.severity.value}** `{finding.rule}`"
    rule = rule_named(finding.rule)
    yield rule.documentation() if rule is not None else ""


def _innermost(ranges: Iterator[Range]) -> Range:
    """Return the range that begins last."""
    return max(ranges, key=lambda one: (one.start.line, one.start.character))
