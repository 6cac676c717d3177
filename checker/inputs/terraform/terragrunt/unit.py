"""Resolves one unit: the module that it deploys, and the values that it passes.

https://terragrunt.gruntwork.io/docs/features/units/
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.confinement import HELP
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.values import text
from checker.inputs.terraform.module.folder import listed
from checker.inputs.terraform.terragrunt.configuration import Configuration
from checker.inputs.terraform.terragrunt.source import (
    downloaded_module,
    is_local,
    local_module,
    working_folder,
)
from checker.inputs.terraform.terragrunt.state import UnitState

if TYPE_CHECKING:
    from pathlib import Path

    from checker.core.unknown import Unknown
    from checker.inputs.terraform.hcl.body import Argument
    from checker.inputs.terraform.terragrunt.files import Configurations


class Unit(NamedTuple):
    """A unit: its folder, its configuration with the included ones, and its module, all by full path.

    ``merged`` are the configurations whose blocks count, in increasing order of precedence. ``module`` is ``None``
    for a module that is not here, and ``missing`` the reason; ``is_remote`` is true for one that Terragrunt
    downloads. ``source`` is the argument that names the module;
    without one, the module is the folder of the unit. ``downloads`` is the folder in which `terraform init` ran.
    """

    folder: Path
    configuration: Configuration
    merged: tuple[Configuration, ...]
    source: Argument | None
    module: Path | None
    missing: str = ""
    is_remote: bool = False
    downloads: Path | None = None

    @property
    def state(self) -> UnitState:
        """The state that its configurations share."""
        return self.configuration.state

    @property
    def has_own_folder(self) -> bool:
        """True if the module is a folder apart from the unit's."""
        return self.module != self.folder


def resolve_unit(path: Path, files: Configurations) -> Unit | None:
    """Resolve the unit of a configuration, given by its full path; ``None`` if it deploys nothing itself.

    Raises InputError for a configuration that cannot be read.
    """
    state = UnitState(files, path.parent)
    return _resolved(Configuration(state, state.read(path)), path, files)


def module_of(path: Path, files: Configurations) -> Path | None:
    """Return the full path of a unit's module, without parsing its inputs. Raises InputError."""
    unit = _resolved(Configuration(UnitState(files, path.parent), files.outline(path)), path, files)
    return unit.module if unit is not None else None


def _resolved(configuration: Configuration, path: Path, files: Configurations) -> Unit | None:
    merged = tuple(configuration.merged())
    unit = Unit(path.parent, configuration, merged, None, path.parent)
    for one in reversed(merged):
        for block in one.parsed.body.blocks("terraform"):
            argument = block.body.arguments.get("source")
            value = text(evaluate(argument.expression, one.scope)) if argument is not None else ""
            if value not in ("", None):
                return _with_source(unit._replace(source=argument), value)
    return unit if listed(files.named(path.parent), []) else None


_CREDENTIALS = pattern(r"(?<=://)[^/@]*@")


def _with_source(unit: Unit, source: str | Unknown | None) -> Unit | None:
    if isinstance(source, str) and is_local(source):
        return _local(unit, source)
    if isinstance(source, str):
        missing = f"its module `{_CREDENTIALS.sub('', source)}` is not downloaded"
        return unit._replace(module=downloaded_module(source, unit.folder), missing=missing, is_remote=True)
    why = source.described if source is not None else "it is not a text"
    return unit._replace(module=None, missing=f"its `source` is not known: {why}")


def _local(unit: Unit, source: str) -> Unit | None:
    files, module = unit.state.files, local_module(source, unit.folder)
    if module is None or not files.contains(module):
        return unit._replace(
            module=None, missing=f"its module `{source}` is outside of the repository; {HELP}"
        )
    if not os.path.isdir(module):  # noqa: PTH112 - never raises
        return unit._replace(module=None, missing=f"the folder `{files.named(module)}` was not found")
    downloads = working_folder(unit.folder, module, source)
    return unit._replace(module=module, downloads=downloads) if listed(files.named(module), []) else None
