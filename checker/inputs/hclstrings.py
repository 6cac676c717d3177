"""Where the strings and heredocs of an HCL file are, so that what looks like a comment in them is told from one.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re

_OUTSIDE = re.compile(
    r'#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z)|(?P<quote>")|(?P<open>\{)|(?P<close>\})|<<-?(?P<heredoc>[A-Za-z_][\w-]*)\r?\n',
    re.DOTALL,
)
_INSIDE = re.compile(r'\\.|\$\$\{|%%\{|(?P<open>[$%]\{)|(?P<end>["\n])', re.DOTALL)


def strings_in(text: str) -> list[tuple[int, int]]:
    """Give the stretches of all strings and heredocs; those inside an interpolation belong to their string."""
    found, at = [], 0
    while token := _OUTSIDE.search(text, at):
        at = token.end()
        if token["quote"]:
            at = _end_of_string(text, at)
            found.append((token.start(), at))
        elif token["heredoc"]:
            at = end_of_heredoc(text, token["heredoc"], at)
            found.append((token.start(), at))
    return found


def end_of_heredoc(text: str, word: str, at: int) -> int:
    """Find the end of a heredoc whose first line begins at an offset; the end of the text for one without."""
    closing = re.compile(rf"^[ \t]*{re.escape(word)}[ \t]*\r?$", re.MULTILINE)
    found = closing.search(text, at)
    return found.end() if found else len(text)


def _end_of_string(text: str, at: int) -> int:
    """Find the end of a string after its first quote; what stands in `${...}` may be braces and strings again."""
    open_braces: list[int] = []  # for every interpolation around the place; a string opens in between
    in_string = True
    strings = 1
    while token := (_INSIDE if in_string else _OUTSIDE).search(text, at):
        at = token.end()
        if in_string and token["end"]:
            strings -= 1
            if strings == 0 or token[0] == "\n":
                return at
            in_string = False
        elif in_string and token["open"]:
            open_braces.append(0)
            in_string = False
        elif not in_string and token["quote"]:
            strings += 1
            in_string = True
        elif not in_string and token["open"]:
            open_braces[-1] += 1
        elif not in_string and token["close"]:
            open_braces[-1] -= 1
            if open_braces[-1] < 0:
                open_braces.pop()
                in_string = True
    return len(text)
