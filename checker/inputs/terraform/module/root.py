"""Walks a root module and the modules that it calls, and declares their resources."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from checker.analysis.caller_policy import mentions_streaming
from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.inputs.comments import hcl_comments
from checker.inputs.declared_endpoints import may_need
from checker.inputs.discover import root_name
from checker.inputs.environment_variables import environments
from checker.inputs.reading_memory import has_memory
from checker.inputs.senders import Part, is_part, senders
from checker.inputs.terraform.declare import TYPES, declare
from checker.inputs.terraform.declare_endpoints import ENDPOINTS
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.values import why_unknown
from checker.inputs.terraform.identity_policies import has_caller_policy
from checker.inputs.terraform.module.caller_policies import caller_policies
from checker.inputs.terraform.module.collect_blocks import gather, take_values
from checker.inputs.terraform.module.declare import ModuleResource
from checker.inputs.terraform.module.folder import absolute
from checker.inputs.terraform.module.module import Module
from checker.inputs.terraform.module.relevant_blocks import may_start, relevant_texts
from checker.inputs.terraform.module.remembered_blocks import RememberedBlocks
from checker.inputs.terraform.module.session import Session
from checker.inputs.terraform.module.variables import (
    has_text_as_default,
    hide_sensitive,
    keys_of_tables,
    lists_other_values,
    without_default,
)
from checker.inputs.terraform.policy_owners import declare_missing_owners
from checker.inputs.terraform.stacks import STACKS, read_stacks
from checker.policy.node import Node, Scalar, children
from checker.policy.text_json import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from checker.core.errors import InputError
    from checker.inputs.collect import Facts
    from checker.inputs.declared import Declarations
    from checker.inputs.terraform.hcl.body import Block, Body
    from checker.inputs.terraform.hcl.expression import Scope
    from checker.inputs.terraform.module.folder import Folder, Text
    from checker.inputs.terraform.module.session import Called, Instance
    from checker.policy.source import Source
    from checker.policy.text_json import Plain


def modules_of(module: Called) -> Iterator[Called]:
    """Return a module and the modules that it calls."""
    yield module
    called = module.session.called
    for name, block in module.files.modules.items():
        for address in _addresses(module.module(name, block.header)):
            if address in called:
                yield from modules_of(called[address])


def instances_of(module: Called, wanted: Callable[[str], bool]) -> Iterator[Instance]:
    """Return the instances of a module's resources and data sources with the wanted types."""
    for key, block in module.files.resources.items():
        if wanted(_type_of(key)):
            yield from _instances_of_block(module, key, block)


def _type_of(key: tuple[str, str, str]) -> str:
    """Return the type of a resource or data source, as tables name it."""
    mode, kind, _ = key
    return f"data.{kind}" if mode == "data" else kind


def _instances_of_block(module: Called, key: tuple[str, str, str], block: Block) -> Iterator[Instance]:
    known = module.session.instances
    for address in _addresses(module.resource(*key, block.header)):
        if address in known:
            yield known[address]


def declare_resources(module: Called, found: Declarations) -> None:
    """Declare the topics, keys and further resources of a module."""
    before = RememberedBlocks(module, found) if has_memory() else None
    for key, block in module.files.resources.items():
        if _type_of(key) not in TYPES:
            continue
        make = partial(_declare_block, module, key, block, found)
        if before is None:
            make()
        else:
            before.declare(block, make)


def _declare_block(module: Called, key: tuple[str, str, str], block: Block, found: Declarations) -> None:
    for instance in _instances_of_block(module, key, block):
        declare(ModuleResource(instance), found)


def _addresses(node: Node) -> Iterator[str]:
    """Return the addresses of the instances that a node stands for."""
    inside = (node,) if isinstance(node, Scalar) else children(node)
    yield from (one.where for one in map(why_unknown, inside) if one is not None)


_NAMES = ("name", "arn", "id")


def parts_of(session: Session, modules: list[Called], variables: frozenset[str]) -> Iterator[Part]:
    """Return the parts of a root that may start streams, or that sets an environment variable of code that does.

    Call it after everything is declared.
    """
    sources = (source for folder in session.met.values() for source in folder.sources)
    if not any(may_start(source.text, variables) for source in sources):
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
    """Evaluate the arguments of a block and of its nested blocks."""
    found: dict[str, Plain] = {
        name: plain(evaluate(argument.expression, scope)) for name, argument in body.arguments.items()
    }
    kinds = dict.fromkeys(block.kind for block in body.written)
    return found | {
        kind: [_written(block.body, scope) for block in body.written if block.kind == kind] for kind in kinds
    }


_MUCH = 50_000
"""Number of new objects that triggers a collection, about ten megabytes; most modules create fewer."""


