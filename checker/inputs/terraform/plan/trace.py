"""Traces the references of an expression through module variables and outputs to resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.inputs.terraform.address import Step, index_of, join, split, without_indices
from checker.inputs.terraform.plan.configuration import mapping, references_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.terraform.address import Step
    from checker.inputs.terraform.plan.configuration import Call, Module, Setting


class PlanReference(NamedTuple):
    """The target of a reference: a resource with an optional attribute, or a value with unknown sources.

    ``resource`` is empty for a local value, whose expression a plan does not contain.
    """

    resource: str
    attribute: str = ""
    hidden: str = ""

    @property
    def type(self) -> str:
        """Return the type of the resource; empty for a data source."""
        steps = split(self.resource)
        return steps[-2].name if len(steps) > 1 and (len(steps) < 3 or steps[-3].name != "data") else ""

    @property
    def text(self) -> str:
        """Return the reference in Terraform's syntax."""
        return join(self.resource, self.attribute) if self.resource else self.hidden


class Scope(NamedTuple):
    """One instance of a module; ``key`` is the instance key of the resource whose references are traced."""

    module: Module
    address: str = ""
    outer: Scope | None = None
    call: Call | None = None
    key: str = ""

    @property
    def own_key(self) -> str:
        """Return the instance key of the module."""
        return index_of(self.address)


class References:
    """The configuration of a plan, and the known instances of its resources."""

    def __init__(self, root: Module | None, instances: frozenset[str]) -> None:
        self.root = root
        self.instances = instances
        self.by_base: dict[str, list[str]] = {}
        for address in sorted({*instances, *(module for one in instances for module in _modules(one))}):
            self.by_base.setdefault(_base(address), []).append(address)

    def setting(self, address: str) -> tuple[Setting, Scope] | None:
        """Return the configuration of a resource, and the module instance that contains it."""
        found = self._scope(address)
        if found is None:
            return None
        scope, rest = found
        setting = scope.module.resources.get(without_indices(join(*rest)))
        return (setting, scope._replace(key=index_of(address))) if setting else None

    def knows(self, address: str) -> bool:
        """True for an existing resource, or for all instances of one."""
        return address in self.instances or address in self.by_base

    def instance(self, base: str, key: str) -> str:
        """Return the implied instance: the one with the same key, else the only one."""
        known = self.by_base.get(base, [])
        if base in known or not known:
            return base
        return base + key if key and base + key in known else known[0] if len(known) == 1 else base

    def _scope(self, address: str) -> tuple[Scope, tuple[Step, ...]] | None:
        """Return the scope of the modules in an address."""
        if self.root is None:
            return None
        scope, steps = Scope(self.root), split(address)
        while len(steps) > 1 and steps[0].name == "module":
            call = scope.module.calls.get(steps[1].name)
            if call is None:
                return None
            scope = Scope(call.module, join(scope.address, "module", steps[1]), scope, call)
            steps = steps[2:]
        return scope, steps


def _base(address: str) -> str:
    """Return the address of a resource without its own instance key, but with those of its modules."""
    return address[: len(address) - len(index_of(address))]


def _modules(address: str) -> Iterator[str]:
    """Return the modules that contain a resource, outermost first."""
    steps = split(address)
    for end in range(2, len(steps), 2):
        if steps[end - 2].name != "module":
            return
        yield join(*steps[:end])


_HARMLESS = ("each", "count", "path", "terraform", "self")
_MAX_FOLLOWED = 1000


def follow(references: References, address: str, expression: object) -> tuple[PlanReference, ...]:
    """Return the sources of an expression that may be unknown during planning."""
    found = references.setting(address)
    if found is None:
        return ()
    setting, scope = found
    follower = _Follower(references)
    follower.expression(expression, scope, setting)
    return tuple(dict.fromkeys(one for one in follower.found if one.resource != address))


class _Follower:
    """Traces one expression. Visited references are not traced again, so that cycles end."""

    def __init__(self, references: References) -> None:
        self.references = references
        self.found: list[PlanReference] = []
        self.seen: set[tuple[str, str, str]] = set()

    def expression(self, expression: object, scope: Scope, setting: Setting) -> None:
        for reference in references_of(expression):
            key = scope.address, scope.key, reference
            if key in self.seen:
                continue
            self.seen.add(key)
            if len(self.seen) > _MAX_FOLLOWED:
                self.found.append(PlanReference("", hidden=join(scope.address, reference)))
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
            self.found.append(PlanReference("", hidden=join(scope.address, reference)))
        else:
            self.resource(steps[:2], steps[2:], scope)

    def resource(self, steps: tuple[Step, ...], attribute: tuple[Step, ...], scope: Scope) -> None:
        """Record a resource in the module that refers to it."""
        address = join(scope.address, *steps)
        if not steps[-1].key:
            address = self.references.instance(address, scope.key)
        self.found.append(PlanReference(address, join(*attribute)))

    def variable(self, name: str, scope: Scope) -> None:
        """Trace a variable to the caller's argument; a root variable has a known value."""
        if scope.outer is not None and scope.call is not None:
            outer = scope.outer._replace(key=scope.own_key)
            setting = scope.call.setting
            self.expression(setting.expressions.get(name), outer, setting)

    def output(self, steps: tuple[Step, ...], scope: Scope, reference: str) -> None:
        """Trace an output into its module; without an instance key, its name has none either."""
        call = scope.module.calls.get(steps[1].name)
        if call is None:
            self.found.append(PlanReference("", hidden=join(scope.address, reference)))
            return
        address = join(scope.address, "module", steps[1])
        if not steps[1].key:
            address = self.references.instance(address, scope.key)
        inner = Scope(call.module, address, scope, call)
        outputs = call.module.outputs
        for output in [outputs.get(steps[2].name)] if len(steps) > 2 else outputs.values():
            self.expression(mapping(output).get("expression"), inner, call.setting)

    def each_value(self, scope: Scope, setting: Setting, attribute: tuple[Step, ...]) -> None:
        """Return a resource for `each.value` of other resources: the instance with the same key."""
        for reference in references_of(setting.for_each):
            steps = split(reference)
            if len(steps) == 2 and steps[0].name not in ("var", "local", "module", "each"):
                self.resource(steps, attribute, scope)
            else:
                self.found.append(PlanReference("", hidden=join(scope.address, reference)))
