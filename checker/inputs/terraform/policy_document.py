"""Renders aws_iam_policy_document from its blocks, whether they come from Terraform files or from a plan.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.values import array, is_null, known, why_unknown, with_variables
from checker.policy.node import Array, Member, Node, Object, Scalar, Span, items, span_of, text_of
from checker.policy.vocabulary import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Block(Protocol):
    """A block with its arguments and nested blocks. ``at`` is its range, ``header`` that of its first line."""

    @property
    def at(self) -> Span:
        """The range of the block."""

    @property
    def header(self) -> Span:
        """The range that represents the block in a report."""

    def value(self, name: str) -> Node | None:
        """Return the value of an argument; ``None`` if it is missing."""

    def place(self, name: str) -> Span:
        """Return the range of an argument, or of the header if it has none in the block's file."""

    def blocks(self, name: str) -> Sequence[Block | Scalar]:
        """Return the nested blocks of a type; an unknown value stands for an unknown number of them."""

    def document(self, node: Node) -> Node:
        """Return the policy that an argument holds as JSON, or the value if it is unknown."""


_BEFORE = ("source_json", "source_policy_documents")
_AFTER = ("override_json", "override_policy_documents")


def document_of(whole: Block) -> Object:
    """Render the policy. Each unknown document becomes one unknown statement.

    An unknown document that overrides others may replace every statement with a Sid, so these become unknown.
    """
    at = whole.header
    own = _own(whole)
    before, after = _documents(whole, _BEFORE), _documents(whole, _AFTER)
    found = _merged([*before, own], after)
    documents = [*before, own, *after]
    members = [*_version(documents, whole), *_last(documents, "Id", at)]
    return Object((*members, Member("Statement", array(found, at), at.start, at.end)), *at)


def _own(whole: Block) -> Object:
    """Return the document of the data source's own blocks."""
    at = whole.header
    statements = [one if isinstance(one, Scalar) else _statement(one) for one in whole.blocks("statement")]
    found = [Member("Statement", array(statements, at), at.start, at.end)]
    for key, name in (("Version", "version"), ("Id", "policy_id")):
        value = _set(whole.value(name))
        if value is not None:
            found.append(Member(key, value, at.start, at.end))
    return Object(tuple(found), *at)


def _documents(whole: Block, names: tuple[str, ...]) -> list[Node]:
    """Return the other documents that arguments name."""
    values = (_set(whole.value(name)) for name in names)
    listed = (one for value in values if value is not None for one in items(value))
    return [whole.document(one) for one in listed if _set(one) is not None]


def _merged(documents: Iterable[Node], overrides: Iterable[Node]) -> list[Node]:
    """Merge statements in the provider's order; a statement replaces an earlier one with the same Sid."""
    merged = _BySid()
    for document in documents:
        merged.add(_statements(document))
    for document in overrides:
        why = why_unknown(document)
        if why is not None:
            merged.doubt(why)
        merged.add(_statements(document))
    return merged.found


class _BySid:
    def __init__(self) -> None:
        self.found: list[Node] = []
        self.at: dict[str, int] = {}

    def add(self, statements: Iterable[Node]) -> None:
        for one in statements:
            sid = (text_of(one.get("Sid")) or "") if isinstance(one, Object) else ""
            if sid in self.at:
                self.found[self.at[sid]] = one
                continue
            if sid:
                self.at[sid] = len(self.found)
            self.found.append(one)

    def doubt(self, why: Unknown) -> None:
        """Replace every statement with a Sid by an unknown one."""
        for index in self.at.values():
            self.found[index] = Scalar(why, *span_of(self.found[index]))


def _statements(document: Node) -> tuple[Node, ...]:
    if not isinstance(document, Object):
        return (document,) if why_unknown(document) is not None else ()
    found = document.get("Statement")
    return items(found) if found is not None else ()


def _version(documents: list[Node], whole: Block) -> Iterator[Member]:
    """Yield the latest version of the documents; 2012-10-17 is the default of the data source itself.

    A version that is not a simple value stays as it is written.
    """
    at, written = whole.header, _set(whole.value("version"))
    default = [] if written is not None else [known(VERSION, at)]
    values = [*default, *_values(documents, "Version")]
    version = max(values, key=lambda one: text_of(one) or "") if values else written
    if version is not None:
        yield Member("Version", version, at.start, at.end)


def _last(documents: list[Node], key: str, at: Span) -> Iterator[Member]:
    yield from (Member(key, one, at.start, at.end) for one in _values(documents, key)[-1:])


def _values(documents: list[Node], key: str) -> list[Scalar]:
    said = (one.get(key) for one in documents if isinstance(one, Object))
    return [one for one in said if isinstance(one, Scalar)]


