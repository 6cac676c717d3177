"""Recognizes files that may be large and are not read as a whole: Terraform's plans and states, and CloudTrail's events."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.inputs.discover import is_hcl, is_stream, name_of
from checker.inputs.opening import is_packed, open_regular
from checker.inputs.text import MAX_BYTES, unreadable_file

if TYPE_CHECKING:
    from pathlib import Path


_HEAD = 64 * 1024
_TEMPLATE = re.compile(r'"AWSTemplateFormatVersion"|"Type"\s*:\s*"AWS::')
_SORTED = re.compile(
    r'\A\s*\{\s*(?:"(?:applyable|complete|errored)"\s*:\s*(?:true|false)\s*,\s*|"checks"\s*:\s*\[)*'
    r'"configuration"\s*:\s*\{\s*"(?:provider_config|root_module)"'
)
"""How a plan begins whose keys `jq` has sorted: its versions come last."""

_SUFFIXES = (".gz", ".jsonl", ".ndjson")


def is_bulk(path: Path) -> bool:
    """True for a file that is packed, has a value a line, or is too large for a policy; never for a pipe."""
    if is_stream(path):
        return False
    try:
        return path.name.endswith(_SUFFIXES) or path.stat().st_size > MAX_BYTES
    except OSError:
        return False


def is_module_file(path: Path) -> bool:
    """True for a file of a Terraform module; a plan or state may be saved under the name of one."""
    if not path.name.endswith(".tf.json"):
        return is_hcl(path)
    try:
        return not is_terraform_json(head_of(path))
    except InputError:
        return True  # which is reported where the module is read


def is_terraform_json(text: str) -> bool:
    """True for what `terraform show -json` prints, of a plan or of a state."""
    versions = '"format_version"' in text and '"terraform_version"' in text
    return versions or bool(_SORTED.search(text))


def is_trail(text: str) -> bool:
    """True for events of CloudTrail: as S3 keeps them, as `lookup-events` prints them, or one a line."""
    head = text[:_HEAD]
    if _TEMPLATE.search(head):
        return False  # with a pattern for events in it
    return ('"eventSource"' in head and '"eventName"' in head) or '"CloudTrailEvent"' in head


def head_of(path: Path) -> str:
    """Read the beginning of a file, unpacked as far as it can be. Raises InputError."""
    try:
        if is_packed(path):
            return _unpacked(path).decode("utf-8", "replace")
        with open_regular(path) as file:
            return file.read(_HEAD).decode("utf-8", "replace")
    except OSError as error:
        raise unreadable_file(name_of(path), error) from None


def _unpacked(path: Path) -> bytes:
    """Unpack as far as it goes; a file that is cut off or damaged is for its reader to complain of."""
    import gzip  # few files are packed

    head = b""
    try:
        with open_regular(path) as file, gzip.GzipFile(fileobj=file) as stream:
            while len(head) < _HEAD and (chunk := stream.read1(_HEAD)):
                head += chunk
    except (OSError, EOFError, zlib.error):
        return head
    return head
