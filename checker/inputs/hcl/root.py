"""Walks a root module and the modules that it calls, and declares what is in them."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

from checker.inputs.comments import hcl_comments
from checker.inputs.files import root_name
from checker.inputs.hcl.declare import declare, matters_itself
from checker.inputs.hcl.folder import absolute
from checker.inputs.hcl.gather import gather, take_values
from checker.inputs.hcl.modules import Module
from checker.inputs.hcl.parts import parts_of
from checker.inputs.hcl.session import Session
from checker.inputs.hcl.variables import hide_sensitive
from checker.inputs.hcl.walk import instances_of, modules_of
from checker.inputs.senders import senders
from checker.inputs.terraform.owned import strays

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from checker.core.errors import InputError
    from checker.inputs.facts import Facts
    from checker.inputs.hcl.folder import Folder, Text


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
    """Read a module that nothing calls, once for each file of values that it is deployed with."""
    own = gather(folder, texts, faults)
    facts.variables |= own.variables.keys()
    extra = [path for root, path in facts.given.values if absolute(root) == absolute(folder)]
    if not extra:
        _read_deployment(
            folder, Session(folder, _known(folder, own, facts), _given(facts), faults, names), facts
        )
    for index, path in enumerate(extra):
        files = own._replace(values=dict(own.values))
        take_values([path], files, faults)
        session = Session(folder, _known(folder, files, facts), _given(facts), faults, names)
        _read_deployment(path if index else folder, session, facts)


def _known(folder: Path, own: Folder, facts: Facts) -> dict[str, Folder]:
    return {**facts.called.parsed, absolute(folder): own}


def _given(facts: Facts) -> dict[str, str]:
    return dict(facts.given.variables)


def _read_deployment(name: Path, session: Session, facts: Facts) -> None:
    """Declare what one deployment of a root has; each has a name of its own, so that nothing ties two together."""
    found = facts.declarations(name)
    found.root = root_name(session.root)
    modules: list[Module] = []
    for module in modules_of(Module(session, session.root)):
        modules.append(module)
        hide_sensitive(module)
        for instance in instances_of(module, matters_itself):
            declare(instance, found)
    strays(found)
    facts.opened |= session.opened
    found.senders += senders(parts_of(session, modules))
    new = {name: one for name, one in session.met.items() if name not in facts.called}
    comments = (one for read in new.values() for source in read.sources for one in hcl_comments(source))
    facts.comments += (one for one in comments if one not in facts.comments)
    facts.called.add({name: one for name, one in session.met.items() if name != absolute(session.root)})
