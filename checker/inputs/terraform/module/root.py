"""Walks a root module and the modules that it calls, and declares what is in them."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.comments import hcl_comments
from checker.inputs.discover import name_of, root_name
from checker.inputs.senders import Part, is_part, senders
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.values import why_unknown
from checker.inputs.terraform.module.collect_blocks import gather, take_values
from checker.inputs.terraform.module.declare import declare, matters_itself
from checker.inputs.terraform.module.folder import absolute, called_by, matters, read_texts, rendered_by
from checker.inputs.terraform.module.module import Module
from checker.inputs.terraform.module.session import Session
from checker.inputs.terraform.module.variables import hide_sensitive
from checker.inputs.terraform.policy_owners import strays
from checker.policy.node import Node, Scalar, children
from checker.policy.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from checker.core.errors import InputError
    from checker.inputs.collect import Facts
    from checker.inputs.terraform.hcl.body import Body
    from checker.inputs.terraform.hcl.expression import Scope
    from checker.inputs.terraform.module.folder import Folder, Text
    from checker.inputs.terraform.module.session import Called, Instance
    from checker.policy.plain import Plain


def modules_of(module: Called) -> Iterator[Called]:
    """Give a module and those that it calls."""
    yield module
    called = module.session.called
    for name, block in module.files.modules.items():
        for address in _addresses(module.module(name, block.header)):
            if address in called:
                yield from modules_of(called[address])


def instances_of(module: Called, wanted: Callable[[str], bool]) -> Iterator[Instance]:
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


_MAY_SPEAK = re.compile(r"connect|file\(", re.IGNORECASE)
"""What a root has in it, or in a file that it reads, if something in it starts streams; most need no evaluation."""

_NAMES = ("name", "arn", "id")


def parts_of(session: Session, modules: list[Called]) -> Iterator[Part]:
    """Give what is written in a root that speaks of Connect; to be called after everything is declared."""
    sources = (source for folder in session.met.values() for source in folder.sources)
    if not any(_MAY_SPEAK.search(source.text) for source in sources):
        return
    for module in modules:
        yield from map(_part, instances_of(module, _is_part))
        for name, block in module.files.modules.items():
            yield Part(module.named(f"module.{name}"), "module", (), _written(block.body, module.scope))


def _is_part(kind: str) -> bool:
    return is_part(kind) and not kind.startswith("data.")


def _part(instance: Instance) -> Part:
    arguments = _written(instance.block.body, instance.scope)
    names = (arguments.get(name) for name in _NAMES)
    return Part(
        instance.address, instance.kind, tuple(one for one in names if isinstance(one, str)), arguments
    )


def _written(body: Body, scope: Scope) -> dict[str, Plain]:
    """Evaluate the arguments of a block and of the blocks in it."""
    found: dict[str, Plain] = {
        name: plain(evaluate(argument.expression, scope)) for name, argument in body.arguments.items()
    }
    kinds = dict.fromkeys(block.kind for block in body.written)
    return found | {
        kind: [_written(block.body, scope) for block in body.written if block.kind == kind] for kind in kinds
    }


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
    modules: list[Called] = []
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


_NOTHING = "no topic, key or Connect instance is declared in the module"


def read_modules(found: Iterable[tuple[Path, bool]], facts: Facts) -> None:
    """Read the modules that files belong to; beside each file stands whether it was handed over by name.

    A folder that another calls is read as that one calls it, not as a module of its own: it would lack the
    values of its variables.
    """
    folders: dict[Path, list[Path]] = {}
    for path, by_name in found:
        folders.setdefault(path.parent, []).extend([path] * by_name)
    chosen = () if facts.of_change else (path for named in folders.values() for path in named)
    names = frozenset(map(name_of, chosen))
    for folder in _callers_first(folders, facts):
        if not read_module(folder, names, facts) and not facts.of_change:
            facts.skipped += (Skipped(name_of(one), _NOTHING) for one in sorted(folders[folder]))
    for folder in [one for one in facts.declared if absolute(one) in facts.called]:
        del facts.declared[folder]  # it was read before the one that calls it


def _callers_first(folders: Iterable[Path], facts: Facts) -> list[Path]:
    """Put folders last that others seem to call, so that they are not parsed once more before the callers.

    The templates that the files render are noted on the way.
    """
    called: set[str] = set()
    for text in (text for folder in folders for text in read_texts(folder, [])):
        called |= {absolute(one) for one in called_by(text)}
        facts.templates |= set(rendered_by(text))
    return sorted(folders, key=lambda folder: absolute(folder) in called)


def read_module(folder: Path, names: frozenset[str], facts: Facts) -> bool:
    """Read the module in a folder into the facts' declarations; ``names`` are files handed over by name.

    False for a folder that has nothing to do with topics, keys or Connect: most are not even parsed.
    """
    if absolute(folder) in facts.called:
        return True
    faults: list[InputError] = []
    texts = read_texts(folder, faults)
    found = matters(folder, texts, faults)
    if found:
        read_root(folder, texts, names, facts, faults)
    note(faults, facts)
    return found and (bool(faults) or _declares(folder, facts))


def _declares(folder: Path, facts: Facts) -> bool:
    """True if a module that was read has something to judge; another root may have called it meanwhile."""
    found = facts.declared.get(folder)
    return found is None or bool(found.topics or found.keys or found.instances)


def note(faults: Iterable[InputError], facts: Facts) -> None:
    """Note faults, each once, however many modules call the file that has it."""
    for fault in faults:
        if fault.skipped() not in facts.skipped:
            facts.skip(fault)
