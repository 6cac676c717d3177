"""Finds policies for Amazon Connect that no reader took up, in any file of a run.

A statement for connect.amazonaws.com is either judged, or listed with its place and what makes it readable. Calls that
start chat streaming are listed by ``checker.inputs.unread_calls``.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText, files_of
from checker.core.errors import Skipped
from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.inputs.discover import home_of, is_code, is_configuration, is_hcl, name_of
from checker.inputs.large_files import is_kept_state, is_terraform_json
from checker.inputs.mentions import Mention, mention_at, mentions, text_in
from checker.inputs.reading_memory import remembered
from checker.inputs.synthesized_apps import is_synthesized, synthesized_apps
from checker.inputs.unread_causes import cause_of, cause_of_module
from checker.policy.node import Object, Scalar, children, items
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from checker.analysis.inventory import Inventory, Key, Topic
    from checker.inputs.mentions import Searched
    from checker.inputs.terraform.block_headers import Header
    from checker.inputs.terraform.module.session import Absent
    from checker.policy.node import Node


_RESOURCE = pattern(r"""(?<!\w)["']?Type["']?\s*:\s*["']?AWS::|\n---(?:\s|\Z)""")
"""Matches marks of files with several resources: the type of a resource, and the beginning of a YAML document."""
_OF_CDK, _CDK_TREE = ".template.json", "tree.json"
"""The templates in an output folder of CDK, and the file beside them that repeats their resources for other tools."""
_PLANNED, _VALUES = pattern(r'"planned_values"\s*:'), pattern(r'"values"\s*:')
_AFTER_PLANNED = pattern(
    r'"(?:resource_changes|output_changes|prior_state|relevant_attributes|configuration)"\s*:'
)


def unread(
    files: Sequence[Searched], inventory: Inventory, others: Collection[str], absent: Sequence[Absent] = ()
) -> Iterator[Skipped]:
    """Yield the files with a policy for Connect that was not read, each once, with the first place.

    ``files`` are all files of the run; ``others``, by full path, are those with a policy of another service;
    ``absent`` are blocks that create nothing. Files that the inventory lists as skipped are left out. In folders with such policies, modules for topics and keys that
    are not downloaded are listed, too.
    """
    reported = {one.what for one in inventory.skipped}
    may_generate = any(is_configuration(one.path) for one in files)  # Terragrunt, in any module
    read: _Read | None = None
    folders: set[Path] = set()
    built = {file.path.parent for file in files if file.path.name.endswith(_OF_CDK)}
    for path in (file.path for file in files if file.names_connect):
        if (path.parent in built and path.name == _CDK_TREE) or (is_hcl(path) and _is_replaced(path)):
            continue
        text = "" if name_of(path) in reported or home_of(path) in others else text_in(path)
        found: list[Skipped] = []
        for mention in remembered((mentions, text), lambda: tuple(mentions(text))):  # noqa: B023 - called at once
            folders.add(path.parent)
            read = _Read(inventory) if read is None else read
            if not read.has(path, text, mention):
                one = _policy(path, text, mention, absent, is_read=home_of(path) in read.files)
                found.append(one._replace(unused=one.unused and not may_generate))
                if not found[-1].unused:
                    break
        yield from found[:1] if found and found[-1].unused else found[-1:]
    for path in (file.path for file in files if folders and is_hcl(file.path)):
        if path.parent in folders:
            yield from _missing_modules(path)


def _is_replaced(path: Path) -> bool:
    from checker.inputs.terraform.module.folder import is_replaced  # only Terraform files need it

    return is_replaced(path)


class _Read:
    """The files and lines of the policies that were read.

    ``unknown`` are the files and lines of statements that are not known, which the results of their policies report.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.files: set[str] = set()
        self.not_known: set[str] = set()
        self.lines: set[tuple[str, int]] = set()
        self.unknown: set[tuple[str, int]] = set()
        resources: list[Topic | Key] = [*inventory.topics, *inventory.keys]
        for resource in resources:
            files = {home_of(Path(name)) for name in files_of(resource)}
            self.files |= files
            if isinstance(resource.policy, PolicyText):
                self.lines.update(_lines_of(resource.policy.document.root))
                self.unknown.update(_unknown_statements(resource.policy.document.root))
            else:
                self.not_known |= files

    @cached_property
    def apps(self) -> frozenset[str]:
        """The CDK apps of which a template with a policy for Connect was read."""
        return synthesized_apps({name for name, _ in self.lines})

    def has(self, path: Path, text: str, mention: Mention) -> bool:
        """True for the principal of a policy that was read.

        The code of a CDK app counts as read with its synthesized template. Terraform files and templates hold several resources, so each of their policies counts, unless the policy of
        one is reported as not known. In another file, the policy may be that of a topic of which a better one was
        read.
        """
        name = home_of(path)
        if (name, mention.line) in self.lines or name in self.not_known:
            return True
        if is_code(path) and is_synthesized(name, self.apps):
            return True
        if is_hcl(path):
            from checker.inputs.terraform.block_headers import header_at, is_merged, is_overridden

            header = header_at(text, mention)
            if is_overridden(path, header) or is_merged(path, header):
                return True
            return header is not None and self.is_unknown_in(name, header, text)
        if is_terraform_json(text) and not is_kept_state(text):
            return name in self.files or not _is_planned(text, mention)
        return name in self.files and _RESOURCE.search(text) is None

    def is_unknown_in(self, name: str, header: Header, text: str) -> bool:
        """True for a block with a statement that is reported as not known."""
        first = text.count("\n", 0, header.start) + 1
        last = first + header.text.count("\n")
        return any(file == name and first <= line <= last for file, line in self.unknown)


