"""Where the strings and heredocs of an HCL file are, so that what looks like a comment in them is told from one.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re

_OUTSIDE = re.compile(
    r'#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z)|(?P<quote>")|(?P<open>\{)|(?P<close>\})|<<-?(?P<heredoc>[^\W\d][\w-]*)\r?\n',
    re.DOTALL,
)
_OPENING = re.compile(r"<<-?(?P<word>[^\W\d][\w-]*)\r?\n")
_NOT_PLAIN = re.compile(r"^_|[^\x00-\x7f]")
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
    closing = re.compile(rf"^[ \t]*{re.escape(word)}[ \t]*(?=\r?$)", re.MULTILINE)
    found = closing.search(text, at)
    return found.end() if found else len(text)


def with_plain_markers(text: str) -> str:
    """Write the markers of heredocs as python-hcl2's grammar knows them; every offset stays what it is.

    The grammar takes no blanks behind the end marker, which Terraform trims, and no marker that begins with an
    underscore or has other letters than ASCII.
    """
    parts: list[str] = []
    at = 0
    for start, end in strings_in(text) if "<<" in text else ():
        opening = _OPENING.match(text, start, end)
        last = text.rfind("\n", start, end) + 1
        if opening is not None and text[last:end].strip() == opening["word"]:  # else it has no end
            plain = _NOT_PLAIN.sub("X", opening["word"])
            parts += (text[at : opening.start("word")], plain, text[opening.end("word") : last])
            parts.append(plain.rjust(end - last))
            at = end
    return "".join([*parts, text[at:]])


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
