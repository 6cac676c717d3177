"""Resolves references in a module: `var`, `local`, `module`, `data` and resource types."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.core.unknown import ANY, NAME, Unknown
from checker.inputs.confinement import fault_outside
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import Attribute, Scope, written
from checker.inputs.terraform.hcl.limits import TOO_MUCH
from checker.inputs.terraform.hcl.values import (
    Rendered,
    known,
    placed,
    referred,
    symbolic,
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
from checker.policy.node import Span, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from checker.inputs.sensitive import Secrets
    from checker.inputs.terraform.hcl.body import Argument, Block
    from checker.inputs.terraform.hcl.expression import Step
    from checker.inputs.terraform.hcl.limits import Budget
    from checker.inputs.terraform.module.session import Session
    from checker.policy.node import Node


_META = ("source", "version", "count", "for_each", "providers", "depends_on")
_COST = 50
_NOT_LOCAL = "the module is neither local nor downloaded; run `terraform init`"


def call_module(block: Block, address: str, caller: Module) -> Node:
    """Expand a module call into its instances, if the module's files can be read."""
    folder = _folder(block, address, caller)
    if isinstance(folder, str):
        is_one = not {"count", "for_each"} & block.body.arguments.keys()
        symbol = caller.session.symbol(address, ANY)
        return symbolic(Unknown(folder, address, (symbol,) if is_one else ()), block.header)

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
    """Return the folder of a local or downloaded module, or the reason if there is none."""
    argument = block.body.arguments.get("source")
    source = text(evaluate(argument.expression, caller.scope)) if argument is not None else None
    if not isinstance(source, str) or not source:
        return _NOT_LOCAL
    if not source.startswith(("./", "../")):
        return _inside(folder_of(address, source, caller.session.downloads) or _NOT_LOCAL)
    folder = _inside(local_folder(caller.folder, source))
    if isinstance(folder, str):
        return folder
    if "\0" in source or not os.path.isdir(folder):  # noqa: PTH112 - it never raises
        return "the module folder was not found"
    if absolute(folder) in caller.chain:
        return "the module calls itself"
    return folder


def _inside(folder: Path | str) -> Path | str:
    """Return a folder, or the reason if it is outside of the repository."""
    outside = None if isinstance(folder, str) else fault_outside(folder)
    return folder if outside is None else f"the module folder is not read: {outside.strerror}"


def _given(block: Block, scope: Scope) -> dict[str, Callable[[], Node]]:
    def value_of(argument: Argument) -> Callable[[], Node]:
        return lambda: evaluate(argument.expression, scope)

    return {name: value_of(one) for name, one in block.body.arguments.items() if name not in _META}


_BOUND = ("each", "count", "self", "terraform")


