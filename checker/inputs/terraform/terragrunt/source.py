"""Finds the module that a unit deploys: a local folder, or the copy that Terragrunt downloaded.

https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#terraform
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from checker.core.pattern import pattern
from checker.inputs.callers import text_at
from checker.inputs.terraform.module.folder import listed

if TYPE_CHECKING:
    from collections.abc import Iterator


CACHE = ".terragrunt-cache"
_VERSION = ".terragrunt-source-version"
_REMOTE = pattern(
    r"^[\w+.-]+(?:::|://)|^[\w.-]+@|^(?:github|gitlab|bitbucket)\.(?:com|org)/|^[\w-]+(?:\.[\w-]+)+/"
)
_LONGEST = 2_000


def is_local(source: str) -> bool:
    """True for a folder, as go-getter recognizes it: it has no scheme, user or host."""
    return source.startswith((".", "/")) or _REMOTE.match(source) is None


def _is_name(source: str) -> bool:
    """False for a text that no folder can be named."""
    return "\0" not in source and len(source) <= _LONGEST


def local_module(source: str, unit: Path) -> Path | None:
    """Return the full path of a local module; the double slash only marks what is copied with it."""
    if not _is_name(source):
        return None
    path = source.partition("?")[0].replace("//", "/")
    return Path(os.path.normpath(unit / path))


def downloaded_module(source: str, unit: Path) -> Path | None:
    """Return the downloaded copy of a module, if there is exactly one of this version."""
    if not _is_name(source):
        return None
    address, _, query = source.partition("?")
    inside = address.partition("://")[2].removeprefix("/") or address
    below = inside.partition("//")[2]
    copies = [one / below for one in _copies(unit) if _is_version(one, query)]
    found = [one for one in copies if one.resolve().is_relative_to(unit.resolve()) and listed(one, [])]
    return found[0] if len(found) == 1 else None


def working_folder(unit: Path, module: Path, source: str) -> Path | None:
    """Return the only copy of a local module in which Terragrunt runs `terraform init`."""
    below = source.partition("?")[0].partition("//")[2]
    found = [one / below for one in _copies(unit)]
    return found[0] if len(found) == 1 and module.name else None


def _copies(unit: Path) -> Iterator[Path]:
    cache = unit / CACHE
    if os.path.isdir(cache):  # noqa: PTH112 - never raises
        yield from sorted(path for path in cache.glob("*/*") if path.is_dir())


def _is_version(copy: Path, query: str) -> bool:
    """True for a copy of a version, which Terragrunt records as the hash of the sorted query of the source."""
    recorded = text_at(copy / _VERSION, _LONGEST).strip()
    version = urlencode(sorted(parse_qsl(query, keep_blank_values=True)))
    digest = urlsafe_b64encode(sha1(version.encode(), usedforsecurity=False).digest())
    return recorded in ("", digest.decode().rstrip("="))