@contextmanager
def one_collection() -> Iterator[None]:
    """Collect garbage once at the end, limited to the objects created in between.

    Parsing creates trees, and collecting during parsing doubles its time. Modules, scopes and expressions
    refer to each other, so only a collection frees them, and memory must not grow with the number of roots. A caller
    that disables collections collects when it has time.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    gc.freeze()
    before = gc.get_count()[0]
    try:
        yield
    finally:
        if gc.get_count()[0] - before > _MUCH:
            gc.collect()
        gc.unfreeze()
        gc.enable()


@one_collection()
def read_root(
    folder: Path, texts: Iterable[Text], names: frozenset[str], facts: Facts, faults: list[InputError]
) -> None:
    """Read a root module, once for each values file that it is deployed with."""
    texts = list(texts)
    own = gather(folder, texts, faults, relevant_texts(folder, texts, facts.variables_of_code))
    facts.variables |= own.variables.keys()
    own = _with_other_values(own, facts)
    extra = facts.values.get(absolute(folder), [])
    if not extra:
        read_deployment(
            folder, Session(folder, _known(folder, own, facts), given(facts), faults, names), facts
        )
    for index, path in enumerate(extra):
        files = own._replace(values=dict(own.values))
        take_values([path], files, faults)
        session = Session(folder, _known(folder, files, facts), given(facts), faults, names)
        read_deployment(path if index else folder, session, facts)


def _with_other_values(own: Folder, facts: Facts) -> Folder:
    """Note that variables with a default may have other values, and drop the defaults that the reading does not take."""
    defaults = {name: block for name, block in own.variables.items() if "default" in block.body.arguments}
    keys = keys_of_tables(source.text for source in own.sources) if defaults else frozenset()
    listed = frozenset(name for name, block in defaults.items() if lists_other_values(block, keys))
    texts = frozenset(name for name, block in defaults.items() if has_text_as_default(block))
    facts.has_other_values |= bool(listed)
    facts.has_defaults |= bool(texts)
    dropped = {name: without_default(defaults[name]) for name in facts.given.defaults.dropped(listed, texts)}
    return own._replace(variables={**own.variables, **dropped})


def _known(folder: Path, own: Folder, facts: Facts) -> dict[str, Folder]:
    return {**facts.called.parsed, absolute(folder): own}


def given(facts: Facts) -> dict[str, str]:
    """Return the variable values of the command line."""
    return dict(facts.given.variables)


def read_deployment(name: Path, session: Session, facts: Facts) -> None:
    """Declare one deployment of a root, under a unique name so that deployments are not linked."""
    found, before = facts.declarations(name), frozenset(facts.opened)
    found.root = root_name(name if session.deployment.name else session.root)
    modules: list[Called] = []
    stacks: list[ModuleResource] = []
    for module in modules_of(Module(session, session.root)):
        modules.append(module)
        hide_sensitive(module)
        declare_resources(module, found)
        stacks += map(ModuleResource, instances_of(module, STACKS.__contains__))
    if any(map(may_need, found.subscriptions)):
        declare_endpoints(modules, found)
    read_stacks(stacks, facts, found, session.faults.append)
    declare_missing_owners(found)
    facts.add_opened(absolute(session.root), session.opened | (facts.opened - before))
    facts.absent += session.absent
    parts = list(parts_of(session, modules, facts.variables_of_code))
    found.senders += senders(parts)
    found.environments += environments(parts)
    if any(mentions_streaming(source.text) for one in session.met.values() for source in one.sources):
        policies = (one for module in modules for one in instances_of(module, has_caller_policy))
        found.caller_policies += caller_policies(policies)
    new = {name: one for name, one in session.met.items() if name not in facts.called}
    note_comments((source for read in new.values() for source in read.sources), facts)
    facts.called.add({name: one for name, one in session.met.items() if name != absolute(session.root)})


def declare_endpoints(modules: list[Called], found: Declarations) -> None:
    """Declare the functions and queues that subscriptions may name. A module that is not read may add permissions."""
    for module in modules:
        for instance in instances_of(module, ENDPOINTS.__contains__):
            ENDPOINTS[instance.kind](ModuleResource(instance), found)
        found.gaps += (
            Unknown("a module that was not read may add permissions", module.named(f"module.{name}"))
            for name, block in module.files.modules.items()
            if not any(
                address in module.session.called for address in _addresses(module.module(name, block.header))
            )
            and _PASSED.search(block.at.source.text, block.at.start, block.at.end)
        )


_PASSED = pattern(r"=.*(?:aws_lambda_|aws_sqs_|module\.)")
"""An argument of a module that may pass a function or queue to it."""


def note_comments(sources: Iterable[Source], facts: Facts) -> None:
    """Add the comments of files that suppress findings, each once."""
    comments = (one for source in sources for one in hcl_comments(source))
    facts.comments += (one for one in comments if one not in facts.comments)