class Module:
    """A module instance or the root. Each value is evaluated once.

    ``given`` are the variable values from the caller. ``chain`` are the folders of the calling modules.
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
        """Return the remaining evaluation budget."""
        return self.session.budget

    @property
    def secrets(self) -> Secrets:
        """Return the sensitive values of the reading."""
        return self.session.secrets

    @property
    def opened(self) -> set[str]:
        """Return the files that were read, for all modules together."""
        return self.session.opened

    @property
    def folders(self) -> tuple[Path, ...]:
        """Return the base folder for paths, which is the root's, the module's own, and the one that adds files."""
        added = self.session.deployment.added
        return (self.session.root, self.folder, *((added,) if added is not None else ()))

    def call(self, name: str, arguments: Sequence[Node], at: Span) -> Node | None:  # noqa: ARG002 - as any module
        """Return ``None``: a module has no functions of its own."""
        return None

    def named(self, name: str) -> str:
        """Write a name as Terraform does outside the module."""
        return f"{self.address}.{name}" if self.address else name

    def once(self, what: object, at: Span, where: str, make: Callable[[], Node]) -> Node:
        """Evaluate a value on first use; a value that refers to itself is Unknown."""
        if what not in self._known:
            self._known[what] = unknown("it refers to itself", at, where)
            self._known[what] = make()
        return self._known[what]

    @property
    def providers(self) -> Mapping[str, Provider]:
        """Return the providers by alias: those that the caller passes, and the module's own."""
        if self._providers is None:
            self._providers = self._passed  # breaks the cycle while its own arguments are evaluated
            self._providers = {**self._passed, **read_providers(self.files.providers.values(), self.scope)}
        return self._providers

    def provider(self, block: Block) -> Provider:
        """Return the provider of a resource or data source."""
        return self.providers.get(provider_named(block), NO_PROVIDER)

    def data_sources(self, kind: str) -> list[tuple[str, Block]]:
        """Return the data sources of a type, by name."""
        if self._sources is None:
            self._sources = {}
            for (mode, one, name), block in self.files.resources.items():
                if mode == "data":
                    self._sources.setdefault(one, []).append((name, block))
        return self._sources.get(kind, [])

    def refer(self, name: str, steps: tuple[Step, ...], at: Span) -> tuple[Node, int]:
        """Resolve the beginning of a reference; return the value and the number of steps used."""
        names = [one.name if isinstance(one, Attribute) else "" for one in steps[:2]]
        if name == "data" and len(names) == 2 and all(names):
            return placed(self.resource("data", names[0], names[1], at), at), 2
        if (name, *names[:1]) == ("terraform", "workspace"):
            symbol = self.session.symbol("terraform.workspace", NAME)
            return symbolic(Unknown("not known before deployment", symbol.name, (symbol,)), at), 1
        if not names or not names[0] or name in _BOUND:
            return unknown("not known before deployment", at, written(at)), len(steps)
        if name == "path":
            return known(self.path(names[0]), at), 1
        find = {"var": self.variable, "local": self.local, "module": self.module}.get(name)
        found = find(names[0], at) if find else self.resource("resource", name, names[0], at)
        return placed(found, at), 1

    def path(self, name: str) -> str:
        """Return ``path.module``, relative to the root's folder."""
        return os.path.relpath(self.folder, self.session.root) if name == "module" else "."

    def local(self, name: str, at: Span) -> Node:
        """Return ``local.name``."""
        where, argument = self.named(f"local.{name}"), self.files.local.get(name)
        if argument is None:
            return wrong("not declared", at, where)
        return self.once(where, at, where, lambda: evaluate(argument.expression, self.scope))

    def variable(self, name: str, at: Span) -> Node:
        """Return ``var.name``."""
        where = self.named(f"var.{name}")
        return self.once(where, at, where, lambda: value_of_variable(name, where, self, at))

    def resource(self, mode: str, kind: str, name: str, at: Span) -> Node:
        """Return a resource: its instance, or all instances if it has `count` or `for_each`."""
        where = self.named(f"data.{kind}.{name}" if mode == "data" else f"{kind}.{name}")
        block = self.files.resources.get((mode, kind, name))
        if block is None:
            return wrong("not declared", at, where)
        return self.once(where, at, where, lambda: expand(block, where, self))

    def module(self, name: str, at: Span) -> Node:
        """Return a called module."""
        where, block = self.named(f"module.{name}"), self.files.modules.get(name)
        if block is None:
            return wrong("not declared", at, where)
        return self.once(where, at, where, lambda: call_module(block, where, self))

    def output(self, name: str, at: Span) -> Node:
        """Return an output."""
        where, block = self.named(name), self.files.outputs.get(name)
        argument = block.body.arguments.get("value") if block is not None else None
        if block is None or argument is None:
            return wrong("the module does not declare this output", at, where)

        def make() -> Node:
            value = evaluate(argument.expression, self.scope)
            return self.secrets.protect(value, where) if is_sensitive(block, self.scope) else value

        return self.once(("output", name), at, where, make)

    def is_any(self, node: Node) -> bool:
        """True for a placeholder of an unknown number of resources or modules."""
        why = why_unknown(node)
        return why is not None and why.where in self.session.any_key

    def attribute(self, node: Node, name: str) -> Node | None:
        """Return an attribute of a resource, or an output of a module, if the value stands for one."""
        why = why_unknown(node)
        if why is None or isinstance(node.source, Rendered):
            return None
        at = span_of(node)
        called = self.session.called.get(why.where)
        if called is not None:
            return referred(called.output(name, at), at)
        instance = self.session.instances.get(why.where)
        return attribute_of(instance, name, at) if instance is not None else None
