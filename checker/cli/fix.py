"""`checker fix`: show the smallest safe changes that fix findings, and apply them with --apply."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.fix import run_fix
from checker.app.fix_request import FixRequest
from checker.app.options import read_access, read_given, read_options
from checker.app.output import Format
from checker.cli import options as shared

_LIVE, _TEST = "Topic in AWS", "Test chat"

_PathsArgument = Annotated[
    list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files and folders to fix.", show_default=".")
]
_ApplyOption = Annotated[
    bool, typer.Option("--apply", help="Apply the fixes: write the files, or the policies in AWS.")
]
_DiffOption = Annotated[bool, typer.Option("--diff", help="Print only the diff.")]
_UnsafeFixesOption = Annotated[
    bool, typer.Option("--unsafe-fixes", help="Also apply fixes that may grant or remove access.")
]
_ForceManagedOption = Annotated[
    bool,
    typer.Option(
        "--force-managed",
        help="Also change resources that CloudFormation or Terraform manages.",
        rich_help_panel=_LIVE,
    ),
]
_CreateReplacementOption = Annotated[
    bool,
    typer.Option(
        "--create-replacement",
        help="If the topic or its key cannot be fixed in place, plan a new one; --apply creates it.",
        rich_help_panel=_LIVE,
    ),
]
_TestFlowOption = Annotated[
    bool,
    typer.Option(
        "--test-flow",
        help="Send a chat message after the fix, as `checker flow` does.",
        rich_help_panel=_TEST,
    ),
]
_ContactFlowOption = Annotated[
    str,
    typer.Option(
        "--contact-flow-id",
        metavar="ID",
        help="ID of the contact flow that handles the test chat.",
        show_default=False,
        rich_help_panel=_TEST,
    ),
]
_WaitOption = Annotated[
    float,
    typer.Option(
        min=1, max=900, metavar="SECONDS", help="Seconds to wait for the test message.", rich_help_panel=_TEST
    ),
]
_RollbackOnFailureOption = Annotated[
    bool,
    typer.Option(
        "--rollback-on-failure",
        help="Roll the fix back if the message does not arrive.",
        rich_help_panel=_TEST,
    ),
]
_ReceiptsOption = Annotated[
    Path,
    typer.Option(
        metavar="DIR", help="Folder for the receipt, which `checker rollback` needs.", rich_help_panel=_LIVE
    ),
]


def fix(
    paths: _PathsArgument = None,
    instance: shared.InstanceOption = None,
    instance_name: shared.InstanceNameOption = "",
    apply: _ApplyOption = False,
    diff: _DiffOption = False,
    unsafe_fixes: _UnsafeFixesOption = False,
    kms_condition: shared.KmsConditionOption = None,
    yes: shared.YesOption = False,
    select: shared.SelectOption = None,
    ignore: shared.IgnoreOption = None,
    severity: shared.SeverityOption = None,
    output_format: shared.FormatOption = Format.TEXT,
    output: shared.OutputOption = None,
    fail_on: shared.FailOnOption = None,
    all_topics: shared.AllTopicsOption = None,
    topic: shared.TopicOption = None,
    topic_tag: shared.TopicTagOption = None,
    changed: shared.ChangedOption = False,
    variable: shared.VariableOption = None,
    parameter: shared.ParameterOption = None,
    allow_outside: shared.AllowOutsideOption = False,
    rcp: shared.RcpOption = None,
    profile: shared.ProfileOption = "",
    endpoint_url: shared.EndpointOption = "",
    role_arn: shared.RoleArnOption = "",
    role_name: shared.RoleNameOption = "",
    external_id: shared.ExternalIdOption = "",
    force_managed: _ForceManagedOption = False,
    create_replacement: _CreateReplacementOption = False,
    test_flow: _TestFlowOption = False,
    contact_flow: _ContactFlowOption = "",
    wait: _WaitOption = 30,
    rollback_on_failure: _RollbackOnFailureOption = False,
    receipts: _ReceiptsOption = Path("checker-receipts"),
    expect: shared.ExpectOption = None,
    config: shared.ConfigOption = None,
    isolated: shared.IsolatedOption = False,
) -> Ending:
    """Fix policies in files, or of topics in AWS and their keys.

    Without --apply, only shows the fixes. Without a PATH, --topic-arn names a topic in AWS. Repeat it to fix the
    topics of a replicated instance together; a failure rolls back all of them.

    Each safe fix is proven: Connect gains what AWS documents, for the named instances only. No other caller
    gains access, and only callers that should never have had access lose it.

    Exit codes: 0 nothing to fix, or everything is fixed, 1 fixes to apply or findings remain, 2 unreadable input
    or a refused change, 3 a topic could not be read or written completely, 4 internal error. With --test-flow
    also 1 if the message does not arrive.
    """
    options = read_options(
        paths=paths,
        instance=instance,
        topic=topic,
        topic_tag=topic_tag,
        select=select,
        ignore=ignore,
        severity=severity,
        fail_on=fail_on,
        all_topics=all_topics,
        changed=changed,
        config=config,
        isolated=isolated,
        expect=expect,
        rcp=rcp,
        given=read_given(variable, parameter, allow_outside=allow_outside),
    )
    request = FixRequest(
        options,
        read_access(profile, endpoint_url, role_arn, role_name, external_id),
        output_format,
        output,
        diff=diff,
        apply=apply,
        yes=yes,
        unsafe=unsafe_fixes,
        kms_condition=kms_condition,
        force_managed=force_managed,
        receipts=receipts,
        replace=create_replacement,
        test_flow=test_flow,
        contact_flow=contact_flow,
        wait=wait,
        rollback=rollback_on_failure,
        instance_name=instance_name,
    )
    return run_fix(request)
