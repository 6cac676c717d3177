"""`checker rollback`: take a live repair back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.arn import Arn
from checker.cli.options import EndpointOption, ProfileOption
from checker.cli.terminal import Exit, tell
from checker.fix.receipt import CREATED, NEW_KEY, name_of, read_receipt
from checker.inputs.text import InputError
from checker.live.access import Access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.live.repair.mending import Undone


def rollback(
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT", help="The receipt of `checker fix --apply`.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also undo what somebody else has changed since.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Accepted as everywhere; nothing is asked.")] = False,  # noqa: ARG001 - every command that could ask takes it
    profile: ProfileOption = "",
    endpoint_url: EndpointOption = "",
) -> int:
    """Take back what a live repair did: old policies are written again, and what was created is deleted.

    What was never done is left as it is, and so is what somebody else has changed since. A key is deleted after
    seven days, the least that KMS allows. Exit codes: 0 everything is as it was before the repair, 1 something
    was changed since and left alone, 2 a receipt that cannot be read, or something that could not be taken back,
    4 internal error.
    """
    changes = read_receipt(receipt).changes
    arn = Arn.parse(changes[0].resource)
    if arn is None:
        raise InputError(changes[0].resource, "the receipt names no ARN")
    from checker.live.repair.mending import take_back  # boto3 takes a fifth of a second to import
    from checker.live.resource import reach

    undone = take_back(reach(Access(profile=profile, endpoint=endpoint_url), arn), changes, force=force)
    tell(*_told(undone))
    if undone.stuck is not None:
        raise undone.stuck.fault
    return Exit.FINDINGS if undone.drifted else Exit.CLEAN


def _told(undone: Undone) -> Iterator[str]:
    """What became of each change."""
    for one in undone.back:
        yield f"{name_of(one)}: taken back{_LATER if one.kind == NEW_KEY else ''}"
    yield from (f"{name_of(one)}: {_AS_BEFORE[one.kind in CREATED]}" for one in undone.untouched)
    for one in undone.drifted:
        yield f"{name_of(one)}: somebody changed it since, left alone"
        yield "  = help: `--force` undoes that as well"


_LATER = "; KMS deletes the key in seven days, until then `aws kms cancel-key-deletion` keeps it"
_AS_BEFORE = {False: "says what it said before the repair", True: "is not there"}
