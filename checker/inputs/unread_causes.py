"""Explains why a policy for Amazon Connect was not read, and what makes it readable."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.core.shell import path_word
from checker.inputs.discover import home_of, is_code, is_configuration, is_hcl, name_of
from checker.inputs.large_files import is_terraform_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from checker.inputs.mentions import Mention
    from checker.inputs.terraform.block_headers import Header
    from checker.inputs.terraform.module.session import Absent


_SHOW = "`terraform show -json plan`"
_DEPLOYED = f"check what the code deploys, such as the output of `cdk synth` or {_SHOW}"
_AS_POLICY = (
    "save the policy to a JSON file and check that file, or the output of `aws sns get-topic-attributes` or "
    "`aws kms get-key-policy`"
)


def cause_of(
    path: Path, text: str, mention: Mention, absent: Sequence[Absent], *, is_read: bool
) -> tuple[str, str]:
    """Return why a policy was not read, and what makes it readable."""
    if is_hcl(path):
        from checker.inputs.terraform.block_headers import header_at  # only Terraform files need it

        return _cause_in_terraform(path, header_at(text, mention), absent)
    if is_configuration(path):
        return _cause_in_terragrunt(path)
    if is_code(path):
        return "the file is code", _DEPLOYED
    if is_read or is_terraform_json(text):
        return "it is in a part of the file that checker does not read", _AS_POLICY
    return "checker does not read this kind of file", _AS_POLICY


_STACK = "terragrunt.stack.hcl"
"""A configuration that generates units: https://terragrunt.gruntwork.io/docs/features/stacks/"""


def _cause_in_terragrunt(path: Path) -> tuple[str, str]:
    if path.name == _STACK:
        reason = "checker does not read stacks of Terragrunt"
        return reason, f"run `terragrunt stack generate`, or check the output of {_SHOW}"
    reason = "no unit of Terragrunt in this run passes it to the policy of a topic or key"
    return reason, f"check the folder of the units, or the output of {_SHOW}"


def _cause_in_terraform(path: Path, header: Header | None, absent: Sequence[Absent]) -> tuple[str, str]:
    from checker.inputs.terraform.declare import TYPES  # only Terraform files need it
    from checker.inputs.terraform.stacks import STACKS

    if header is None:
        return "it is in no block", _AS_POLICY
    for one in absent:
        if os.path.dirname(one.file) == home_of(path.parent) and one.uses(header.name):  # noqa: PTH120 - a text
            return _cause_of_absence(header, one)
    if header.kind == "module":
        return cause_of_module(path, header)
    if header.kind == "resource" and header.labels[:1] not in {(kind,) for kind in (*TYPES, *STACKS)}:
        return f"checker does not read `{header.name}`", _AS_POLICY
    reason = f"`{header.name}` is not part of the policy of a topic or key that was read"
    return reason, f"check the output of {_SHOW}"


def _cause_of_absence(header: Header, absent: Absent) -> tuple[str, str]:
    user = f"`{absent.name}`" + (", which uses it," if absent.name != header.name else "")
    value = "0" if absent.argument == "count" else "empty"
    reason = f"`{absent.argument}` of {user} is {value} with the values of this run"
    options = " ".join(f"--var {name}=VALUE" for name in absent.variables)
    other = f"`{options}` sets another value" if options else f"check the output of {_SHOW}"
    return reason, other


def cause_of_module(path: Path, header: Header) -> tuple[str, str]:
    if not header.is_remote:
        reason = f"the folder `{header.source}` of `{header.name}` was not found, or does not use it"
        return reason, f"check out the folder, or check the output of {_SHOW}"
    from checker.inputs.terraform.module.folder import downloads_of  # only Terraform files need it

    is_here = header.labels[0] in downloads_of(path.parent) if header.labels else False
    state = "does not use it" if is_here else "is not downloaded"
    reason = f"`{header.name}` comes from `{header.source}`, which {state}"
    folder = path_word(name_of(path.parent))
    return reason, f"run `terraform -chdir={folder} init`, or check the output of {_SHOW}"
