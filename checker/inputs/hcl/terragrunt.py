"""Terragrunt: which module a `terragrunt.hcl` deploys; the values that it gives to the module are not read.

https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#terraform
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.inputs.callers import TERRAGRUNT, called_in
from checker.inputs.files import name_of
from checker.inputs.hcl.folder import absolute, matters, read_texts
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_READ = "the values that Terragrunt gives to a module are not read"
_HELP = "check the plan: `terragrunt plan -out=plan.bin`, `terragrunt show -json plan.bin > plan.json`"


def is_terragrunt(path: Path) -> bool:
    """True for a configuration of Terragrunt."""
    return path.name == TERRAGRUNT


def modules_of(path: Path, top: Path) -> Iterator[Path]:
    """Give a file of each module of the repository that a configuration deploys."""
    try:
        text = read_text(path)
    except InputError:
        return
    for folder, _ in called_in(text, absolute(path.parent), str(top)):
        texts = read_texts(Path(os.path.relpath(folder)), [])
        if texts and matters(Path(folder), texts, []):
            yield texts[0].path


def not_read(path: Path) -> Skipped:
    """Note that a configuration says more than is read of it."""
    return Skipped(name_of(path), _NOT_READ, help=_HELP)
