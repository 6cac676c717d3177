"""Foreign text in Markdown, made inert: no markup, no HTML, no mention, reference or link comes of it.

https://github.github.com/gfm/ for what the text could do, and GitHub's own mentions and references besides.
"""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_LIVE = re.compile(r"[@#]|:(?=//)|\bwww(?=\.)|\bgh-(?=\d)", re.IGNORECASE)
_BACKTICKS = re.compile("`+")
_BREAK = "\N{ZERO WIDTH SPACE}"


def plain(text: str) -> str:
    """Write a text of one line so that it reads as it is."""
    # mentions, references and bare links are looked for in the rendered text, where escapes are gone
    return _PUNCTUATION.sub(r"\\\1", _LIVE.sub(lambda found: found[0] + _BREAK, text))


def code(text: str) -> str:
    """Write a text of one line as a code span, whatever backticks it has itself."""
    if not text:
        return plain("``")
    runs = [len(run) for run in _BACKTICKS.findall(text)]
    fence = "`" * (max(runs, default=0) + 1)
    edged = text[0] in "` " or text[-1] in "` "
    pad = " " if edged and text.strip(" ") else ""  # of blanks alone none is taken off
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Write one of our messages, which put values between backticks; a value may hold backticks itself."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return plain(text)
    return "".join(code(piece) if index % 2 else plain(piece) for index, piece in enumerate(pieces))
