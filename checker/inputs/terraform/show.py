"""Reads what `terraform show -json` prints of a plan or a state, as declarations.

What is judged is what will be: what a plan creates, changes or leaves alone, and nothing that it deletes.
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import gzip
import re
import shlex
import zlib
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.inputs.files import name_of
from checker.inputs.opening import is_packed, open_regular
from checker.inputs.senders import senders
from checker.inputs.terraform.declare import Declarer
from checker.inputs.terraform.parts import parts_of
from checker.inputs.terraform.plan import Plan
from checker.inputs.terraform.resource import read_resource
from checker.inputs.terraform.scan import Scan
from checker.inputs.terraform.shown import ShownSource
from checker.inputs.terraform.survey import read_outline
from checker.inputs.text import decode
from checker.policy.text_json import TextError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.inputs.declared import Declarations
    from checker.inputs.facts import Facts
    from checker.inputs.senders import Part

MAX_BYTES = 512 * 1024 * 1024
"""Plans of very large configurations have some fifty megabytes."""

_CONNECT = re.compile(r'"(?:aws|awscc)_connect_|:connect:[^"\s]*:instance/|\bconnect\.amazonaws\.com')
"""What is in a plan that has to do with Amazon Connect; in others, unknown policies are about something else."""

_HIDDEN = "what a role may do is known after the apply"
_PLAN_AGAIN = "make the plan again: `terraform plan -out=plan.bin`, `terraform show -json plan.bin`"


def read_show(path: Path, facts: Facts, *, named: bool) -> bool:
    """Read a file into the facts; false if there is nothing in it to judge.

    A file is a world of its own: what it declares is tied together within it, and with nothing beside it
    but by ARN. Raises InputError with line and column where it is no such thing.
    """
    plan, parts = _plan(ShownSource(name_of(path), _read(path)))
    declared = facts.declarations(path)
    declarer = Declarer(plan, declared, named=named)
    declarer.declare()
    declared.senders += senders(parts)
    facts.skipped += (fault.skipped() for fault in declarer.faults)
    if plan.outline.gap:
        facts.skipped.append(Skipped(name_of(path), plan.outline.gap, help=_PLAN_AGAIN))
    if not named:
        facts.skipped += _may_be_streamed(plan.source, declared, parts)
    return bool(declared.topics or declared.keys or declared.instances)


def _may_be_streamed(source: ShownSource, declared: Declarations, parts: list[Part]) -> Iterator[Skipped]:
    """Note the topics that only policies which are not known yet may connect to Amazon Connect."""
    streamed = {topic for one in declared.senders for topic in one.topics}
    for topic in declared.topics if _CONNECT.search(source.text) else ():
        by = (one for one in senders(parts, possible=True) if not one.topics.isdisjoint(topic.names))
        if streamed.isdisjoint(topic.names) and (sender := next(by, None)) is not None:
            reason = (
                f"whether Connect streams to `{topic.address}` is not known: {_HIDDEN} (`{sender.address}`)"
            )
            yield Skipped(
                source.name, reason, help=f"name the file: checker check {shlex.quote(source.name)}"
            )


def _plan(source: ShownSource) -> tuple[Plan, list[Part]]:
    """Read a plan, and what in it may start streams. Raises InputError."""
    scan = Scan(source)
    try:
        outline = read_outline(scan)
        resources = [read_resource(scan, found) for found in outline.resources()]
        parts = parts_of(scan, outline)
    except TextError as error:
        raise InputError(source.name, error.message, error.position()) from None
    return Plan(source, outline, resources), parts


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
