"""Finds the strings, heredocs, comments and brackets of HCL text.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#lexical-elements
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_MARKER = r"<<-?(?P<heredoc>[^\W\d][\w-]*)\r?\n"
_OUTSIDE = pattern(
    r'(?P<comment>#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<quote>")|(?P<open>[\[({])|(?P<close>[\])}])'
    rf"|{_MARKER}",
    re.DOTALL,
)
_INSIDE = pattern(r'\\.|\$\$\{|%%\{|(?P<open>[$%]\{)|(?P<end>["\n])', re.DOTALL)
_OPENING = pattern(_MARKER)


class Token(NamedTuple):
    """A comment, string, heredoc or bracket; ``is_closed`` is false if the text ends before it does."""

    kind: str
    start: int
    end: int
    is_closed: bool = True


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens in their order; strings inside an interpolation belong to the outer string."""
    at = 0
    while match := _OUTSIDE.search(text, at):
        token = _token(text, match)
        yield token
        at = token.end


def _token(text: str, match: re.Match[str]) -> Token:
    start, kind = match.start(), str(match.lastgroup)
    if kind == "comment":
        is_long = text.startswith("/*", start)
        return Token(kind, start, match.end(), not is_long or text.find("*/", start + 2, match.end()) >= 0)
    if kind == "quote":
        end = _end_of_string(text, match.end())
        return Token("string", start, end, end - start > 1 and text[end - 1] == '"')
    if kind == "heredoc":
        end = end_of_heredoc(text, match["heredoc"], match.end())
        last = text.rfind("\n", start, end) + 1
        return Token("heredoc", start, end, text[last:end].strip() == match["heredoc"])
    return Token(kind, start, match.end())


def strings_in(text: str) -> list[tuple[int, int]]:
    """Return the ranges of all strings and heredocs."""
    return [(one.start, one.end) for one in tokens(text) if one.kind in ("string", "heredoc")]


def end_of_heredoc(text: str, word: str, at: int) -> int:
    """Return the end of a heredoc whose first line begins at an offset; the end of the text if unterminated."""
    closing = re.compile(rf"^[ \t]*{re.escape(word)}[ \t]*(?=\r?$)", re.MULTILINE)
    found = closing.search(text, at)
    return found.end() if found else len(text)


def _end_of_string(text: str, at: int) -> int:
    """Return the end of a string after its opening quote; `${...}` may contain braces and strings."""
    open_braces: list[int] = []  # one count for each enclosing interpolation
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
        elif not in_string and token[0] == "{":
            open_braces[-1] += 1
        elif not in_string and token[0] == "}":
            open_braces[-1] -= 1
            if open_braces[-1] < 0:
                open_braces.pop()
                in_string = True
    return len(text)


class Fault(NamedTuple):
    """A token that makes a text invalid, and why."""

    at: int
    reason: str


_PAIRS = {"]": "[", ")": "(", "}": "{"}


def unclosed(text: str) -> Fault | None:
    """Return the first string, comment or heredoc that is not closed, else the first bracket without its pair."""
    stack: list[Token] = []
    fault: Fault | None = None
    for token in tokens(text):
        if not token.is_closed:
            return Fault(token.start, f"this {token.kind} is not closed")
        if token.kind == "open":
            stack.append(token)
        elif token.kind == "close" and fault is None:
            fault = _mismatch(text, token, stack.pop() if stack else None)
    if fault is None and stack:
        return _not_closed(text, stack[-1])
    return fault


def _mismatch(text: str, closing: Token, opening: Token | None) -> Fault | None:
    if opening is None:
        return Fault(closing.start, f"unexpected `{text[closing.start]}`")
    is_pair = _PAIRS[text[closing.start]] == text[opening.start]
    return None if is_pair else _not_closed(text, opening)


def _not_closed(text: str, opening: Token) -> Fault:
    return Fault(opening.start, f"this `{text[opening.start]}` is not closed")


def plain(text: str) -> str:
    """Rewrite what HCL allows and the grammar does not know, without changing offsets.

    These are numbers with exponents, keys in parentheses after a line that ends with a name, and heredocs with
    unusual markers or incomplete templates.
    """
    parts: list[str] = []
    at = 0
    for token in tokens(text):
        if token.kind in _PLAIN:
            parts.append(_plain_code(text[at : token.start]))
            parts.append(_PLAIN[token.kind](text[token.start : token.end]))
            at = token.end
    return "".join([*parts, _plain_code(text[at:])])


_EXPONENT = pattern(r"(?<![\w.])\d+(?:\.\d+)?[eE][+-]?\d+")
_KEY = pattern(r"(?<=\w)([ \t\r]*)\n(?=\s*\()")


def _plain_code(text: str) -> str:
    numbers = _EXPONENT.sub(lambda match: "1" * len(match[0]), text)
    return _KEY.sub(r"\1,", numbers)


_ESCAPE = pattern(r"\$\$\{|%%\{")


def _plain_string(text: str) -> str:
    return _plain_code(_ESCAPE.sub("xxx", text))


_NOT_NEWLINE = pattern(r"[^\n]")


def _plain_heredoc(text: str) -> str:
    """Return a heredoc with an ASCII marker and without its content; an unterminated one as it is."""
    opening = _OPENING.match(text)
    last = text.rfind("\n") + 1
    if opening is None or text[last:].strip() != opening["heredoc"]:
        return text
    marker = "X" * len(opening["heredoc"])
    content = _NOT_NEWLINE.sub(" ", text[opening.end("heredoc") : last])
    return f"{text[: opening.start('heredoc')]}{marker}{content}{text[last:].replace(opening['heredoc'], marker)}"


_PLAIN: dict[str, Callable[[str], str]] = {"comment": str, "string": _plain_string, "heredoc": _plain_heredoc}
"""How each token is rewritten; a string may contain code, and its own text is read from the file."""
