"""Values in Terraform's language, laid out as `terraform fmt` would.

https://developer.hashicorp.com/terraform/language/syntax/style
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import indent
from typing import TYPE_CHECKING

from checker.finding import Symbol
from checker.policy.plain import double_quoted, is_list, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.policy.plain import Plain

_NAME = re.compile(r"(?!(?:for|if|in|true|false|null)\Z)[A-Za-z_][A-Za-z0-9_-]*\Z")
"""A key that needs no quotes, and is no word of the language."""
_LINE = 100
INDENT = "  "


def jsonencode_statement(statement: Mapping[str, Plain]) -> str:
    """Write a statement as an object inside `jsonencode({ Statement = [...] })`."""
    return hcl_value(statement)


def hcl_value(value: Plain) -> str:
    """Write a value; a name as the expression that it is. Raises TypeError for what is no value."""
    if isinstance(value, Mapping):
        pairs = [(hcl_key(key), hcl_value(one)) for key, one in value.items()]
        return block("{", aligned(pairs), "}") if pairs else "{}"
    if is_list(value):
        return _list([hcl_value(one) for one in value])
    if isinstance(value, Symbol):
        return value.name
    return hcl_text(value) if isinstance(value, str) else word(value)


def hcl_key(key: str) -> str:
    """Write the key of an object."""
    return key if _NAME.match(key) else hcl_text(key)


def hcl_text(text: str) -> str:
    """Write a text in quotes; a policy variable is no template of Terraform's.

    https://developer.hashicorp.com/terraform/language/expressions/strings
    """
    return double_quoted(text).replace("${", "$${").replace("%{", "%%{")


def aligned(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Write assignments, with the equals signs of neighbours that take one line each below each other."""
    lines: list[str] = []
    chain: list[tuple[str, str]] = []
    for name, value in pairs:
        if "\n" not in value:
            chain.append((name, value))
            continue
        lines += (*_padded(chain), f"{name} = {value}")
        chain = []
    return [*lines, *_padded(chain)]


def _padded(chain: Sequence[tuple[str, str]]) -> list[str]:
    width = max((len(name) for name, _ in chain), default=0)
    return [f"{name:<{width}} = {value}" for name, value in chain]


def block(opening: str, lines: Iterable[str], closing: str) -> str:
    """Put brackets around lines, which go one step further in."""
    inside = indent("\n".join(lines), INDENT)
    return f"{opening}\n{inside}\n{closing}"


def _list(items: Sequence[str]) -> str:
    line = f"[{', '.join(items)}]"
    if "\n" not in line and (len(items) < 2 or len(line) <= _LINE):
        return line
    return block("[", (f"{item}," for item in items), "]")
