"""Texts that would do something if they were printed as they are, and what a reader holds output against."""

from __future__ import annotations

import re

from checker.core.terminal_text import inert

HOSTILE = (
    "::error::x",
    "::add-mask::x",
    '=HYPERLINK("https://evil.example", "x")',
    " \t@SUM(1+1)*cmd|' /C calc'!A0",
    "\uff1d1+1\n=1+1",
    "a\n::error::x\r\n::stop-commands::x",
    "##[error]x ###[error]x ##vso[task.setvariable variable=x]y",
    "]]>",
    "</details><script>alert(1)</script>",
    "<!-- --> <?php ?> <![CDATA[x]]> <!DOCTYPE x>",
    "@octocat #1 GH-1 octocat/repo#1 https://evil.example www.evil.example me@evil.example",
    "_www.evil.example ~www.evil.example xGH-1 _gh-1 (www.evil.example",
    "![](x) [a](https://evil.example) <https://evil.example> [x]: https://evil.example",
    "|a|b|\n|-|-|",
    "`",
    "``@octocat`` ` @octocat",
    "\\`@octocat\\`",
    " ` ",
    "\x00\x1b[31m\u202e\u2028\ufffe",
    "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07\x9b31m\x7f\x85",
    "\x1b[1;31mour own color\x1b[0m",
    "\u2066\u2069\u200e\u200f\u061c\u200b\u2060\ufeff\u00ad\U000e0041\u3164\ufe0f",
    "\ud800",
    "\udc80",
    "%0A%25%3A",
    "../../etc/passwd",
    "C:\\policies\\x.json",
    "arn:..:..:\n",
    "[statement](1) {0}",
    "&lt;script&gt; &#64;octocat",
    "a,title=b",
    "",
    "x" * 5000,
)

STYLE = re.compile(r"\x1b\[(?:0|1|2|1;3[1-6])m")


def active(output: str, *, styled: bool = False, patch: bool = False) -> list[str]:
    """The lines of an output that would have an effect of their own; none should."""
    lines = STYLE.sub("", output).split("\n") if styled else output.split("\n")
    return [line for line in lines if _is_active(line, patch=patch)]


def _is_active(line: str, *, patch: bool) -> bool:
    shown = line.removesuffix("\r").replace("\t", " ") if patch else line
    return inert(shown) != shown or line.lstrip().startswith("::")
