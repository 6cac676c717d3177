"""Holds the state of reading one root module: its folders, expanded resources and errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from checker.core.record import NamedTuple
from checker.core.unknown import Symbol
from checker.inputs.sensitive import Secrets
from checker.inputs.terraform.hcl.expression import Scope, Surroundings
from checker.inputs.terraform.hcl.limits import Budget
from checker.inputs.terraform.hcl.render import decode
from checker.inputs.terraform.module.collect_blocks import gather_folder
from checker.inputs.terraform.module.folder import absolute, downloads_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from checker.core.errors import InputError
    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.module.folder import Folder
    from checker.inputs.terraform.module.providers import Provider
    from checker.policy.node import Node, Span


class Called(Surroundings, Protocol):
    """The interface of a module instance or the root to its resources and variables."""

    @property
    def session(self) -> Session:
        """Return the reading that the module belongs to."""

    @property
    def address(self) -> str:
        """Return its address; empty for the root."""

    @property
    def files(self) -> Folder:
        """Return its blocks."""

    @property
    def scope(self) -> Scope:
        """Return the scope of its expressions."""

    @property
    def given(self) -> Mapping[str, Callable[[], Node]] | None:
        """Return the variable values from the caller; ``None`` for the root."""

    def named(self, name: str) -> str:
        """Write a name as Terraform does outside the module."""

    def once(self, what: object, at: Span, where: str, make: Callable[[], Node]) -> Node:
        """Evaluate a value on first use."""

    def variable(self, name: str, at: Span) -> Node:
        """Return ``var.name``."""

    def output(self, name: str, at: Span) -> Node:
        """Return an output."""

    def resource(self, mode: str, kind: str, name: str, at: Span) -> Node:
        """Return a resource: its instance, or all instances."""

    def module(self, name: str, at: Span) -> Node:
        """Return a called module."""

    def provider(self, block: Block) -> Provider:
        """Return the provider of a resource or data source."""

    def data_sources(self, kind: str) -> list[tuple[str, Block]]:
        """Return the data sources of a type, by name."""


class Instance(NamedTuple):
    """A resource or data source with its address and the names that `count` and `for_each` bind."""

    address: str
    block: Block
    module: Called
    names: Mapping[str, Node]

    @property
    def kind(self) -> str:
        """Return its type, with the prefix ``data.`` for a data source."""
        return f"data.{self.block.labels[0]}" if self.block.kind == "data" else self.block.labels[0]

    @property
    def scope(self) -> Scope:
        """Return the scope of its arguments."""
        return Scope(self.module, self.names)


class Deployment(NamedTuple):
    """What a tool that deploys a module decides for it.

    ``name`` is unique for the deployment. ``budget`` and ``secrets`` are those of the values that are passed.
    ``added`` is a folder whose files are copied into the module's, and ``downloads`` the folder in which
    `terraform init` ran, if it is not the module's.
    """

    name: str = ""
    budget: Budget | None = None
    secrets: Secrets | None = None
    added: Path | None = None
    downloads: Path | None = None


class Absent(NamedTuple):
    """A block that creates nothing, because its `count` or `for_each`, the ``argument``, is zero or empty.

    ``file`` is its full path, and ``text`` the text of the block. ``variables`` are those of the root that the argument
    names.
    """

    file: str
    name: str
    argument: str
    text: str
    variables: tuple[str, ...] = ()

    def uses(self, name: str) -> bool:
        """True for its own name, and for that of a block to which it refers."""
        return name == self.name or re.search(rf"(?<![\w.]){re.escape(name)}\b", self.text) is not None


class Session:
    """The state of one reading; ``named`` are the files that the user named.

    ``instances`` and ``called`` are filled by address during evaluation. ``any_key`` are the addresses that
    stand for an unknown number of instances, and ``counts`` maps them to their `count` or `for_each`
    expressions. ``absent`` are blocks that create nothing. ``met`` are the folders of all modules by full path, and ``folders`` are those read before.
    ``opened`` are the full paths of the files that `file` and `templatefile` read. ``downloads`` are the
    modules that `terraform init` downloaded.
    """

    def __init__(
        self,
        root: Path,
        folders: Mapping[str, Folder],
        variables: Mapping[str, str],
        faults: list[InputError],
        named: frozenset[str] = frozenset(),
        deployment: Deployment = Deployment(),  # noqa: B008 - frozen
    ) -> None:
        self.root = root
        self.variables = variables
        self.deployment = deployment
        self.budget = deployment.budget or Budget()
        self.secrets = deployment.secrets or Secrets(decode)
        self.faults = faults
        self.named = named
        self.instances: dict[str, Instance] = {}
        self.called: dict[str, Called] = {}
        self.any_key: set[str] = set()
        self.counts: dict[str, Span] = {}
        self.absent: list[Absent] = []
        self.met: dict[str, Folder] = {}
        self.opened: set[str] = set()
        self.downloads = downloads_of(deployment.downloads or root)
        self._folders = dict(folders)

    def symbol(self, name: str, kind: str, reference: str = "") -> Symbol:
        """Return the symbol of a reference in this root, which a fix may write unless another one is given."""
        return Symbol(name, kind, (), self.deployment.name or str(self.root), reference or name)

    def folder(self, path: Path) -> Folder:
        """Read a folder once."""
        name = absolute(path)
        if name not in self._folders:
            self._folders[name] = gather_folder(path, self.faults)
        return self.met.setdefault(name, self._folders[name])
