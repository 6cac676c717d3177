"""Reads one resource of a plan or state: its values and their marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Place
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.json_scan import PartSource
from checker.inputs.sensitive import SENSITIVE
from checker.inputs.terraform.plan.plan_index import has_marks, is_marked
from checker.inputs.terraform.plan.scan_state import marks_of
from checker.inputs.text import TextDocument
from checker.policy.node import Member, Object, Scalar, scalar_text
from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.core.finding import Route
    from checker.inputs.json_scan import Scan
    from checker.inputs.terraform.plan.plan_index import Found
    from checker.policy.model import Value
    from checker.policy.node import Node


AFTER_APPLY = "known only after apply"
NOT_IN_PLAN = f"{AFTER_APPLY}, so check the Terraform files instead: `checker check FOLDER`"
"""The reason for an unknown part of a policy. A plan lists the references of its expression, but not its text."""

DEFERRED = "Terraform defers the change to a later plan"

_OPEN_WHERE_ABSENT = (
    "arn",
    "id",
    "key_id",
    "key_policy",
    "kms_master_key_id",
    "policy",
    "policy_document",
    "target_key_id",
    "topic_arn",
    "topics",
)
"""Planned values have no marks: unknown values are omitted, and unset values are null."""

_ADDRESS: Route = ("address",)
_OF_CHANGE = "after", "after_unknown", "after_sensitive"
_OF_STATE = "values", "", "sensitive_values"
_OF_KEPT_STATE = "attributes", "", "sensitive_attributes"


class Resource(NamedTuple):
    """A planned resource.

    ``unknown`` and ``sensitive`` are trees of marks parallel to the values: true for values unknown before
    apply, and for sensitive values. ``route`` leads from the document's root to the values. ``deferred`` is true
    for a change that Terraform may plan differently later, so that no value is known.
    """

    address: str
    type: str
    document: TextDocument
    route: Route
    values: Object
    unknown: object
    sensitive: object
    deferred: bool = False

    def node(self, name: str) -> Node | None:
        """Return the node of an attribute; ``None`` if it is null or missing."""
        node = self.values.get(name)
        return None if isinstance(node, Scalar) and node.value is None else node

    def text(self, name: str) -> Value | None:
        """Return a text or the reason that it is unknown; ``None`` if unset. Sensitive text is hidden."""
        if self.hides(name) and self.values.get(name) is not None:
            return Unknown(SENSITIVE, f"{self.address}.{name}")
        node = self.values.get(name)
        text = scalar_text(node) if node is not None else None
        if text is None and self.lacks(name):
            return Unknown(AFTER_APPLY, f"{self.address}.{name}")
        return text

    def flag(self, name: str) -> bool | Unknown | None:
        """Return a boolean; ``None`` if it is not set."""
        node = self.values.get(name)
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool):
            return value
        return Unknown(AFTER_APPLY, f"{self.address}.{name}") if self.lacks(name) else None

    def lacks(self, *path: str | int) -> bool:
        """True for a value that is unknown before apply."""
        return is_marked(self.unknown, *path)

    def hides(self, *path: str | int) -> bool:
        """True for a value that is sensitive or contains a sensitive value."""
        return has_marks(self.sensitive, *path)

    def place(self, name: str = "") -> Place:
        """Return the position of an attribute, or of the resource address if the attribute has none."""
        there = name and self.node(name) is not None
        return Place(self.document, (*self.route, name) if there else _ADDRESS)


def read_resource(scan: Scan, found: Found) -> Resource:
    """Read a resource with the positions of its values. Raises TextError."""
    spans = scan.spans(found.start)
    names, route = _form(spans)
    inside = scan.spans(spans["change"][0]) if "change" in spans else spans
    pointer = "/".join((found.pointer, *map(str, route)))
    values = _values(scan, inside[names[0]], pointer) if names[0] in inside else None
    if not isinstance(values, Object):
        raise TextError("the values of a resource are not an object", scan.source, found.start)
    unknown, sensitive = (scan.value(inside[one][0])[0] if one in inside else None for one in names[1:])
    if found.pointer.startswith("/planned_values/"):
        unknown = {name: True for name in _OPEN_WHERE_ABSENT if values.get(name) is None}
    if names is _OF_KEPT_STATE:
        sensitive = marks_of(sensitive)
    if found.deferred:
        values, unknown = values._replace(members=()), True
    address = spans.get("address", (found.start, found.start + 1))
    root = _root(scan, found, address, route, values)
    document = TextDocument(scan.source, root)
    return Resource(found.address, found.type, document, route, values, unknown, sensitive, found.deferred)


def _form(spans: Mapping[str, tuple[int, int]]) -> tuple[tuple[str, str, str], Route]:
    """Return the names of the values and marks of a resource, and the route to the values."""
    if "change" in spans:
        return _OF_CHANGE, ("change", "after")
    form = _OF_STATE if "address" in spans else _OF_KEPT_STATE
    return form, (form[0],)


def _root(scan: Scan, found: Found, address: tuple[int, int], route: Route, values: Object) -> Object:
    """Wrap the relevant parts of a resource in an object, so that routes match the file."""
    source = PartSource(scan.source, *address, found.pointer)
    end = len(source.text)
    node: Node = values
    for step in reversed(route[1:]):
        node = Object((Member(str(step), node, 0, end),), source, 0, end)
    named = Scalar(found.address, source, 0, end)
    members = (Member("address", named, 0, end), Member(str(route[0]), node, 0, end))
    return Object(members, source, 0, end)


def _values(scan: Scan, span: tuple[int, int], pointer: str) -> Node:
    """Parse the values of a resource. Raises TextError."""
    root = scan.part(span, pointer)
    _refuse_duplicates(root)
    return root


def _refuse_duplicates(node: Node) -> None:
    """Refuse duplicate keys, because it is not known which value Terraform would use."""
    if isinstance(node, Object):
        for _, second in node.duplicates():
            raise TextError("duplicate key", node.source, second.start, second.end)
        for member in node.members:
            _refuse_duplicates(member.value)
    elif not isinstance(node, Scalar):
        for one in node.items:
            _refuse_duplicates(one)
