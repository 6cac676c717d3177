"""YAML in brackets, and the scalars of YAML, as CloudFormation templates have them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.fix.flow import Flow
from checker.fix.layers import Raw, raw, text_edit
from checker.fix.style import layout_of
from checker.policy.node import Object, children
from checker.policy.plain import double_quoted

if TYPE_CHECKING:
    from checker.fix.compare import Added
    from checker.fix.edits import TextEdit
    from checker.policy.node import Node

_LONG_FORM = re.compile(r"(?:Ref|Fn::\w+):\s")
_PLAIN = re.compile(
    r"(?!(?:true|false|yes|no|on|off|null|y|n)\Z)[a-z](?:[\w./:*@+-]*[\w./*@+-])?\Z", re.ASCII | re.IGNORECASE
)
"""A text that no reader of YAML takes for anything else: a date, a number, a boolean, an alias."""


class YamlFlow(Flow):
    """YAML's flow style."""

    pad = " "
    rest_of_line = re.compile(r"(?P<comma>[ \t]*,)?(?:[ \t]+(?P<comment>#[^\r\n]*)?)?(?=\r?\n|\Z)")

    def key(self, key: str, beside: Object | None) -> str:
        """Write a key plain, unless those beside it are quoted."""
        quoted = beside is not None and beside.members and _quote_of(beside)
        return double_quoted(key) if quoted else scalar(key)

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
        logical, attribute = parts_of(name)
        return f"{{ Fn::GetAtt: [{logical}, {attribute}] }}" if attribute else f"{{ Ref: {logical} }}"


def scalar(text: str) -> str:
    """Write a text plain where no reader takes it for anything else, else in quotes."""
    return text if _PLAIN.match(text) else double_quoted(text)


def parts_of(name: str) -> tuple[str, str]:
    """The logical id that a name has within its template, and the attribute that is meant, if it is one.

    What tells the ways apart that a condition makes, in brackets at the end, is no part of either.
    """
    logical, _, attribute = name.rpartition("#")[2].partition(" (")[0].partition(".")
    return logical, attribute


def _quote_of(node: Object) -> bool:
    first = node.members[0]
    return node.source.text[first.start : first.start + 1] in ("'", '"')
