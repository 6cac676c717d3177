"""YAML in brackets, and the scalars of YAML."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from checker.fix.flow import Flow

if TYPE_CHECKING:
    from checker.policy.node import Object

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./*-]*(?::[A-Za-z0-9_./*-]+)*\Z")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


class YamlFlow(Flow):
    """YAML's flow style."""

    pad = " "
    rest_of_line = re.compile(r"(?P<comma>[ \t]*,)?(?:[ \t]+(?P<comment>#[^\r\n]*)?)?(?=\r?\n|\Z)")

    def key(self, key: str, beside: Object | None) -> str:
        """Write a key plain, unless those beside it are quoted."""
        quoted = beside is not None and beside.members and _quote_of(beside)
        return json.dumps(key, ensure_ascii=False) if quoted else scalar(key)

    def scalar(self, text: str) -> str:
        """Write a text, plain where that cannot be misread."""
        return scalar(text)

    def reference(self, name: str) -> str:
        """Refer to a resource of the template in the long form, which stands anywhere."""
        return f"{{ Ref: {logical_id(name)} }}"


def scalar(text: str) -> str:
    """Write a text plain where no reader takes it for anything else, else in quotes."""
    plain = _PLAIN.match(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def logical_id(name: str) -> str:
    """The name of a resource within its template, without what tells the ways apart that a condition makes."""
    return name.rpartition("#")[2].partition(" (")[0]


def _quote_of(node: Object) -> bool:
    first = node.members[0]
    return node.source.text[first.start : first.start + 1] in ("'", '"')
