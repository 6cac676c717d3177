"""Reads heredocs, indented or not.

https://developer.hashicorp.com/terraform/language/expressions/strings#heredoc-strings
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.hcl.expression import Expression, Template, Unsupported
from checker.inputs.hcl.guard import MAX_DEPTH
from checker.inputs.hcl.template import TemplateError, split

if TYPE_CHECKING:
    from checker.policy.node import Stretch


def heredoc(at: Stretch, depth: int) -> Expression:
    """Read the heredoc that stands at a stretch, its marks included."""
    if depth > MAX_DEPTH:
        return Unsupported(at, f"nested more than {MAX_DEPTH} levels deep")
    written = at.source.text[at.start : at.end]
    first, _, _ = written.partition("\n")
    body = written[len(first) + 1 : written.rfind("\n") + 1]
    start = at.start + len(first) + 1
    kept = _without_indent(body) if first.startswith("<<-") else range(len(body))
    text = body if len(kept) == len(body) else "".join(body[one] for one in kept)
    offsets = [*(start + one for one in kept), start + len(body)]
    try:
        return Template(at, split(at.source, text, offsets))
    except TemplateError as error:
        return Unsupported(at, str(error))


def _without_indent(body: str) -> list[int]:
    """The numbers of the characters that stay when the indent of the least indented line is taken off."""
    lines = body.splitlines(keepends=True)
    indent = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    kept: list[int] = []
    at = 0
    for line in lines:
        blank = len(line) - len(line.lstrip(" \t"))
        kept += range(at + min(indent, blank), at + len(line))
        at += len(line)
    return kept
