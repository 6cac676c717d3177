"""What the configurations of one unit share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Symbol
from checker.inputs.discover import name_of
from checker.inputs.sensitive import Secrets
from checker.inputs.terraform.hcl.limits import Budget
from checker.inputs.terraform.hcl.render import decode

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.terraform.terragrunt.files import Configurations, Parsed


class UnitState:
    """What all configurations of one unit share: limits, secrets, the files read, and errors in them.

    ``name`` is the unit's, in which its symbols are unique. ``shares_account`` is true if the default provider of the
    module uses Terragrunt's credentials, and ``account`` is the only one that it allows.
    """

    def __init__(self, files: Configurations, unit: Path) -> None:
        self.files = files
        self.unit = unit
        self.name = f"{name_of(files.named(unit))}/"
        self.shares_account = False
        self.account = ""
        self.budget = Budget()
        self.secrets = Secrets(decode)
        self.opened: set[str] = set()
        self.met: dict[Path, Parsed] = {}

    def read(self, path: Path) -> Parsed:
        """Parse a file of the unit. Raises InputError."""
        return self.met.setdefault(path, self.files.read(path))

    def symbol(self, name: str, kind: str, scope: str = "") -> Symbol:
        """Return the symbol of a reference. No fix can write it, because the module does not know it.

        ``scope`` is a file or folder that distinguishes references of one name within the unit.
        """
        return Symbol(name, kind, (), f"{self.name}#{scope}" if scope else self.name)

    def shown(self, path: Path) -> str:
        """Name a file."""
        return name_of(self.files.named(path))
