"""Recognizes large files that are read in parts, and the Terraform files among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.discover import HCL_JSON, is_hcl, is_stream, name_of
from checker.inputs.opening import is_packed, open_regular
from checker.inputs.text import MAX_BYTES, decode, unreadable_file

if TYPE_CHECKING:
    from pathlib import Path


_HEAD = 64 * 1024
_SORTED = pattern(
    r'\A\s*\{\s*(?:"action_invocations"\s*:\s*\[\s*\{\s*"address"'
    r'|"applyable"\s*:\s*(?:true|false)\s*,\s*"checks"\s*:\s*\['
    r'|(?:"(?:applyable|complete|errored)"\s*:\s*(?:true|false)\s*,\s*)*'
    r'"configuration"\s*:\s*\{\s*"(?:provider_config|root_module)")'
)
"""Beginning of a plan whose keys `jq` has sorted; the version keys come last."""

_STATE = pattern(r'\A\s*\{\s*"version"\s*:\s*4\s*,')
_SORTED_STATE = pattern(
    r'\A\s*\{\s*(?:"check_results"\s*:\s*(?:null|\[.*?\])\s*,\s*)?"lineage"\s*:\s*"[^"]*"\s*,\s*"outputs"\s*:',
    re.DOTALL,
)
"""Beginnings of a state as Terraform keeps it, and of one whose keys `jq` has sorted."""

_SUFFIXES = (".gz", ".jsonl", ".ndjson")


def is_bulk(path: Path) -> bool:
    """True for a compressed file, a JSON Lines file, or a file too large for a policy; false for a pipe."""
    if is_stream(path):
        return False
    try:
        return path.name.endswith(_SUFFIXES) or path.stat().st_size > MAX_BYTES
    except OSError:
        return False


def is_module_file(path: Path) -> bool:
    """True for a Terraform module file. Plans and states may also use its file name endings."""
    if not path.name.endswith(HCL_JSON):
        return is_hcl(path)
    try:
        return not is_terraform_json(head_of(path))
    except InputError:
        return True  # reported when the module is read


def is_terraform_json(text: str) -> bool:
    """True for a plan or state: the output of `terraform show -json`, or a state as Terraform keeps it."""
    versions = '"format_version"' in text and '"terraform_version"' in text
    return versions or bool(_SORTED.search(text)) or is_kept_state(text)


def is_kept_state(text: str) -> bool:
    """True for a state as Terraform keeps it, in `terraform.tfstate` or a backend, by its beginning.

    https://developer.hashicorp.com/terraform/language/state/remote-state-data
    """
    return bool(_SORTED_STATE.match(text) or (_STATE.match(text) and '"lineage"' in text))


def head_of(path: Path) -> str:
    """Read and decompress the beginning of a file. Raises InputError."""
    try:
        if is_packed(path):
            return _unpacked(path).decode("utf-8", "replace")
        with open_regular(path) as file:
            return file.read(_HEAD).decode("utf-8", "replace")
    except OSError as error:
        raise unreadable_file(name_of(path), error) from None


def _unpacked(path: Path) -> bytes:
    """Decompress as far as possible; the file's reader reports truncated or damaged files."""
    import gzip  # imported on demand: few files are compressed
    import zlib

    head = b""
    try:
        with open_regular(path) as file, gzip.GzipFile(fileobj=file) as stream:
            while len(head) < _HEAD and (chunk := stream.read1(_HEAD)):
                head += chunk
    except (OSError, EOFError, zlib.error):
        return head
    return head


_MOST = 512 * 1024 * 1024
"""Size limit; plans of very large configurations have about fifty megabytes."""


def read_unpacked(path: Path) -> str:
    """Read the text of a file, which may be compressed. Raises InputError."""
    import gzip  # imported on demand, as above
    import zlib

    try:
        packed = is_packed(path)
        with open_regular(path) as file:
            stream = gzip.GzipFile(fileobj=file) if packed else file
            data = stream.read(_MOST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(name_of(path), str(getattr(error, "strerror", "") or error).lower()) from None
    if len(data) > _MOST:
        raise InputError(name_of(path), f"larger than the {_MOST // 1024 // 1024} MB limit")
    return decode(name_of(path), data)
