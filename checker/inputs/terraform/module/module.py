"""A module: what `var`, `local`, `module`, `data` and the types of resources mean in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import Attribute, Scope, written
from checker.inputs.terraform.hcl.limits import TOO_MUCH
from checker.inputs.terraform.hcl.values import (
    Rendered,
    known,
    placed,
    referred,
    text,
    unknown,
    why_unknown,
    wrong,
)
from checker.inputs.terraform.module.attributes import attribute_of
from checker.inputs.terraform.module.expand import expand, expanded
from checker.inputs.terraform.module.folder import absolute, folder_of, local_folder
from checker.inputs.terraform.module.providers import (
    NO_PROVIDER,
    Provider,
    passed_providers,
    provider_named,
    read_providers,
)
from checker.inputs.terraform.module.variables import is_sensitive, value_of_variable
from checker.policy.node import Stretch, stretch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from checker.inputs.sensitive import Secrets
    from checker.inputs.terraform.hcl.body import Argument, Block
    from checker.inputs.terraform.hcl.expression import Step
    from checker.inputs.terraform.hcl.limits import Budget
    from checker.inputs.terraform.module.session import Session
    from checker.policy.node import Node


_META = ("source", "version", "count", "for_each", "providers", "depends_on")
_COST = 50
_NOT_LOCAL = "a module that is neither local nor downloaded is not read"


def call_module(block: Block, address: str, caller: Module) -> Node:
    """Make the instances of a module known, if its files can be read."""
    folder = _folder(block, address, caller)
    if isinstance(folder, str):
        return unknown(folder, block.header, address)

    def register(one: str, names: Mapping[str, Node]) -> Node:
        if not caller.budget.spend(_COST):
            return unknown(TOO_MUCH, block.header, one)
        caller.session.called[one] = type(caller)(
            caller.session,
            folder,
            one,
            _given(block, Scope(caller, names)),
            passed_providers(block, caller.providers),
            caller.chain,
        )
        return unknown("an output of a module", block.header, one)

    return expanded(block, address, caller, register)


def _folder(block: Block, address: str, caller: Module) -> Path | str:
    """Find a local or downloaded module, or say why there is none to read."""
    argument = block.body.arguments.get("source")
    source = text(evaluate(argument.expression, caller.scope)) if argument is not None else None
    if not isinstance(source, str) or not source:
        return _NOT_LOCAL
    if not source.startswith(("./", "../")):
        return folder_of(address, source, caller.session.downloads) or _NOT_LOCAL
    folder = local_folder(caller.folder, source)
    if "\0" in source or not os.path.isdir(folder):  # noqa: PTH112 - it never raises
        return "the folder of the module is not there"
    if absolute(folder) in caller.chain:
        return "a module that calls itself"
    return folder


def _given(block: Block, scope: Scope) -> dict[str, Callable[[], Node]]:
    def value_of(argument: Argument) -> Callable[[], Node]:
        return lambda: evaluate(argument.expression, scope)

    return {name: value_of(one) for name, one in block.body.arguments.items() if name not in _META}


_BOUND = ("each", "count", "self", "terraform")


class Module:
    """A module as it is called, or the root; what is asked of it is worked out once.

    ``given`` are the values that the caller gives to variables, ``chain`` the folders of those that led here.
    """

    def __init__(
        self,
        session: Session,
        folder: Path,
        address: str = "",
        given: Mapping[str, Callable[[], Node]] | None = None,
        providers: Mapping[str, Provider] | None = None,
        chain: tuple[str, ...] = (),
    ) -> None:
        self.session = session
        self.folder = folder
        self.address = address
        self.given = given
        self.chain = (*chain, absolute(folder))
        self.files = session.folder(folder)
        self.scope = Scope(self, {})
        self._known: dict[object, Node] = {}
        self._passed = providers or {}
        self._providers: Mapping[str, Provider] | None = None
        self._sources: dict[str, list[tuple[str, Block]]] | None = None

    @property
    def budget(self) -> Budget:
        """How much may still be worked out."""
        return self.session.budget

    @property
    def secrets(self) -> Secrets:
        """The sensitive values of the reading."""
        return self.session.secrets

    @property
    def opened(self) -> set[str]:
        """The files that were read, those of all modules together."""
        return self.session.opened

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder that paths start from, that of the root, and the module's own."""
        return self.session.root, self.folder

    def named(self, name: str) -> str:
        """Write a name as Terraform does outside the module."""
        return f"{self.address}.{name}" if self.address else name

    def once(self, what: object, at: Stretch, where: str, make: Callable[[], Node]) -> Node:
        """Work something out at its first use; what refers to itself is Unknown."""
        if what not in self._known:
            self._known[what] = unknown("it refers to itself", at, where)
            self._known[what] = make()
        return self._known[what]

    @property
    def providers(self) -> Mapping[str, Provider]:
        """The providers by their aliases, those that the caller passes and the module's own."""
        if self._providers is None:
            self._providers = self._passed  # while the arguments of its own are worked out
            self._providers = {**self._passed, **read_providers(self.files.providers, self.scope)}
        return self._providers

    def provider(self, block: Block) -> Provider:
        """The provider that a resource or data source uses."""
        return self.providers.get(provider_named(block), NO_PROVIDER)

    def data_sources(self, kind: str) -> list[tuple[str, Block]]:
        """The data sources of a type, by name."""
        if self._sources is None:
            self._sources = {}
            for (mode, one, name), block in self.files.resources.items():
                if mode == "data":
                    self._sources.setdefault(one, []).append((name, block))
        return self._sources.get(kind, [])

    def refer(self, name: str, steps: tuple[Step, ...], at: Stretch) -> tuple[Node, int]:
        """Give what a reference begins with, and how many steps that took."""
        names = [one.name if isinstance(one, Attribute) else "" for one in steps[:2]]
        if name == "data" and len(names) == 2 and all(names):
            return placed(self.resource("data", names[0], names[1], at), at), 2
        if not names or not names[0] or name in _BOUND:
            return unknown("not known before the deployment", at, written(at)), len(steps)
        if name == "path":
            return known(self.path(names[0]), at), 1
        find = {"var": self.variable, "local": self.local, "module": self.module}.get(name)
        found = find(names[0], at) if find else self.resource("resource", name, names[0], at)
        return placed(found, at), 1

    def path(self, name: str) -> str:
        """Give ``path.module``, from the root's folder on."""
        return os.path.relpath(self.folder, self.session.root) if name == "module" else "."

    def local(self, name: str, at: Stretch) -> Node:
        """Give ``local.name``."""
        where, argument = self.named(f"local.{name}"), self.files.local.get(name)
        if argument is None:
            return wrong("not declared", at, where)
        return self.once(where, at, where, lambda: evaluate(argument.expression, self.scope))

    def variable(self, name: str, at: Stretch) -> Node:
        """Give ``var.name``."""
        where = self.named(f"var.{name}")
        return self.once(where, at, where, lambda: value_of_variable(name, where, self, at))

    def resource(self, mode: str, kind: str, name: str, at: Stretch) -> Node:
        """Give a resource: its instance, or all of them where it has `count` or `for_each`."""
        where = self.named(f"data.{kind}.{name}" if mode == "data" else f"{kind}.{name}")
        block = self.files.resources.get((mode, kind, name))
        if block is None:
            return wrong("not declared", at, where)
        return self.once(where, at, where, lambda: expand(block, where, self))

    def module(self, name: str, at: Stretch) -> Node:
        """Give a module that is called."""
        where, block = self.named(f"module.{name}"), self.files.modules.get(name)
        if block is None:
            return wrong("not declared", at, where)
        return self.once(where, at, where, lambda: call_module(block, where, self))

    def output(self, name: str, at: Stretch) -> Node:
        """Give an output."""
        where, block = self.named(name), self.files.outputs.get(name)
        argument = block.body.arguments.get("value") if block is not None else None
        if block is None or argument is None:
            return wrong("the module has no such output", at, where)

        def make() -> Node:
            value = evaluate(argument.expression, self.scope)
            return self.secrets.protect(value, where) if is_sensitive(block, self.scope) else value

        return self.once(("output", name), at, where, make)

    def is_any(self, node: Node) -> bool:
        """True for what stands for resources or modules of which nobody knows how many there are."""
        why = why_unknown(node)
        return why is not None and why.where in self.session.any_key

    def attribute(self, node: Node, name: str) -> Node | None:
        """Give an attribute of a resource or an output of a module, if the value stands for one."""
        why = why_unknown(node)
        if why is None or isinstance(node.source, Rendered):
            return None
        at = stretch_of(node)
        called = self.session.called.get(why.where)
        if called is not None:
            return referred(called.output(name, at), at)
        instance = self.session.instances.get(why.where)
        return attribute_of(instance, name, at) if instance is not None else None
