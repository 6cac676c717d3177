"""The circumstances of an audit: when, by whom, where, with which options, and what was not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def unit_name(account: str, region: str) -> str:
    """Return an account and Region as reports name them."""
    return f"account {account or 'of the caller'}, {region}"


def trail_name(unit: str) -> str:
    """Return the events of CloudTrail in an account and Region as reports name them."""
    return f"CloudTrail of {unit}"


TRAIL, ORGANIZATION = "trail", "organization"
"""Sources of an audit besides resources: CloudTrail, and the policies that AWS Organizations has."""
EVIDENCE, RCP = "evidence:", "rcp:"
"""The beginnings of the sources that are files: of observed uses of keys, and of organization policies."""


def file_source(kind: str, path: Path) -> str:
    """Return the source for a file of an option, by its path: as for a resource, its content may change."""
    from hashlib import sha256  # imported here because a plain check does not need it

    return f"{kind}{sha256(str(path.absolute()).encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


class AuditedUnit(NamedTuple):
    """An account and Region of an audit.

    ``account_name`` is the name in AWS Organizations, empty if it is not known. ``topics`` are the names of the topics
    that were listed and not checked, because they are out of scope or could not be read. ``keys`` are their customer
    managed keys, ``None`` if these are not known. ``complete`` is true if all topics were listed: one that was neither
    checked nor is among ``topics`` does not exist. ``instances`` are the ARNs of all instances, ``None`` if they could
    not be listed. ``sources`` are what was read besides resources. ``began`` is the time in ISO 8601 before which nothing was read, empty if it is not known.
    """

    account: str
    region: str
    account_name: str = ""
    complete: bool = False
    topics: tuple[str, ...] = ()
    instances: tuple[str, ...] | None = None
    sources: tuple[str, ...] = ()
    keys: tuple[str, ...] | None = None
    began: str = ""

    @property
    def name(self) -> str:
        """The account and Region as reports name them."""
        return unit_name(self.account, self.region)


class Circumstances(NamedTuple):
    """What was audited: ``time`` is the start in ISO 8601 (UTC), ``caller`` an ARN, empty if it is not known.

    ``options`` are the options of the command by name, as JSON values, without those for access.
    """

    time: str
    version: str
    caller: str = ""
    options: Mapping[str, Any] = {}
    units: tuple[AuditedUnit, ...] = ()

    def name_of(self, account: str) -> str:
        """Return the name of an account; empty if it is not known."""
        return next((unit.account_name for unit in self.units if unit.account == account), "")
