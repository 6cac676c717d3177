"""Finds blocks of Terraform files that declare no resource: `moved` blocks, and modules that cannot be read."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname, normpath
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.callers import block_around, text_at
from checker.inputs.discover import HCL_TEXT
from checker.inputs.terraform.address import without_indices
from checker.inputs.terraform.module.folder import downloads_of, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_MOVED = pattern(r"^[ \t]*moved\s*\{", re.MULTILINE)
_ADDRESS = pattern(r"^\s*(from|to)\s*=\s*(.*?)\s*(?:#.*|//.*)?$", re.MULTILINE)
_MODULE = pattern(r'^[ \t]*module\s+"?([\w-]+)"?\s*\{', re.MULTILINE)
_SOURCE = pattern(r'(?:^|\{)\s*source\s*=\s*"([^"]*)"', re.MULTILINE)
_MAY_MATTER = pattern(r"sns|kms|topic|connect", re.IGNORECASE)


_LOCAL = ("./", "../")
_SETTINGS = pattern(r'^[ \t]*(?:backend\s+"|cloud\s*\{|provider\s+")', re.MULTILINE)
_PLACE = pattern(
    r"^[ \t]*(?:(?:encrypt|kms_key_id|dynamodb_table|use_lockfile|max_retries|skip_\w+|token)\s*=|#|//).*$",
    re.MULTILINE,
)
_PLACE = pattern(r'\b(?:key|prefix|path|name|tags|workspace_key_prefix)\s*=\s*"[^"]*"')
_REMOVED = pattern(r"^[ \t]*removed\s*\{", re.MULTILINE)
_KEPT = pattern(r"\bdestroy\s*=\s*false\b")


class UnreadModule(NamedTuple):
    """A call of a module that is neither local nor downloaded; ``may_matter`` if its call names SNS, KMS or Connect.

    A call of a local folder that does not exist matters anyway, since its module may have been there before.
    """

    name: str
    file: str
    source: str
    may_matter: bool

    @property
    def is_local(self) -> bool:
        """True for a folder, which does not exist."""
        return self.source.startswith(_LOCAL)

    def contains(self, address: str) -> bool:
        """True for the address of a resource in the module."""
        return f".module.{self.name}." in f".{without_indices(address)}"


def moves_in(texts: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return the new addresses of `moved` blocks by root and old address.

    https://developer.hashicorp.com/terraform/language/moved
    """
    found = {}
    for name, text in texts.items():
        for block in (block_around(text, match.end()) for match in _MOVED.finditer(text)):
            ends = {match[1]: "".join(match[2].split()) for match in _ADDRESS.finditer(block)}
            if ends.keys() == {"from", "to"}:
                found[normpath(dirname(name) or "."), ends["from"]] = ends["to"]
    return found


def kept_in(texts: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return the addresses that `removed` blocks take out of the code without destroying them, each with its root.

    https://developer.hashicorp.com/terraform/language/block/removed
    """
    blocks = (
        (normpath(dirname(name) or "."), block_around(text, match.end()))
        for name, text in texts.items()
        for match in _REMOVED.finditer(text)
    )
    kept = ((root, block) for root, block in blocks if _KEPT.search(block))
    return frozenset(
        (root, "".join(match[2].split()))
        for root, block in kept
        for match in _ADDRESS.finditer(block)
        if match[1] == "from"
    )


def settings_in(folder: Path) -> tuple[str, ...]:
    """Return the blocks of a root that decide where it is deployed: its backend and its providers.

    Every root has a place of its own in a backend, so that this place does not count.
    """
    found = []
    for path in listed(folder, [], HCL_TEXT):
        text = text_at(path)
        for match in _SETTINGS.finditer(text):
            block = block_around(text, text.index("{", match.start()) + 1)
            found.append(" ".join(f"{match[0].strip(' {')} {_PLACE.sub('', block)}".split()))
    return tuple(sorted(found))


def unread_modules(texts: Mapping[str, str], folder: str) -> tuple[UnreadModule, ...]:
    """Return the calls of modules that are neither local nor downloaded; files are relative to the folder."""
    calls = [
        call for name, text in texts.items() if name.endswith(HCL_TEXT) for call in _calls(name, text, folder)
    ]
    roots = {Path(folder, one.file).parent for one in calls}
    downloaded = {key.rpartition(".")[2] for root in roots for key in downloads_of(root)}
    return tuple(one for one in calls if one.name not in downloaded)


def _calls(file: str, text: str, folder: str) -> Iterator[UnreadModule]:
    """Yield the calls of modules that are not local, or whose local folder does not exist."""
    for match in _MODULE.finditer(text):
        block = block_around(text, match.end())
        source = next((found[1] for found in _SOURCE.finditer(block)), "")
        is_local = source.startswith(_LOCAL)
        if source and not (is_local and Path(folder, dirname(file), source).is_dir()):
            yield UnreadModule(match[1], file, source, is_local or bool(_MAY_MATTER.search(block)))
