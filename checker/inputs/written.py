"""Finds where the resources of a Terraform plan are written: the plan says their addresses, the files the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText, Written
from checker.inputs.assemble import assemble
from checker.inputs.facts import Facts
from checker.inputs.hcl.module import read_module
from checker.inputs.terraform.address import without_indices

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Key, Topic


def show_where_written(source: Path, facts: Facts) -> None:
    """Give the topics and keys that a plan declares the places where the files of a folder declare them.

    All instances of a resource are written in one place.
    """
    files = Facts(facts.given)
    read_module(source, frozenset(), files)
    for folder, declared in files.declared.items():
        assemble(declared, files, folder)
    facts.skipped += files.skipped
    written = {without_indices(topic.address): _written(topic) for _, topic in files.topics}
    written |= {without_indices(key.address): _written(key) for _, key in files.keys}
    facts.topics = [
        (at, one._replace(written=written.get(without_indices(one.address)))) for at, one in facts.topics
    ]
    facts.keys = [
        (at, one._replace(written=written.get(without_indices(one.address)))) for at, one in facts.keys
    ]


def _written(one: Topic | Key) -> Written:
    return Written(one.place, one.policy.document if isinstance(one.policy, PolicyText) else None)
