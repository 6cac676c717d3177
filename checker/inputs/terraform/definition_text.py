"""Writes parts of code so that two texts are equal if they define the same: without formatting, comments and order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.callers import block_around
from checker.inputs.terraform.hcl.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.terraform.hcl.body import Argument, Block


_STRING = pattern(r'"((?:[^"\\]|\$\{[^}]*\})*)"')
_INTERPOLATION = pattern(r"\$\{[^}]*\}")
_GENERATING = pattern(r'^[ \t]*(?:generate\s+"[^"]*"\s*\{|locals\s*\{|iam_[\w-]+\s*=.*)', re.MULTILINE)
_BLANK = pattern(r"\s+")


def generating_in(text: str) -> Iterator[str]:
    """Yield what decides in a configuration of Terragrunt where its unit is deployed."""
    for match in _GENERATING.finditer(text):
        yield canonical(block_around(text, match.end()) if match[0].endswith("{") else match[0])


def pattern_of(block: Block, name: str) -> str:
    """Return the text of an argument, with `*` for references; `*` for other expressions than strings."""
    argument = block.body.arguments.get(name)
    return "*" if argument is None else pattern_in(text_of_argument(argument))


def pattern_in(text: str) -> str:
    """Return the content of a string, with `*` for references; `*` for other expressions."""
    found = _STRING.fullmatch(text)
    return _INTERPOLATION.sub("*", found[1]) if found else "*"


def source_of(block: Block) -> str | None:
    """Return the folder of a local module."""
    argument = block.body.arguments.get("source")
    found = None if argument is None else re.search(r'"(\.\.?/[^"\n]*)"', text_of_argument(argument))
    return found[1] if found else None


def text_of_block(block: Block, without: frozenset[str] = frozenset()) -> str:
    """Write a block with its arguments in order, as override files leave it."""
    arguments = sorted(
        (name, text_of_argument(one)) for name, one in block.body.arguments.items() if name not in without
    )
    blocks = sorted(text_of_block(one) for one in block.body.written if one.kind not in without)
    lines = (*(f"{name} = {text}" for name, text in arguments), *blocks)
    return "\n".join((" ".join((block.kind, *block.labels)), *lines))


def text_of_argument(argument: Argument) -> str:
    try:
        at = argument.expression.at
    except InputError as error:
        return str(error)  # reported when the file is read
    return canonical(at.source.text[at.start : at.end])


def canonical(text: str) -> str:
    """Return a text without comments and with single blanks outside of strings."""
    pieces: list[str] = []
    at, outside = 0, ""
    for token in tokens(text):
        if token.kind in ("comment", "string", "heredoc"):
            outside += f"{text[at : token.start]} "
            at = token.end
        if token.kind in ("string", "heredoc"):
            pieces += (_BLANK.sub(" ", outside), text[token.start : token.end])
            outside = ""
    return "".join((*pieces, _BLANK.sub(" ", outside + text[at:]))).strip()
