"""What one reading of a root module knows: its folders, its resources as they are expanded, its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

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
    from checker.policy.node import Node, Stretch


class Called(Surroundings, Protocol):
    """A module as it is called, or the root: what its resources and variables ask of it."""

    @property
    def session(self) -> Session:
        """The reading that it belongs to."""

    @property
    def files(self) -> Folder:
        """Its blocks."""

    @property
    def scope(self) -> Scope:
        """What its expressions may refer to."""

    @property
    def given(self) -> Mapping[str, Callable[[], Node]] | None:
        """The values that the caller gives to variables; ``None`` for the root."""

    def named(self, name: str) -> str:
        """Write a name as Terraform does outside the module."""

    def once(self, what: object, at: Stretch, where: str, make: Callable[[], Node]) -> Node:
        """Work something out at its first use."""

    def variable(self, name: str, at: Stretch) -> Node:
        """Give ``var.name``."""

    def output(self, name: str, at: Stretch) -> Node:
        """Give an output."""

    def resource(self, mode: str, kind: str, name: str, at: Stretch) -> Node:
        """Give a resource: its instance, or all of them."""

    def module(self, name: str, at: Stretch) -> Node:
        """Give a module that is called."""

    def provider(self, block: Block) -> Provider:
        """The provider that a resource or data source uses."""

    def data_sources(self, kind: str) -> list[tuple[str, Block]]:
        """The data sources of a type, by name."""


class Instance(NamedTuple):
    """A resource or data source with its address, and the names that `count` and `for_each` bind in it."""

    address: str
    block: Block
    module: Called
    names: Mapping[str, Node]

    @property
    def kind(self) -> str:
        """Its type, after ``data.`` for a data source."""
        return f"data.{self.block.labels[0]}" if self.block.kind == "data" else self.block.labels[0]

    @property
    def scope(self) -> Scope:
        """What its arguments may refer to."""
        return Scope(self.module, self.names)


class Session:
    """One reading; ``named`` are the files that were handed over by name.

    ``instances`` and ``called`` are found by their address while expressions are worked out. ``any_key``
    are the addresses that stand for all instances, where nobody knows how many there are, and ``counts`` maps
    them to the expressions that say how many. ``met`` are the
    folders of the modules, the root's among them, by their full names, as ``folders`` are that were read before.
    ``opened`` are the full names of the files that `file` and `templatefile` have read, ``downloads`` the modules
    of the root that `terraform init` has fetched.
    """

    def __init__(
        self,
        root: Path,
        folders: Mapping[str, Folder],
        variables: Mapping[str, str],
        faults: list[InputError],
        named: frozenset[str] = frozenset(),
    ) -> None:
        self.root = root
        self.variables = variables
        self.budget = Budget()
        self.secrets = Secrets(decode)
        self.faults = faults
        self.named = named
        self.instances: dict[str, Instance] = {}
        self.called: dict[str, Called] = {}
        self.any_key: set[str] = set()
        self.counts: dict[str, Stretch] = {}
        self.met: dict[str, Folder] = {}
        self.opened: set[str] = set()
        self.downloads = downloads_of(root)
        self._folders = dict(folders)

    def folder(self, path: Path) -> Folder:
        """Read a folder, once."""
        name = absolute(path)
        if name not in self._folders:
            self._folders[name] = gather_folder(path, self.faults)
        return self.met.setdefault(name, self._folders[name])