_ELEMENTS = {
    "sid": "Sid",
    "effect": "Effect",
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_PRINCIPALS = {"principals": "Principal", "not_principals": "NotPrincipal"}


def _statement(block: Block) -> Object:
    """Return the statement of a block."""
    members = list(_elements(block))
    if all(member.key != "Effect" for member in members):
        at = block.header
        members.append(Member("Effect", known("Allow", at), at.start, at.end))
    for kind, element in _PRINCIPALS.items():
        members += _principals(block, kind, element)
    return Object((*members, *_conditions(block)), *block.at)


def _elements(block: Block) -> Iterator[Member]:
    for name, key in _ELEMENTS.items():
        value = _set(block.value(name))
        if value is not None:
            at = block.place(name)
            yield Member(key, with_variables(value), at.start, at.end)


def _set(value: Node | None) -> Node | None:
    """Return a value; ``None`` for null, an empty text or an empty list, which the provider takes as not set."""
    is_empty = isinstance(value, Array) and not value.items
    return None if value is None or is_null(value) or text_of(value) == "" or is_empty else value


def _principals(block: Block, kind: str, element: str) -> Iterator[Member]:
    found = block.blocks(kind)
    if found:
        at = _inside(next((one.header for one in found if not isinstance(one, Scalar)), block.header), block)
        yield Member(element, _principal(found, at), at.start, at.end)


def _principal(found: Sequence[Block | Scalar], at: Span) -> Node:
    """Return the principals; an unknown type or number of blocks makes all of them unknown."""
    why = next((why for one in found if (why := _why(one, "type")) is not None), None)
    if why is not None:
        return Scalar(why, *at)
    by_type: dict[str, list[Node]] = {}
    blocks = [one for one in found if not isinstance(one, Scalar)]
    for one in blocks:
        by_type.setdefault(_text(one, "type"), []).extend(_listed(one, "identifiers"))
    if len(blocks) == 1 and [text_of(one) for one in by_type.get("*", ())] == ["*"]:
        return by_type["*"][0]
    whole = blocks[0].at
    members = (Member(name, array(values, whole), at.start, at.end) for name, values in by_type.items())
    return Object(tuple(members), *whole)


def _why(block: Block | Scalar, *names: str) -> Unknown | None:
    """Return the reason if the number of blocks, or one of these arguments, is not known."""
    if isinstance(block, Scalar):
        return why_unknown(block)
    values = [block.value(name) for name in names]
    reasons = [Unknown("not set") if one is None else why_unknown(one) for one in values]
    return next((one for one in reasons if one is not None), None)


def _text(block: Block, name: str) -> str:
    return text_of(block.value(name)) or ""


def _listed(block: Block, name: str) -> tuple[Node, ...]:
    value = block.value(name)
    return items(with_variables(value)) if value is not None and not is_null(value) else ()


def _inside(at: Span, block: Block) -> Span:
    """Return a range, or the header of the block if the range is in another file."""
    return at if at.source is block.at.source else block.header


_SPARE = (
    "StringEquals",
    "StringLike",
    "ArnEquals",
    "ArnLike",
    "StringNotEquals",
    "StringNotLike",
    "ArnNotEquals",
    "ArnNotLike",
    "NumericEquals",
    "DateEquals",
    "IpAddress",
    "BinaryEquals",
)
"""Operators that hold conditions with an unknown test; the first unused one is taken."""

_Tests = dict[str, dict[str, tuple[Span, list[Node]]]]


def _conditions(block: Block) -> Iterator[Member]:
    """Yield the Condition element, if there are conditions. An unknown condition does not hide known ones."""
    found = block.blocks("condition")
    if not found:
        return
    tests: _Tests = {}
    unknown = [why for one in found if (why := _why(one, "test", "variable")) is not None]
    for one in found:
        if not isinstance(one, Scalar) and _why(one, "test", "variable") is None:
            _add(one, tests)
    at = _around(found, block)
    members = [_operator(test, keys, at) for test, keys in tests.items()]
    free = (name for name in _SPARE if name not in tests)
    members += (
        Member(name, Scalar(why, *at), at.start, at.end) for why, name in zip(unknown, free, strict=False)
    )
    yield Member("Condition", Object(tuple(members), *at), at.start, at.end)


def _add(one: Block, tests: _Tests) -> None:
    variable = one.value("variable")
    at = one.header if variable is None else span_of(variable)
    _, values = tests.setdefault(_text(one, "test"), {}).setdefault(_text(one, "variable"), (at, []))
    values += _listed(one, "values")


def _operator(test: str, keys: dict[str, tuple[Span, list[Node]]], at: Span) -> Member:
    members = [_key(name, place, values, at) for name, (place, values) in keys.items()]
    return Member(test, Object(tuple(members), *at), members[0].start, members[0].end)


def _key(name: str, place: Span, values: list[Node], at: Span) -> Member:
    """Return a condition key, at the position of its name if that is in the block's file."""
    here = place if place.source is at.source else at
    span = span_of(values[0]) if len(values) == 1 else here
    return Member(name, array(values, span), here.start, here.end)


def _around(found: Sequence[Block | Scalar], block: Block) -> Span:
    """Return the range from the first condition block to the last."""
    spans = [one.at for one in found if not isinstance(one, Scalar)]
    here = [span for span in spans if span.source is block.at.source]
    if not here:
        return block.header
    return Span(here[0].source, min(span.start for span in here), max(span.end for span in here))
