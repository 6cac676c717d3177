"""Reads what `terraform show -json` prints of a plan or a state, as declarations.

What is judged is what will be: what a plan creates, changes or leaves alone, and nothing that it deletes.
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from checker.inputs.bulk import is_packed
from checker.inputs.files import name_of
from checker.inputs.opening import open_regular
from checker.inputs.senders import senders
from checker.inputs.terraform.declare import Declarer
from checker.inputs.terraform.parts import parts_of
from checker.inputs.terraform.plan import Plan
from checker.inputs.terraform.resource import read_resource
from checker.inputs.terraform.scan import Scan
from checker.inputs.terraform.shown import ShownSource
from checker.inputs.terraform.survey import read_outline
from checker.inputs.text import InputError, decode
from checker.inventory import Skipped
from checker.policy.jsontext import TextError

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.declared import DeclaredSender
    from checker.inputs.facts import Facts

MAX_BYTES = 512 * 1024 * 1024
"""Plans of very large configurations have some fifty megabytes."""

_PLAN_AGAIN = "make the plan again: `terraform plan -out=plan.bin`, `terraform show -json plan.bin`"


def read_show(path: Path, facts: Facts, *, named: bool) -> bool:
    """Read a file into the facts; false if there is nothing in it to judge.

    A file is a world of its own: what it declares is tied together within it, and with nothing beside it
    but by ARN. Raises InputError with line and column where it is no such thing.
    """
    plan, found = _plan(ShownSource(name_of(path), _read(path)))
    declared = facts.declarations(path)
    declarer = Declarer(plan, declared, named=named)
    declarer.declare()
    declared.senders += found
    facts.skipped += (fault.skipped() for fault in declarer.faults)
    if plan.outline.gap:
        facts.skipped.append(Skipped(name_of(path), plan.outline.gap, help=_PLAN_AGAIN))
    return bool(declared.topics or declared.keys or declared.instances)


def _plan(source: ShownSource) -> tuple[Plan, list[DeclaredSender]]:
    """Read a plan, and what in it starts streams. Raises InputError."""
    scan = Scan(source)
    try:
        outline = read_outline(scan)
        resources = [read_resource(scan, found) for found in outline.resources()]
        found = senders(parts_of(scan, outline))
    except TextError as error:
        raise InputError(source.name, error.message, error.position()) from None
    return Plan(source, outline, resources), found


def _read(path: Path) -> str:
    try:
        packed = is_packed(path)
        with open_regular(path) as file:
            stream = gzip.GzipFile(fileobj=file) if packed else file
            data = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(name_of(path), str(getattr(error, "strerror", "") or error).lower()) from None
    if len(data) > MAX_BYTES:
        raise InputError(
            name_of(path), f"larger than the {MAX_BYTES // 1024 // 1024} MB that are read of a plan"
        )
    return decode(name_of(path), data)
