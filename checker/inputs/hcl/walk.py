"""Ways through a root: its modules, and the instances of their resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.hcl.values import why_unknown
from checker.policy.node import Node, Scalar, children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.inputs.hcl.modules import Module
    from checker.inputs.hcl.session import Instance


def modules_of(module: Module) -> Iterator[Module]:
    """Give a module and those that it calls."""
    yield module
    called = module.session.called
    for name, block in module.files.modules.items():
        for address in _addresses(module.module(name, block.header)):
            if address in called:
                yield from modules_of(called[address])


def instances_of(module: Module, wanted: Callable[[str], bool]) -> Iterator[Instance]:
    """Give the instances of the resources and data sources of a module whose type is wanted."""
    known = module.session.instances
    for (mode, kind, name), block in module.files.resources.items():
        if not wanted(f"data.{kind}" if mode == "data" else kind):
            continue
        for address in _addresses(module.resource(mode, kind, name, block.header)):
            if address in known:
                yield known[address]


def _addresses(node: Node) -> Iterator[str]:
    """The addresses of the instances that a node stands for."""
    inside = (node,) if isinstance(node, Scalar) else children(node)
    yield from (one.where for one in map(why_unknown, inside) if one is not None)
