"""Reads the configuration in a plan: the attributes that are set, and their references.

Only the configuration distinguishes an unset attribute from one set to an unknown value.
https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.inputs.json_scan import Scan


MAX_MODULES = 40
"""Maximum depth of modules; real ones are at most four levels deep."""


_MAX_LISTED = 400


class Setting(NamedTuple):
    """The expressions of one resource or module call, and the provider of a resource."""

    expressions: Mapping[str, object]
    for_each: object = None
    provider: str = ""


class Call(NamedTuple):
    """A module call."""

    setting: Setting
    module: Module


class Module(NamedTuple):
    """A module: its resources by address without instance keys, its outputs, variables and calls."""

    resources: dict[str, Setting]
    outputs: dict[str, object]
    variables: dict[str, object]
    calls: dict[str, Call]


def read_module(scan: Scan, at: int, types: frozenset[str], depth: int = 0) -> tuple[Module, int]:
    """Read a module and the modules that it calls, keeping resources of some types. Raises TextError."""
    if depth > MAX_MODULES:
        raise TextError(f"modules nested more than {MAX_MODULES} deep", scan.source, at)
    reader = _Reader(scan, types, depth)
    end = scan.members(at, reader.member)
    return reader.module, end


class _Reader:
    def __init__(self, scan: Scan, types: frozenset[str], depth: int) -> None:
        self.scan = scan
        self.types = types
        self.depth = depth
        self.module = Module({}, {}, {}, {})

    def member(self, key: str, at: int) -> int:
        if key == "resources":
            return self.scan.elements(at, self.resource)
        if key == "module_calls":
            return self.scan.members(at, self.call)
        if key in ("outputs", "variables"):
            value, end = self.scan.value(at)
            wanted = self.module.outputs if key == "outputs" else self.module.variables
            wanted.update(mapping(value))
            return end
        return self.scan.skip(at)

    def resource(self, _: int, at: int) -> int:
        value, end = self.scan.value(at)
        one = mapping(value)
        address, kind = one.get("address"), one.get("type")
        if isinstance(kind, str) and kind in self.types and isinstance(address, str):
            self.module.resources[address] = _setting(one)
        return end

    def call(self, name: str, at: int) -> int:
        """Read one call; its arguments may follow the module in the text."""
        found: dict[str, object] = {}
        modules = [Module({}, {}, {}, {})]

        def member(key: str, inside: int) -> int:
            if key == "module":
                modules[0], end = read_module(self.scan, inside, self.types, self.depth + 1)
                return end
            found[key], end = self.scan.value(inside)
            return end

        end = self.scan.members(at, member)
        self.module.calls[name] = Call(_setting(found), modules[0])
        return end


def _setting(one: Mapping[str, object]) -> Setting:
    provider = one.get("provider_config_key")
    named = provider if isinstance(provider, str) else ""
    return Setting(mapping(one.get("expressions")), one.get("for_each_expression"), named)


def mapping(value: object) -> Mapping[str, object]:
    """Return a decoded object; an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def references_of(expression: object) -> tuple[str, ...]:
    """Return the longest references of an expression; plans also list every prefix of a reference."""
    listed = mapping(expression).get("references")
    texts = [one for one in listed if isinstance(one, str)][:_MAX_LISTED] if isinstance(listed, list) else []
    longest = (one for one in texts if not any(other.startswith((f"{one}.", f"{one}[")) for other in texts))
    return tuple(dict.fromkeys(longest))


def is_null(expression: object) -> bool:
    """True for the constant expression ``null``."""
    one = mapping(expression)
    return "constant_value" in one and one["constant_value"] is None
