"""Scans a state as Terraform keeps it, and records the positions of the instances of relevant resources.

The file holds each resource once, with its instances in a list; `terraform show -json` lists each instance.
https://developer.hashicorp.com/terraform/cli/commands/state/pull
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.inputs.terraform.address import join
from checker.inputs.terraform.plan.configuration import mapping
from checker.inputs.terraform.plan.plan_index import LONGEST_ADDRESS, Found, kind_of
from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.inputs.json_scan import Scan


_NAMES = ("module", "type", "name")
_OLD = "attributes_flat"
"""The attributes of an instance that no version of Terraform since 0.12 has written."""


def scan_resources(scan: Scan, at: int, found: list[Found]) -> int:
    """Record the instances of a list of resources; return its end. Raises TextError."""
    return scan.elements(at, lambda index, inside: _resource(scan, inside, f"/resources/{index}", found))


def _resource(scan: Scan, at: int, pointer: str, found: list[Found]) -> int:
    value, end = scan.value(at)
    one = mapping(value)
    kind, base = kind_of(one), _base(one)
    if not kind:
        return end
    if not base:
        raise TextError("a resource without an address", scan.source, at)

    def member(key: str, inside: int) -> int:
        if key != "instances":
            return scan.skip(inside)
        below = f"{pointer}/instances"
        return scan.elements(
            inside, lambda i, start: _instance(scan, start, Found(base, kind, f"{below}/{i}", start), found)
        )

    return scan.members(at, member)


def _base(one: Mapping[str, object]) -> str:
    """Return the address of a resource without the key of an instance; empty if it has none."""
    module, kind, name = (one.get(key, "") for key in _NAMES)
    if not (isinstance(module, str) and isinstance(kind, str) and isinstance(name, str) and name):
        return ""
    address = join(module, "data" if one.get("mode") == "data" else "", kind, name)
    return address if len(address) <= LONGEST_ADDRESS else ""


def _instance(scan: Scan, at: int, resource: Found, found: list[Found]) -> int:
    """Record an instance, except one that is destroyed after its replacement is created."""
    value, end = scan.value(at)
    one = mapping(value)
    if _OLD in one:
        raise TextError("written by Terraform 0.11 or older; run `terraform refresh`", scan.source, at)
    if "deposed" not in one:
        found.append(resource._replace(address=resource.address + _key(scan, at, one)))
    return end


def _key(scan: Scan, at: int, one: Mapping[str, object]) -> str:
    """Return the instance key as Terraform writes it: ``["blue"]``, ``[0]`` or empty."""
    key = one.get("index_key")
    if key is None:
        return ""
    start, end = scan.spans(at)["index_key"]
    is_text = scan.text.startswith('"', start)
    return f"[{json.dumps(key, ensure_ascii=False)}]" if is_text else f"[{scan.text[start:end]}]"


def marks_of(paths: object) -> object:
    """Return the marks of the attributes that a list of paths to sensitive values begins with.

    Everything is marked if a path is not understood.
    """
    steps = (
        [one[0] if isinstance(one, list) and one else None for one in paths]
        if isinstance(paths, list)
        else []
    )
    names = [mapping(one).get("value") for one in steps]
    return dict.fromkeys(names, True) if all(isinstance(one, str) for one in names) else True
