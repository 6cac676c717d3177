"""`checker rollback`: roll back a fix that was applied in AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.options import read_access
from checker.app.rollback import roll_back_fix
from checker.cli import options as shared

_ReceiptArgument = Annotated[
    Path, typer.Argument(metavar="RECEIPT", help="Receipt that `checker fix --apply` wrote.")
]
_ForceOption = Annotated[
    bool, typer.Option("--force", help="Also roll back resources that were changed since the fix.")
]


def rollback(
    receipt: _ReceiptArgument,
    force: _ForceOption = False,
    yes: shared.YesOption = False,
    profile: shared.ProfileOption = "",
    endpoint_url: shared.EndpointOption = "",
    role_arn: shared.RoleArnOption = "",
    role_name: shared.RoleNameOption = "",
    external_id: shared.ExternalIdOption = "",
) -> Ending:
    """Roll back a fix that was applied in AWS.

    Reads every resource, shows the plan, and asks for confirmation. Resources that were changed since the fix are
    skipped without --force. Only topics and keys with the tag of the receipt are deleted; keys after seven days,
    the minimum of KMS.

    Exit codes: 0 everything is as it was before the fix, 1 a later change was skipped, 2 unreadable receipt or not
    confirmed, 3 a change could not be rolled back, 4 internal error, 130 interrupted.
    """
    access = read_access(profile, endpoint_url, role_arn, role_name, external_id)
    return roll_back_fix(receipt, access, force=force, yes=yes)