def _unknown_statements(root: Node) -> Iterator[tuple[str, int]]:
    """Yield the file and line of each statement that is not known."""
    listed = root.get("Statement") if isinstance(root, Object) else None
    for one in items(listed) if listed is not None else ():
        if isinstance(one, Scalar) and isinstance(one.value, Unknown):
            yield home_of(Path(one.source.name)), one.source.position(one.start, one.end).line


def _lines_of(root: Node) -> frozenset[tuple[str, int]]:
    """Return the lines of a policy that name Connect, those of an earlier reading if it is the same policy."""
    lines, _ = remembered((_lines_of, id(root)), lambda: (frozenset(_lines(root)), root))
    return lines


def _lines(node: Node) -> Iterator[tuple[str, int]]:
    """Yield the file and lines of each text that names Connect."""
    if isinstance(node, Scalar):
        if isinstance(node.value, str) and CONNECT in node.value:
            position = node.source.position(node.start, node.end)
            name = home_of(Path(node.source.name))
            yield from ((name, line) for line in range(position.line, position.end_line + 1))
        return
    for one in children(node):
        yield from _lines(one)


def _is_planned(text: str, mention: Mention) -> bool:
    """True for a place in the values of a plan or state, which other parts of the file repeat."""
    key = _PLANNED if _PLANNED.search(text) else _VALUES
    before = list(key.finditer(text, 0, mention.offset))
    return bool(before) and _AFTER_PLANNED.search(text, before[-1].end(), mention.offset) is None


def _policy(path: Path, text: str, mention: Mention, absent: Sequence[Absent], *, is_read: bool) -> Skipped:
    reason, help_text = cause_of(path, text, mention, absent, is_read=is_read)
    found = _skipped(path, f"{_NOT_READ}: {reason}", mention, help_text)
    if not is_hcl(path):
        return found
    from checker.inputs.terraform.block_headers import header_at, is_used  # only Terraform files need it

    header = header_at(text, mention)
    return found if header is None else found._replace(block=header.name, unused=not is_used(path, header))


_NOT_READ = "a policy for Amazon Connect was not read"


def _skipped(path: Path, reason: str, at: Mention, help_text: str) -> Skipped:
    return Skipped(name_of(path), reason, position=at.position, help=help_text)


_OF_TOPICS_OR_KEYS = pattern(r"(?:\b|_)(?:sns|kms)(?:\b|_)", re.IGNORECASE)


def _missing_modules(path: Path) -> Iterator[Skipped]:
    """Yield the modules for topics and keys, by the name of their source, that are neither local nor downloaded."""
    from checker.inputs.terraform.module.folder import downloads_of  # only Terraform files need it

    if downloads_of(path.parent):
        return
    from checker.inputs.terraform.block_headers import headers

    text = text_in(path)
    for header in remembered((headers, text), lambda: tuple(headers(text))):
        if header.kind != "module" or CONNECT in header.text or not header.is_remote:
            continue
        if _OF_TOPICS_OR_KEYS.search(header.source):
            reason, help_text = cause_of_module(path, header)
            whole = f"topics and keys of a module were not checked: {reason}"
            found = _skipped(path, whole, mention_at(text, header.start), help_text)
            yield found._replace(block=header.name)
