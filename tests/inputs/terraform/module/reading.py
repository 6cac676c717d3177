"""Reads modules that are written down in tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from checker.analysis.inventory import Inventory, PolicyText, Topic
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.collect import Facts, Given
from checker.inputs.link import link_facts
from checker.inputs.terraform.module.collect_blocks import gather
from checker.inputs.terraform.module.folder import absolute, read_texts
from checker.inputs.terraform.module.module import Module
from checker.inputs.terraform.module.read import read_modules
from checker.inputs.terraform.module.session import Session
from checker.policy.node import Array, Node, Number, Object, Span


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files into a folder, and give it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def root_of(folder: Path, **variables: str) -> Module:
    """Parse a folder as a root module; a file that cannot be parsed fails the test."""
    faults: list[InputError] = []
    found = gather(folder, read_texts(folder, faults), faults)
    assert faults == []
    return Module(Session(folder, {absolute(folder): found}, variables, faults), folder)


def worked_out(folder: Path, expression: str, rest: str = "", **variables: str) -> Node:
    """Work an expression out beside some declarations."""
    write(folder, {"main.tf": f"locals {{\n  answer = {expression}\n}}\n{rest}"})
    module = root_of(folder, **variables)
    block = module.files.local["answer"].at
    return module.local("answer", Span(block.source, block.start, block.end))


def plain(node: Node) -> Any:
    """A node as Python has it; what is not known is the name of it after a question mark."""
    if isinstance(node, Object):
        return {member.key: plain(member.value) for member in node.members}
    if isinstance(node, Array):
        return [plain(one) for one in node.items]
    if isinstance(node.value, Unknown):
        return f"?{node.value.where}"
    return json.loads(node.value.text) if isinstance(node.value, Number) else node.value


def read(folder: Path, files: dict[str, str], *, named: tuple[str, ...] = (), **variables: str) -> Inventory:
    """Write files and read every folder that has any."""
    write(folder, files)
    facts = Facts(Given(variables=tuple(variables.items())))
    names = sorted(
        (name for name in files if name.endswith((".tf", ".tf.json"))), key=lambda name: name.count("/")
    )
    read_modules([(folder / name, name in named) for name in names], facts)
    return link_facts(facts)


def topic_of(inventory: Inventory, address: str = "") -> Topic:
    """The only topic, or the one that is declared as this."""
    assert [one for one in inventory.skipped if one.error] == []
    (topic,) = [one for one in inventory.topics if address in ("", one.address)]
    return topic


def policy_of(topic: Topic) -> PolicyText:
    """Its policy, which has to be known."""
    assert isinstance(topic.policy, PolicyText), topic.policy
    return topic.policy
