"""Scans a plan or state once and records the positions of relevant resources.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.terraform.address import without_indices
from checker.inputs.terraform.declare import POLICIES
from checker.inputs.terraform.declare_endpoints import ENDPOINTS
from checker.inputs.terraform.plan.configuration import MAX_MODULES, mapping, read_module
from checker.inputs.terraform.plan.plan_index import (
    LONGEST_ADDRESS,
    PARTS,
    TYPES,
    Found,
    Outline,
    has_marks,
    kind_of,
)
from checker.inputs.terraform.plan.scan_state import scan_resources
from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.inputs.json_scan import Scan


_WANTED = TYPES | PARTS | ENDPOINTS.keys()
_GAPS = {
    "errored": (True, "the plan errored: Terraform could not plan every resource"),
    "complete": (False, "the plan is not complete: `-target` or a deferred change excludes resources"),
}
"""Plan keys that show that resources may be missing, with the value that shows it."""

_DEFERRED = "the plan is not complete: Terraform defers the change of"


def read_outline(scan: Scan) -> Outline:
    """Scan a whole text once. Raises TextError."""
    reader = _Reader(scan)
    end = scan.blank(scan.members(scan.blank(0), reader.member))
    if end != len(scan.text):
        raise TextError("expected nothing after the JSON document", scan.source, end)
    return reader.outline


class _Reader:
    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        self.outline = Outline()

    def member(self, key: str, at: int) -> int:
        if key == "resource_changes":
            self.outline.changes = []
            return self.scan.elements(at, self.change)
        if key == "deferred_changes":
            self.outline.changes = self.outline.changes or []  # a plan without other changes omits their list
            return self.scan.elements(at, self.deferral)
        if key == "values":
            return self.values(at, "/values", self.outline.values)
        if key == "resources":
            return scan_resources(self.scan, at, self.outline.values)
        if key == "planned_values":
            return self.values(at, "/planned_values", self.outline.planned)
        if key == "prior_state":
            return self.inside(
                "values", at, lambda i: self.values(i, "/prior_state/values", self.outline.values)
            )
        if key == "configuration":
            return self.inside("root_module", at, self.configuration)
        if key == "variables":
            value, end = self.scan.value(at)
            self.outline.variables = mapping(value)
            return end
        if key in _GAPS:
            value, end = self.scan.value(at)
            bad, gap = _GAPS[key]
            self.outline.gap = self.outline.gap or (gap if value is bad else "")
            return end
        return self.scan.skip(at)

    def inside(self, wanted: str, at: int, take: Callable[[int], int]) -> int:
        """Read one member of an object and skip the others."""
        return self.scan.members(at, lambda key, i: take(i) if key == wanted else self.scan.skip(i))

    def configuration(self, at: int) -> int:
        self.outline.root, end = read_module(self.scan, at, _WANTED)
        return end

    def change(self, index: int, at: int) -> int:
        """Record a change: the planned resource, and deleted policies."""
        value, end = self.scan.value(at)
        one = mapping(value)
        change, address = mapping(one.get("change")), one.get("address")
        if not isinstance(address, str) or len(address) > LONGEST_ADDRESS:
            raise TextError("a change without an address", self.scan.source, at)
        self.outline.changed.add(address)
        if has_marks(change.get("after_unknown")):
            self.outline.unsettled.add(without_indices(address))
        kind = kind_of(one)
        if kind and change.get("after") is None:
            self.release(kind, change)
        elif kind and self.outline.changes is not None:
            self.outline.changes.append(Found(address, kind, f"/resource_changes/{index}", at))
        return end

    def deferral(self, index: int, at: int) -> int:
        """Record a change that Terraform defers, because something that it depends on is not known."""

        def member(key: str, inside: int) -> int:
            if key != "resource_change":
                return self.scan.skip(inside)
            value, end = self.scan.value(inside)
            found = Found("", "", f"/deferred_changes/{index}/resource_change", inside, deferred=True)
            self.defer(mapping(value), found)
            return end

        return self.scan.members(at, member)

    def defer(self, change: Mapping[str, object], found: Found) -> None:
        """Record a deferred resource. The first one that matters names the gap."""
        address, kind = change.get("address"), kind_of(change)
        if not isinstance(address, str) or len(address) > LONGEST_ADDRESS:
            raise TextError("a change without an address", self.scan.source, found.start)
        self.outline.changed.add(address)
        self.outline.unsettled.add(without_indices(address))
        is_first = bool(kind) and not self.outline.deferred
        if is_first or self.outline.gap in ("", _GAPS["complete"][1]):
            self.outline.gap = f"{_DEFERRED} `{address}`"
        if kind:
            self.outline.deferred.append(found._replace(address=address, type=kind))

    def release(self, kind: str, change: Mapping[str, object]) -> None:
        """Record the owner of a deleted policy; a policy that Terraform only forgets stays in place."""
        owner = mapping(change.get("before")).get(POLICIES[kind].owner if kind in POLICIES else "")
        owners = owner if isinstance(owner, list) else [owner]
        if change.get("actions") != ["forget"]:
            self.outline.released.update(one for one in owners if isinstance(one, str))

    def values(self, at: int, pointer: str, found: list[Found]) -> int:
        return self.inside("root_module", at, lambda i: self.module(i, f"{pointer}/root_module", found, 0))

    def module(self, at: int, pointer: str, found: list[Found], depth: int) -> int:
        """Scan the resources of a module and of its child modules."""
        if depth > MAX_MODULES:
            raise TextError(f"modules nested more than {MAX_MODULES} deep", self.scan.source, at)

        def member(key: str, inside: int) -> int:
            below = f"{pointer}/{key}"
            if key == "resources":
                return self.scan.elements(inside, lambda i, one: self.resource(one, f"{below}/{i}", found))
            if key == "child_modules":
                return self.scan.elements(
                    inside, lambda i, one: self.module(one, f"{below}/{i}", found, depth + 1)
                )
            return self.scan.skip(inside)

        return self.scan.members(at, member)

    def resource(self, at: int, pointer: str, found: list[Found]) -> int:
        """Record a resource, except one that is destroyed after its replacement is created."""
        value, end = self.scan.value(at)
        one = mapping(value)
        kind, address = kind_of(one), one.get("address")
        if kind and "deposed_key" not in one:
            if not isinstance(address, str) or len(address) > LONGEST_ADDRESS:
                raise TextError("a resource without an address", self.scan.source, at)
            found.append(Found(address, kind, pointer, at))
        return end
