"""What references lead to: the resources that a plan knows, and what is written for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.inputs.terraform.address import Step, index_of, join, split, without_indices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.terraform.modules import Call, Module, Setting


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
