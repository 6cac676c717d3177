"""HTML for untrusted text: all text is made inert, then escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from checker.report.brief import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def text(value: object) -> str:
    """Escape a text for HTML, on one line and without invisible characters."""
    return escape(one_line(str(value)))


def prose(value: str) -> str:
    """Escape a message, with its values in backticks as code."""
    pieces = one_line(value).split("`")
    if len(pieces) % 2 == 0:
        return escape("`".join(pieces))
    return "".join(
        f"<code>{escape(piece)}</code>" if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )


def table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; the cells are HTML, and the first cell of a row is its header."""
    head = "".join(f'<th scope="col">{text(header)}</th>' for header in headers)
    body = "".join(_row(row) for row in rows)
    return f"<table><caption>{text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'


def scrolled(label: str, content: str) -> str:
    """Write content that scrolls by itself, also with the keyboard."""
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{text(label)}">{content}</div>'


def section(name: str, title: str, *parts: str) -> str:
    """Write a section with a heading; empty without content."""
    content = "\n".join(filter(None, parts))
    if not content:
        return ""
    return f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{text(title)}</h2>\n{content}\n</section>'


def folded(title: str, content: str) -> str:
    """Write content that opens on request."""
    return f"<details><summary>{text(title)}</summary>\n{content}\n</details>"


def bullets(items: Sequence[str], most: int = 200) -> str:
    """Write a list of HTML items, of which the first ``most`` are shown; empty without items."""
    if not items:
        return ""
    more = [f"and {len(items) - most} more"] if len(items) > most else []
    return f"<ul>{''.join(f'<li>{item}</li>' for item in (*items[:most], *more))}</ul>"
