"""Terraform plans and states, as `terraform show -json` writes them, and states as Terraform keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.kinds.kind import LargeKind
from checker.inputs.large_files import is_terraform_json

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.collect import Facts


def _read(facts: Facts, path: Path, named: bool) -> bool:  # noqa: FBT001 - as LargeKind calls it
    from checker.inputs.terraform.plan.show import read_show  # policies do not need it

    return read_show(path, facts, named=named)


KINDS = (
    LargeKind(
        "a Terraform plan or state",
        is_terraform_json,
        _read,
        "the plan or state contains no topic, key or Connect instance",
    ),
)
