"""What the tests of the configuration share."""

from __future__ import annotations

from checker.inputs.text import TextDocument, parse_text


def document(name: str, text: str = "{}") -> TextDocument:
    return parse_text(name, text)
