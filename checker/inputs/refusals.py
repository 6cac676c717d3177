"""Explains why a file that the user names is not checked, and what to check instead."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

from checker.core.errors import InputError, Skipped
from checker.core.shell import path_word
from checker.inputs.discover import HCL, is_configuration, is_settings_file, is_values, name_of
from checker.policy.node import Object

if TYPE_CHECKING:
    from pathlib import Path

    from checker.policy.node import Node


_PART_OF_UNITS = "not a unit: Terragrunt reads it as part of the units that include it"
_TABLES = (".csv", ".tsv")
_RESULTS = "save the rows as JSON; for a query of Athena: `aws athena get-query-results --query-execution-id ID > results.json`"
_PLAN = "tfplan"
"""The entry of a plan in the archive that `terraform plan -out` writes."""


def read_elsewhere(path: Path) -> Skipped | None:
    """Return why a file is not checked on its own: its values or settings are read with other files."""
    name = name_of(path)
    if is_values(path):
        return Skipped(
            name, "values for the variables of a Terraform module", error=True, help=_for_values(path)
        )
    if is_settings_file(path):
        return Skipped(name, "configuration file, not checked")
    if is_configuration(path):
        return Skipped(name, _PART_OF_UNITS, error=True, help="name the folder of the units")
    return None


_OPTIONS = {
    "expectations": ("a file of expectations, not checked on its own", "--expect"),
    "observations": ("a file of evidence, not checked on its own", "--evidence"),
}
"""Files that an option reads, by a key that they have at the top."""


def read_by_option(path: Path, root: Node) -> tuple[str, str] | None:
    """Return the reason and the help for a file that an option reads; ``None`` for other files."""
    if not isinstance(root, Object) or root.get("version") is None:
        return None
    found = next((kind for key, kind in _OPTIONS.items() if root.get(key) is not None), None)
    return (found[0], f"checker check PATH {found[1]} {path_word(name_of(path))}") if found else None


def _for_values(path: Path) -> str:
    """Name the folder of a module with its values, or the file as a change, which finds the module above it."""
    try:
        is_module = any(name.endswith(HCL) for name in os.listdir(path.parent))  # noqa: PTH208 - names are enough
    except OSError:
        is_module = False
    if is_module:
        return f"name the folder: checker check {path_word(name_of(path.parent))}"
    return f"check the modules that it may belong to: checker check --changed {path_word(name_of(path))}"


def refused(path: Path, error: InputError) -> InputError:
    """Return the error for a named file that cannot be parsed, with its kind if that is known."""
    name = name_of(path)
    if name.endswith(_TABLES):
        return InputError(name, "checker does not read CSV", help_text=_RESULTS)
    if _is_plan(path):
        return InputError(name, "a plan that only Terraform can read", help_text=_show(path))
    return error


def _is_plan(path: Path) -> bool:
    """True for an archive with a plan, as `terraform plan -out` writes it."""
    if not os.path.isfile(path):  # noqa: PTH113 - never raises
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return _PLAN in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _show(path: Path) -> str:
    folder = name_of(path.parent)
    there = "" if folder == "." else f"-chdir={path_word(folder)} "
    return f"check its JSON form: `terraform {there}show -json {path_word(path.name)} > plan.json`"
