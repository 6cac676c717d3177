"""Parses the text of a generated file, in which marks stand for the parts that are not known.

A mark becomes a reference to a local, as an interpolation inside of strings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.inputs.terraform.hcl.body import Argument
from checker.inputs.terraform.hcl.expression import Passed
from checker.inputs.terraform.hcl.parse import parse
from checker.inputs.terraform.hcl.render import text_with_offsets
from checker.inputs.terraform.hcl.tokens import tokens
from checker.inputs.terraform.hcl.values import MARK, Rendered
from checker.policy.node import span_of
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.inputs.terraform.hcl.body import Body
    from checker.inputs.terraform.hcl.tokens import Token
    from checker.policy.node import Scalar

_NAME = "generated-by-terragrunt-"
_LABELS = pattern(r'^[ \t]*[a-z_]+(?:[ \t]+(?:"[^"\n]*"|[\w-]+))*[ \t]*\{', re.MULTILINE)
_CLOSED = pattern(r'\$\$\{|%%\{|\$\{[^{}"\n]*\}')
"""Matches an escape, and an interpolation without strings and braces."""
_JOINED_BEFORE = pattern(r"[\w.$%\\-]\Z")
_JOINED_AFTER = pattern(r"[\w(-]")
_SPECIAL = ("$", "%", "\\")


def text_of(contents: Scalar) -> str:
    """Return the text with marks."""
    return text_with_offsets(contents)[1]


def has_known_places(contents: Scalar) -> bool:
    """True if each part that is not known is one value or a part of one string."""
    written = text_of(contents)
    return all(place is not None for _, place in _places(written))


def parse_generated(contents: Scalar) -> tuple[Body, Source, Mapping[str, Argument]]:
    """Parse a text; return its body, and locals with the parts that are not known. Raises InputError."""
    outer, written, offsets = text_with_offsets(contents)
    nodes = outer.nodes if isinstance(outer, Rendered) else {}
    pieces, places = _with_references(written, offsets)
    source = Source(outer.name, pieces, outer, places)
    added: dict[str, Argument] = {}
    for number, node in nodes.items():
        at = span_of(node)
        added[f"{_NAME}{number}"] = Argument("", at, lambda at=at, node=node: Passed(at, node))  # type: ignore[misc]
    return parse(source), source, added


def _with_references(written: str, offsets: Sequence[int]) -> tuple[str, Sequence[int]]:
    """Replace marks by references."""
    texts: list[str] = []
    places: list[int] = []
    at = 0
    for match, place in _places(written):
        reference = (place or "{}").format(f"local.{_NAME}{match[1]}")
        texts += (written[at : match.start()], reference)
        places += offsets[at : match.start()]
        places += [offsets[match.start()]] * len(reference)
        at = match.end()
    places += offsets[at : len(written) + 1]
    return "".join([*texts, written[at:]]), places


def _places(written: str) -> Iterator[tuple[re.Match[str], str | None]]:
    """Yield each mark with the form of its reference; ``None`` if a part of the text may mean anything."""
    inside = [one for one in tokens(written) if one.kind in ("string", "heredoc", "comment")]
    labels = [match.span() for match in _LABELS.finditer(written)] if MARK.search(written) else []
    number = label = last = 0
    for match in MARK.finditer(written):
        while number < len(inside) and inside[number].end <= match.start():
            number += 1
        while label < len(labels) and labels[label][1] <= match.start():
            label += 1
        token = inside[number] if number < len(inside) and inside[number].start < match.start() else None
        in_labels = label < len(labels) and labels[label][0] <= match.start()
        yield match, None if in_labels else _form(match, written[last : match.start()], written, token)
        last = match.end()


def _form(match: re.Match[str], before: str, written: str, token: Token | None) -> str | None:
    """Return the form of a reference in a token; ``before`` is the text since the last mark."""
    if token is None:
        after = written[match.end() : match.end() + 1]
        is_apart = _JOINED_BEFORE.search(before[-1:]) is None and _JOINED_AFTER.match(after) is None
        return "{}" if is_apart else None
    if token.kind == "comment":
        return "{}"
    inside = before[-(match.start() - token.start) :]
    rest = _CLOSED.sub("", inside)
    is_text = "${" not in rest and "%{" not in rest and not inside.endswith(_SPECIAL)
    return "${{{}}}" if is_text else None
