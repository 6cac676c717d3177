"""Follows the references of an expression, through variables and outputs of modules, to resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.terraform.address import join, split
from checker.inputs.terraform.modules import mapping, references_of
from checker.inputs.terraform.references import Reference, Scope

if TYPE_CHECKING:
    from checker.inputs.terraform.address import Step
    from checker.inputs.terraform.modules import Setting
    from checker.inputs.terraform.references import References

_HARMLESS = ("each", "count", "path", "terraform", "self")
_MAX_FOLLOWED = 1000


def follow(references: References, address: str, expression: object) -> tuple[Reference, ...]:
    """Everything that an expression of a resource is made of and that need not be known when planning."""
    found = references.setting(address)
    if found is None:
        return ()
    setting, scope = found
    follower = _Follower(references)
    follower.expression(expression, scope, setting)
    return tuple(dict.fromkeys(one for one in follower.found if one.resource != address))


class _Follower:
    """Follows one expression; what was seen before is not followed again, so that circles end."""

    def __init__(self, references: References) -> None:
        self.references = references
        self.found: list[Reference] = []
        self.seen: set[tuple[str, str, str]] = set()

    def expression(self, expression: object, scope: Scope, setting: Setting) -> None:
        for reference in references_of(expression):
            key = scope.address, scope.key, reference
            if key in self.seen:
                continue
            self.seen.add(key)
            if len(self.seen) > _MAX_FOLLOWED:
                self.found.append(Reference("", hidden=join(scope.address, reference)))
            else:
                self.reference(reference, scope, setting)

    def reference(self, reference: str, scope: Scope, setting: Setting) -> None:
        steps = split(reference)
        first = steps[0].name if steps else ""
        if first == "var" and len(steps) > 1:
            self.variable(steps[1].name, scope)
        elif first == "module" and len(steps) > 1:
            self.output(steps, scope, reference)
        elif first == "each" and len(steps) > 1 and steps[1].name == "value":
            self.each_value(scope, setting, steps[2:])
        elif first == "data" and len(steps) > 2:
            self.resource(steps[:3], steps[3:], scope)
        elif first in _HARMLESS:
            return
        elif first == "local" or len(steps) < 2:
            self.found.append(Reference("", hidden=join(scope.address, reference)))
        else:
            self.resource(steps[:2], steps[2:], scope)

    def resource(self, steps: tuple[Step, ...], attribute: tuple[Step, ...], scope: Scope) -> None:
        """Note a resource, which stands in the module that refers to it."""
        address = join(scope.address, *steps)
        if not steps[-1].key:
            address = self.references.instance(address, scope.key)
        self.found.append(Reference(address, join(*attribute)))

    def variable(self, name: str, scope: Scope) -> None:
        """Follow a variable to what the caller of the module gives; one of the root is known to the plan."""
        if scope.outer is not None and scope.call is not None:
            outer = scope.outer._replace(key=scope.own_key)
            setting = scope.call.setting
            self.expression(setting.expressions.get(name), outer, setting)

    def output(self, steps: tuple[Step, ...], scope: Scope, reference: str) -> None:
        """Follow an output into its module; where the instance is not written, its name is not either."""
        call = scope.module.calls.get(steps[1].name)
        if call is None:
            self.found.append(Reference("", hidden=join(scope.address, reference)))
            return
        address = join(scope.address, "module", steps[1])
        if not steps[1].key:
            address = self.references.instance(address, scope.key)
        inner = Scope(call.module, address, scope, call)
        outputs = call.module.outputs
        for output in [outputs.get(steps[2].name)] if len(steps) > 2 else outputs.values():
            self.expression(mapping(output).get("expression"), inner, call.setting)

    def each_value(self, scope: Scope, setting: Setting, attribute: tuple[Step, ...]) -> None:
        """A resource for each of others: its value is the one with the same key."""
        for reference in references_of(setting.for_each):
            steps = split(reference)
            if len(steps) == 2 and steps[0].name not in ("var", "local", "module", "each"):
                self.resource(steps, attribute, scope)
            else:
                self.found.append(Reference("", hidden=join(scope.address, reference)))
