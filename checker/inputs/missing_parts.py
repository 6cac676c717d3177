"""Finds the reasons why a side of a comparison may have what it seems to lack: in a file that was not read, or in force
although the code no longer has it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText, Topic
from checker.core.errors import InputError, Skipped
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.discover import HCL, HCL_TEXT
from checker.inputs.large_files import is_bulk
from checker.inputs.pair_maker import Gaps
from checker.inputs.readers import kind_of, unwrap
from checker.inputs.terraform_text import kept_in
from checker.inputs.text import LARGE_HELP, MAX_BYTES, Implied, parse_documents, read_text
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.diff_inputs import Input
    from checker.inputs.reach import Changed
    from checker.inputs.resource_matches import Declared, Match, Resource


class FirstUnread(NamedTuple):
    """The first part of a side that was not read, and the first one of Terraform code; empty without one."""

    part: str = ""
    code: str = ""

    def with_file(self, file: str) -> FirstUnread:
        """Add a file, or a part of it."""
        return FirstUnread(self.part or file, self.code or (file if file.endswith(HCL) else ""))

    def with_module(self, call: str) -> FirstUnread:
        """Add a module that both sides call alike: it has the same resources on both, and may set any policy."""
        return self._replace(code=self.code or call)


class MissingParts:
    """Explains what the sides seem to lack."""

    def __init__(
        self, changed: Changed, declared: tuple[Declared, Declared], old: FirstUnread, new: FirstUnread
    ) -> None:
        self._declared = declared
        self._old = old
        self._new = new
        self._kept = kept_in({name: text for name, text in changed.new.texts.items() if name.endswith(HCL)})

    def of(self, match: Match) -> Gaps:
        """Return the reasons for a topic or key."""
        old, new = match
        if new is None:
            return Gaps(_in_unread_part(old, self._old), self._kept_resource(old))
        hidden = _in_unread_part(new, self._new)
        return Gaps(_in_unread_part(old, self._old), self._kept_policy(match) if hidden is None else hidden)

    def _kept_resource(self, old: Resource | None) -> Unknown | None:
        """Return the reason if a `removed` block leaves a resource as it is, or a file that was not read has it."""
        if old is None or (self._declared[0].root_of(old), old.address) not in self._kept:
            return _in_unread_part(None, self._new)
        return Unknown("a `removed` block takes it out of the code, and it stays as it is", old.address)

    def _kept_policy(self, match: Match) -> Unknown | None:
        """Return the reason if Terraform leaves a policy in force that the code no longer has.

        The argument `policy` of a topic or key is optional and computed, so that without it nothing changes:
        https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sns_topic
        """
        old, new = match
        if old is None or new is None or not new.place.document.name.endswith(HCL):
            return None
        root = self._declared[1].root_of(new)
        if any(one == root and "_policy." in address for one, address in self._kept):
            return Unknown("a `removed` block takes the policy out of the code, and it stays in force", root)
        return Unknown(_KEPT, new.address) if _is_inline(old) else None


_IN_UNREAD_PART = "the other side may have it in a part that was not read"
_KEPT = "Terraform keeps the policy in force when the argument `policy` is removed"


def _in_unread_part(one: Resource | None, unread: FirstUnread) -> Unknown | None:
    """Return the reason if an unread file may have the resource; for one of Terraform code, its policy."""
    if one is not None and not one.place.document.name.endswith(HCL):
        return None
    part = unread.part if one is None else unread.code
    return Unknown(_IN_UNREAD_PART, part) if part else None


def _is_inline(one: Resource) -> bool:
    """True for a topic or key whose own block has its policy."""
    if isinstance(one, Topic):
        return one.place in one.writers
    return not one.separate and not (
        isinstance(one.policy, PolicyText) and isinstance(one.policy.document, Implied)
    )


def broken(match: Match, changed: Changed) -> Iterator[tuple[Input, Skipped]]:
    """Yield the files that may declare what one side seems to lack, but are not read there.

    A folder may have any files, so that reading it does not report an invalid one that names nothing of AWS.
    """
    one = match.old or match.new
    if one is None or (match.old and match.new):
        return
    side, known = (changed.new, changed.old) if match.new is None else (changed.old, changed.new)
    file = known.names.relative(one.place.document.name)
    reached = changed.files
    files = sorted(name for name in reached if name.endswith(HCL)) if file.endswith(HCL) else [file]
    for name in files:
        path = Path(side.folder, name)
        if path.is_file():
            yield from ((side, fault) for fault in _faults(os.path.relpath(path), path))


def _faults(name: str, path: Path) -> Iterator[Skipped]:
    if is_bulk(path):
        if path.stat().st_size > MAX_BYTES:
            yield Skipped(
                name, f"larger than the {MAX_BYTES // 1024 // 1024} MB limit for a policy", help=LARGE_HELP
            )
        return
    try:
        text = read_text(path)
        if not name.endswith(HCL):
            if all(kind_of(unwrap(one).root) is None for one in parse_documents(name, text)):
                yield Skipped(
                    name, "not a policy, template or output any more, so that its content is not read"
                )
            return
        from checker.inputs.terraform.hcl.json_syntax import parse_json_syntax  # only Terraform needs them
        from checker.inputs.terraform.hcl.parse import parse

        (parse if name.endswith(HCL_TEXT) else parse_json_syntax)(Source(name, text))
    except InputError as error:
        yield error.reworded(error.reason, error.help, name).skipped()
