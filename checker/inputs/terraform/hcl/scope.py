"""What an expression may refer to: its module, and the names that loops, `count` and `for_each` bind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from checker.inputs.sensitive import Secrets
    from checker.inputs.terraform.hcl.expression import Step
    from checker.inputs.terraform.hcl.limits import Budget
    from checker.policy.node import Node, Stretch


class Surroundings(Protocol):
    """What an expression may refer to and read: a module."""

    @property
    def budget(self) -> Budget:
        """How much may still be worked out."""

    @property
    def secrets(self) -> Secrets:
        """The sensitive values that were met."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder that paths start from, and others of which files may be read."""

    @property
    def opened(self) -> set[str]:
        """The full names of the files that were read."""

    def refer(self, name: str, steps: tuple[Step, ...], at: Stretch) -> tuple[Node, int]:
        """Give the value of ``var.a`` or the like, and how many of the steps that took."""

    def is_any(self, node: Node) -> bool:
        """True for what stands for resources or modules of which nobody knows how many there are."""

    def attribute(self, node: Node, name: str) -> Node | None:
        """Give an attribute of a resource or an output of a module, if the value stands for one."""


class Scope(NamedTuple):
    """A module, and the names that loops, `count` and `for_each` bind."""

    module: Surroundings
    names: Mapping[str, Node]

    def within(self, names: Mapping[str, Node]) -> Scope:
        """The scope with more names in it."""
        return Scope(self.module, {**self.names, **names}) if names else self
