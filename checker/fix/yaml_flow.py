"""YAML in brackets, and the scalars of YAML."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from checker.fix.flow import Flow
from checker.fix.layers import Raw, raw, text_edit
from checker.fix.style import layout_of
from checker.policy.node import Object, children

if TYPE_CHECKING:
    from checker.fix.compare import Added
    from checker.fix.edits import TextEdit
    from checker.policy.node import Node

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./*-]*(?::[A-Za-z0-9_./*-]+)*\Z")
_LONG_FORM = re.compile(r"(?:Ref|Fn::\w+):\s")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


class YamlFlow(Flow):
    """YAML's flow style."""

    pad = " "
    rest_of_line = re.compile(r"(?P<comma>[ \t]*,)?(?:[ \t]+(?P<comment>#[^\r\n]*)?)?(?=\r?\n|\Z)")

    def key(self, key: str, beside: Object | None) -> str:
        """Write a key plain, unless those beside it are quoted."""
        quoted = beside is not None and beside.members and _quote_of(beside)
        return json.dumps(key, ensure_ascii=False) if quoted else scalar(key)

    def added(self, change: Added) -> TextEdit:
        """Add at the end; what was empty stays on its line, for a bracket on a line of its own may stand too far left.

        https://yaml.org/spec/1.2.2/#74-flow-collection-styles
        """
        if children(change.parent):
            return super().added(change)
        layout = layout_of(change.parent).flat()
        parts = [list(self.part(one, layout, change.parent)) for one in change.new]
        inside = self.wrapped("{" if isinstance(change.parent, Object) else "[", parts, layout)
        return text_edit(change.parent.source, change.parent.start, change.parent.end, inside)

    def copied(self, node: Node) -> str | None:
        """A value as the file has it; nothing for one on lines of its own, which has to be written anew."""
        text = raw(node.source, node.start, node.end)
        if _LONG_FORM.match(text):
            text = Raw(f"{{ {text} }}")
        return None if "\n" in text or (children(node) and text[0] not in "{[") else text

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
