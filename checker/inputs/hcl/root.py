"""Walks a root module and the modules that it calls, and declares what is in them."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from checker.inputs.comments import hcl_comments
from checker.inputs.files import root_name
from checker.inputs.hcl.declare import declare, matters_itself
from checker.inputs.hcl.folder import absolute
from checker.inputs.hcl.gather import gather
from checker.inputs.hcl.modules import Module
from checker.inputs.hcl.session import Session
from checker.inputs.hcl.values import why_unknown
from checker.inputs.hcl.variables import hide_sensitive
from checker.inputs.terraform.owned import strays
from checker.policy.node import Node, Scalar, children

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from checker.inputs.facts import Facts
    from checker.inputs.hcl.folder import Text
    from checker.inputs.text import InputError


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep Python from looking for garbage: trees are all that is made, and looking takes as long as parsing."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@no_collection()
def read_root(
    folder: Path, texts: Iterable[Text], names: frozenset[str], facts: Facts, faults: list[InputError]
) -> None:
    """Read a module that nothing calls."""
    files = {absolute(folder): gather(folder, texts, faults)}
    session = Session(folder, {**facts.called, **files}, dict(facts.given.variables), faults, names)
    found = facts.declarations(folder)
    found.root = root_name(folder)
    for module in _modules(Module(session, folder), session):
        hide_sensitive(module)
        for (mode, kind, name), block in module.files.resources.items():
            if not matters_itself(f"data.{kind}" if mode == "data" else kind):
                continue
            for address in _addresses(module.resource(mode, kind, name, block.header)):
                if address in session.instances:
                    declare(session.instances[address], found)
    strays(found)
    new = {name: one for name, one in session.met.items() if name not in facts.called}
    comments = (one for read in new.values() for source in read.sources for one in hcl_comments(source))
    facts.comments += (one for one in comments if one not in facts.comments)
    facts.called |= {name: one for name, one in new.items() if name not in files}


def _modules(module: Module, session: Session) -> Iterator[Module]:
    """Give a module and those that it calls."""
    yield module
    for name, block in module.files.modules.items():
        for address in _addresses(module.module(name, block.header)):
            if address in session.called:
                yield from _modules(session.called[address], session)


def _addresses(node: Node) -> Iterator[str]:
    """The addresses of the instances that a node stands for."""
    inside = (node,) if isinstance(node, Scalar) else children(node)
    yield from (one.where for one in map(why_unknown, inside) if one is not None)
