"""`checker rollback`: take a live repair back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.arn import Arn
from checker.cli.options import EndpointOption, ProfileOption
from checker.cli.terminal import Exit, tell
from checker.fix.receipt import read_receipt
from checker.inputs.text import InputError
from checker.live.access import Access

if TYPE_CHECKING:
    from checker.fix.receipt import Change


def rollback(
    receipt: Annotated[Path, typer.Argument(metavar="RECEIPT", help="The receipt of `checker fix --apply`.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also undo what somebody else has changed since.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,  # noqa: ARG001 - every command that could ask takes it
    profile: ProfileOption = "",
    endpoint_url: EndpointOption = "",
) -> int:
    """Write the policies again that a live repair replaced.

    What was never written is left as it is, and so is what somebody else has changed since. Exit codes:
    0 everything is as it was before the repair, 1 something was changed since and left alone, 2 a receipt
    that cannot be read, or a policy that cannot be read or written, 4 internal error.
    """
    taken = read_receipt(receipt)
    access = Access(profile=profile, endpoint=endpoint_url)
    drifted = [one for change in reversed(taken.changes) for one in _undo(change, access, force=force)]
    return Exit.FINDINGS if drifted else Exit.CLEAN


def _undo(change: Change, access: Access, *, force: bool) -> tuple[Change, ...]:
    """Take one change back and say what became of it; give it if it was left alone."""
    from checker.live.mending import take_back  # boto3 takes a fifth of a second to import
    from checker.live.resource import reach

    arn = Arn.parse(change.resource)
    if arn is None:
        raise InputError(change.resource, "the receipt names no ARN")
    undone = take_back(reach(access, arn), (change,), force=force)
    for one in undone.back:
        tell(f"{one.resource}: taken back")
    for one in undone.untouched:
        tell(f"{one.resource}: says what it said before the repair")
    for one in undone.drifted:
        tell(
            f"{one.resource}: somebody changed it since, left alone",
            "  = help: `--force` undoes that as well",
        )
    return undone.drifted
