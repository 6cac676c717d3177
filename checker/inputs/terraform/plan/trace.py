"""Follows the references of an expression, through variables and outputs of modules, to resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.inputs.terraform.address import Step, index_of, join, split, without_indices
from checker.inputs.terraform.plan.configuration import mapping, references_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.terraform.address import Step
    from checker.inputs.terraform.plan.configuration import Call, Module, Setting


class Reference(NamedTuple):
    """What a reference leads to: a resource and perhaps an attribute, or something that hides what it is made of.

    ``resource`` is empty for a local value, which a plan does not take apart.
    """

    resource: str
    attribute: str = ""
    hidden: str = ""

    @property
    def type(self) -> str:
        """The type of the resource; empty for a data source."""
        steps = split(self.resource)
        return steps[-2].name if len(steps) > 1 and (len(steps) < 3 or steps[-3].name != "data") else ""

    @property
    def text(self) -> str:
        """How Terraform writes it."""
        return join(self.resource, self.attribute) if self.resource else self.hidden


class Scope(NamedTuple):
    """One instance of a module; ``key`` is that of the resource in it that something is asked about."""

    module: Module
    address: str = ""
    outer: Scope | None = None
    call: Call | None = None
    key: str = ""

    @property
    def own_key(self) -> str:
        """Which instance of its call the module is."""
        return index_of(self.address)


class References:
    """The configuration of a plan, and the instances of the resources that are known in it."""

    def __init__(self, root: Module | None, instances: frozenset[str]) -> None:
        self.root = root
        self.instances = instances
        self.by_base: dict[str, list[str]] = {}
        for address in sorted({*instances, *(module for one in instances for module in _modules(one))}):
            self.by_base.setdefault(_base(address), []).append(address)

    def setting(self, address: str) -> tuple[Setting, Scope] | None:
        """Find what is written for a resource, and the instance of the module that it stands in."""
        found = self._scope(address)
        if found is None:
            return None
        scope, rest = found
        setting = scope.module.resources.get(without_indices(join(*rest)))
        return (setting, scope._replace(key=index_of(address))) if setting else None

    def knows(self, address: str) -> bool:
        """True for a resource that is there, or for all instances of one."""
        return address in self.instances or address in self.by_base

    def instance(self, base: str, key: str) -> str:
        """The instance that is meant where none is named: that of the same key, else the only one."""
        known = self.by_base.get(base, [])
        if base in known or not known:
            return base
        return base + key if key and base + key in known else known[0] if len(known) == 1 else base

    def _scope(self, address: str) -> tuple[Scope, tuple[Step, ...]] | None:
        """Walk down the modules of an address."""
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
    """The address of a resource without the instance of it, but with those of its modules."""
    return address[: len(address) - len(index_of(address))]


def _modules(address: str) -> Iterator[str]:
    """The modules that a resource stands in, from the outermost."""
    steps = split(address)
    for end in range(2, len(steps), 2):
        if steps[end - 2].name != "module":
            return
        yield join(*steps[:end])


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
