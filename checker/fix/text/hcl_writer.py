"""Write HCL objects and lists in the layout of `terraform fmt`, and JSON embedded in HCL.

https://developer.hashicorp.com/terraform/language/syntax/style
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.unknown import Part
from checker.fix.text.edits import Raw, verbatim
from checker.fix.text.json_writer import JsonWriter, between
from checker.fix.text.yaml_writer import is_function, parts_of
from checker.policy.node import Object
from checker.policy.text_json import double_quoted, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.fix.text.json_writer import Layout
    from checker.policy.node import Array, Node


_NAME = pattern(r"(?!(?:for|if|in|true|false|null)\Z)[A-Za-z_][A-Za-z0-9_-]*\Z")
"""A key that needs no quotes and is not a reserved word."""
_LINE = 100


class HclWriter(JsonWriter):
    """Writes objects and lists as arguments of `jsonencode`."""

    colon = " = "
    commas = False
    pad = " "
    rest_of_line = pattern(r"(?P<comma>[ \t]*,)?[ \t]*(?P<comment>(?:#|//)[^\r\n]*)?(?=\r?\n|\Z)")

    def key(self, key: str, beside: Object | None) -> str:
        """Quote a key if required, or if the adjacent keys are quoted."""
        is_quoted = beside is not None and beside.members and _is_quoted(beside)
        return key if _NAME.match(key) and not is_quoted else self.scalar(key)

    def scalar(self, text: str) -> str:
        """Write a text, escaping each literal `${` so that Terraform does not interpolate it."""
        return verbatim(double_quoted(text))

    def reference(self, name: str) -> str:
        """Write a reference as it is."""
        return name

    def members(self, node: Object, layout: Layout, beside: Object | None) -> list[list[str]]:
        """Align the members if each is on a line of its own."""
        if not layout.lines:
            return super().members(node, layout, beside)
        inner = layout.deeper()
        return aligned((self.key(m.key, beside), self.node(m.value, inner, beside)) for m in node.members)

    def listed(self, items: Sequence[Node], layout: Layout, beside: Object | None) -> list[str]:
        """Write a short list on one line, and a long list with one item per line if the layout allows lines."""
        parts = [self.node(item, layout.deeper() if layout.lines else layout, beside) for item in items]
        line = ["[", *between(parts, ", "), "]"]
        if not layout.lines or (not _has_lines(line) and (len(parts) < 2 or sum(map(len, line)) <= _LINE)):
            return line
        start = f"{layout.newline}{layout.indent}"
        inside = (chunk for part in parts for chunk in (start, *part, ","))
        return ["[", *inside, f"{layout.newline}{layout.closing}]"]

    def separator(self, parent: Object | Array, layout: Layout) -> str:
        """Return the separator. Members on lines of their own get a comma only if the existing members have one."""
        usual = super().separator(parent, layout)
        if not isinstance(parent, Object) or "\n" not in usual or len(parent.members) < 2:
            return usual.removeprefix(",") if isinstance(parent, Object) and "\n" in usual else usual
        before_last = self.rest_of_line.match(parent.source.text, parent.members[-2].value.end)
        return usual if before_last and before_last["comma"] else usual.removeprefix(",")


class HeredocWriter(JsonWriter):
    """Writes JSON embedded in HCL text, which refers to resources by interpolation."""

    def reference(self, name: str) -> str:
        """Interpolate a reference."""
        return Raw(f'"${{{name}}}"')


def aligned(pairs: Iterable[tuple[str, list[str]]]) -> list[list[str]]:
    """Write assignments. Align the equals signs of adjacent assignments that take one line each."""
    lines: list[list[str]] = []
    chain: list[tuple[str, list[str]]] = []
    for name, value in pairs:
        if _has_lines(value):
            lines += (*_padded(chain), [f"{name} = ", *value])
            chain = []
        else:
            chain.append((name, value))
    return [*lines, *_padded(chain)]


def _padded(chain: Sequence[tuple[str, list[str]]]) -> list[list[str]]:
    width = max((len(name) for name, _ in chain), default=0)
    return [[f"{name:<{width}} = ", *value] for name, value in chain]


def _has_lines(chunks: Iterable[str]) -> bool:
    return any("\n" in chunk for chunk in chunks)


def _is_quoted(node: Object) -> bool:
    first = node.members[0]
    return node.source.text[first.start : first.start + 1] == '"'


class TemplateWriter(JsonWriter):
    """Writes JSON in a CloudFormation template, which refers to resources by `Ref` and `Fn::GetAtt`."""

    def reference(self, name: str) -> str:
        """Refer to a resource of the template. Raises CannotEditError for any other name."""
        if is_function(name):
            return name
        if "#" not in name and Part.read(name) is None:
            return super().reference(name)
        if (found := Part.read(name)) is not None:
            part, whole = found
            split = f'{{"Fn::Split": [{quoted(part.separator)}, {self.reference(whole)}]}}'
            return f'{{"Fn::Select": ["{part.number}", {split}]}}'
        logical, attribute = parts_of(name)
        if attribute:
            return f'{{"Fn::GetAtt": [{quoted(logical)}, {quoted(attribute)}]}}'
        return f'{{"Ref": {quoted(logical)}}}'


class TerraformJsonWriter(JsonWriter):
    """Writes Terraform JSON, and JSON embedded in it. References are interpolated.

    https://developer.hashicorp.com/terraform/language/syntax/json
    """

    def reference(self, name: str) -> str:
        """Interpolate a reference."""
        return f'"${{{name}}}"'
