"""Walks a root module and the modules that it calls, and declares what is in them."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from checker.inputs.comments import hcl_comments
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


_MUCH = 50_000
"""How many new objects make it worth looking for garbage, some ten megabytes; most modules make fewer."""


@contextmanager
def one_collection() -> Iterator[None]:
    """Collect garbage once, at the end, and only among the objects that were made in between.

    Parsing makes trees, and looking for garbage meanwhile takes as long as parsing. Modules, scopes and
    expressions refer to each other, so only a collection frees them: memory must not grow with the roots.
    """
    on = gc.isenabled()
    gc.disable()
    gc.freeze()
    before = gc.get_count()[0]
    try:
        yield
    finally:
        if gc.get_count()[0] - before > _MUCH:
            gc.collect()
        gc.unfreeze()
        if on:
            gc.enable()


@one_collection()
def read_root(
    folder: Path, texts: Iterable[Text], names: frozenset[str], facts: Facts, faults: list[InputError]
) -> None:
    """Read a module that nothing calls."""
    files = {absolute(folder): gather(folder, texts, faults)}
    session = Session(folder, {**facts.called.parsed, **files}, dict(facts.given.variables), faults, names)
    facts.variables |= files[absolute(folder)].variables.keys()
    found = facts.declarations(folder)
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
    facts.called.add({name: one for name, one in session.met.items() if name not in files})


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
