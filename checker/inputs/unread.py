"""Finds policies for Amazon Connect that no reader took up, in any file of a run.

A statement for connect.amazonaws.com is either judged, or listed with its place and what makes it readable. Calls that
start chat streaming are listed by ``checker.inputs.unread_calls``.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import PolicyText, files_of
from checker.core.errors import Skipped
from checker.core.finding import Position
from checker.inputs.discover import home_of, is_code, is_configuration, is_hcl, name_of
from checker.inputs.large_files import is_kept_state, is_terraform_json
from checker.inputs.mentions import Mention, mention_at, mentions, text_in, text_of, text_with_connect
from checker.policy.node import Scalar, children
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from checker.analysis.inventory import Inventory, Key, Topic
    from checker.inputs.mentions import Searched
    from checker.policy.node import Node


_RESOURCE = re.compile(r"""(?<!\w)["']?Type["']?\s*:\s*["']?AWS::|\n---(?:\s|\Z)""")
"""Matches marks of files with several resources: the type of a resource, and the beginning of a YAML document."""
_OF_CDK, _CDK_TREE = ".template.json", "tree.json"
"""The templates in an output folder of CDK, and the file beside them that repeats their resources for other tools."""
_PLANNED, _VALUES = re.compile(r'"planned_values"\s*:'), re.compile(r'"values"\s*:')
_AFTER_PLANNED = re.compile(
    r'"(?:resource_changes|output_changes|prior_state|relevant_attributes|configuration)"\s*:'
)


def unread(files: Sequence[Searched], inventory: Inventory, others: Collection[str]) -> Iterator[Skipped]:
    """Yield the files with a policy for Connect that was not read, each once, with the first place.

    ``files`` are all files of the run; ``others``, by full path, are those with a policy of another service. Files
    that the inventory lists as skipped are left out. In folders with such policies, modules for topics and keys that
    are not downloaded are listed, too.
    """
    reported = {one.what for one in inventory.skipped}
    read: _Read | None = None
    folders: set[Path] = set()
    built = {file.path.parent for file in files if file.path.name.endswith(_OF_CDK)}
    for path in (file.path for file in files if file.names_connect):
        if path.parent in built and path.name == _CDK_TREE:
            continue
        text = "" if name_of(path) in reported or home_of(path) in others else text_in(path)
        for mention in mentions(text):
            folders.add(path.parent)
            read = _Read(inventory) if read is None else read
            if not read.has(path, text, mention):
                yield _not_read(path, text, mention, is_read=home_of(path) in read.files)
                break
    for path in (file.path for file in files if folders and is_hcl(file.path)):
        if path.parent in folders:
            yield from _missing_modules(path)


class _Read:
    """The files and lines of the policies that were read."""

    def __init__(self, inventory: Inventory) -> None:
        self.files: set[str] = set()
        self.not_known: set[str] = set()
        self.lines: set[tuple[str, int]] = set()
        resources: list[Topic | Key] = [*inventory.topics, *inventory.keys]
        for resource in resources:
            files = {home_of(Path(name)) for name in files_of(resource)}
            self.files |= files
            if isinstance(resource.policy, PolicyText):
                self.lines.update(_lines(resource.policy.document.root))
            else:
                self.not_known |= files

    def has(self, path: Path, text: str, mention: Mention) -> bool:
        """True for the principal of a policy that was read.

        Terraform files and templates hold several resources, so each of their policies counts, unless the policy of
        one is reported as not known. In another file, the policy may be that of a topic of which a better one was
        read.
        """
        name = home_of(path)
        if (name, mention.line) in self.lines or name in self.not_known:
            return True
        if is_hcl(path):
            header = _header(text, mention)
            return _is_overridden(path, header) or _is_merged(path, header)
        if is_terraform_json(text) and not is_kept_state(text):
            return name in self.files or not _is_planned(text, mention)
        return name in self.files and _RESOURCE.search(text) is None


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


class _Header(NamedTuple):
    """The kind and labels of a block of a Terraform file, and its text."""

    kind: str
    labels: tuple[str, ...]
    start: int
    text: str

    @property
    def name(self) -> str:
        """The name of the block in references."""
        return ".".join(self.labels if self.kind == "resource" else (self.kind, *self.labels))

    @property
    def source(self) -> str:
        """The source of a module."""
        found = _SOURCE.search(self.text)
        return found[1] if found is not None else ""

    @property
    def is_remote(self) -> bool:
        """True for a module that Terraform downloads."""
        return not self.source.startswith(("./", "../"))


_HEADER = re.compile(r'^(\w+)[ \t]*(?:"([^"\n]*)"[ \t]*)?(?:"([^"\n]*)"[ \t]*)?\{', re.MULTILINE)
_SOURCE = re.compile(r'^[ \t]*source[ \t]*=[ \t]*"([^"\n]*)"', re.MULTILINE)


def _headers(text: str) -> list[_Header]:
    """Return the blocks of a file, by their first lines; blocks begin at the start of a line."""
    found = list(_HEADER.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)]
    return [
        _Header(one[1], tuple(filter(None, one.groups()[1:])), one.start(), text[one.start() : end])
        for one, end in zip(found, ends, strict=False)
    ]


def _header(text: str, mention: Mention) -> _Header | None:
    """Return the block around a place."""
    before = [header for header in _headers(text) if header.start < mention.offset]
    return before[-1] if before else None


def _is_overridden(path: Path, header: _Header | None) -> bool:
    """True for a block that an override file of the folder changes."""
    from checker.inputs.terraform.module.folder import is_override, listed  # only Terraform files need it

    others = [one for one in listed(path.parent, []) if is_override(one)] if header is not None else []
    texts = (text_with_connect(one) for one in others if one != path)
    return any(other.labels == header.labels for text in texts for other in _headers(text) if header)


_OVERRIDES = re.compile(r"\boverride_(?:policy_documents|json)\b")


def _is_merged(path: Path, header: _Header | None) -> bool:
    """True for a policy document of which another one in the folder overrides statements."""
    from checker.inputs.terraform.module.folder import listed  # only Terraform files need it

    if header is None or header.kind != "data":
        return False
    texts = map(text_of, listed(path.parent, []))
    return any(_OVERRIDES.search(text) and f"{header.name}." in text for text in texts)


_SHOW = "`terraform show -json plan`"
_DEPLOYED = f"check what the code deploys, such as the output of `cdk synth` or {_SHOW}"
_AS_POLICY = (
    "save the policy to a JSON file and check that file, or the output of `aws sns get-topic-attributes` or "
    "`aws kms get-key-policy`"
)


def _not_read(path: Path, text: str, mention: Mention, *, is_read: bool) -> Skipped:
    reason, help_text = _cause(path, text, mention, is_read=is_read)
    return _skipped(path, f"a policy for Amazon Connect was not read: {reason}", mention, help_text)


def _skipped(path: Path, reason: str, at: Mention, help_text: str) -> Skipped:
    position = Position(at.line, at.column, at.line, at.column)
    return Skipped(name_of(path), reason, position=position, help=help_text)


def _cause(path: Path, text: str, mention: Mention, *, is_read: bool) -> tuple[str, str]:
    """Return why a policy was not read, and what makes it readable."""
    if is_hcl(path):
        return _cause_in_terraform(path, _header(text, mention))
    if is_configuration(path):
        return _cause_in_terragrunt(path)
    if is_code(path):
        return "the file is code", _DEPLOYED
    if is_read or is_terraform_json(text):
        return "it is in a part of the file that checker does not read", _AS_POLICY
    return "checker does not read this kind of file", _AS_POLICY


_STACK = "terragrunt.stack.hcl"
"""A configuration that generates units: https://terragrunt.gruntwork.io/docs/features/stacks/"""


def _cause_in_terragrunt(path: Path) -> tuple[str, str]:
    if path.name == _STACK:
        reason = "checker does not read stacks of Terragrunt"
        return reason, f"run `terragrunt stack generate`, or check the output of {_SHOW}"
    reason = "no unit of Terragrunt in this run passes it to the policy of a topic or key"
    return reason, f"check the folder of the units, or the output of {_SHOW}"


def _cause_in_terraform(path: Path, header: _Header | None) -> tuple[str, str]:
    from checker.inputs.terraform.declare import TYPES  # only Terraform files need it
    from checker.inputs.terraform.stacks import STACKS

    if header is None:
        return "it is in no block", _AS_POLICY
    if header.kind == "module":
        return _cause_of_module(path, header)
    if header.kind == "resource" and header.labels[:1] not in {(kind,) for kind in (*TYPES, *STACKS)}:
        return f"checker does not read `{header.name}`", _AS_POLICY
    reason = f"`{header.name}` is not part of the policy of a topic or key that was read"
    return reason, f"check the output of {_SHOW}"


def _cause_of_module(path: Path, header: _Header) -> tuple[str, str]:
    if not header.is_remote:
        reason = f"the folder `{header.source}` of `{header.name}` was not found, or does not use it"
        return reason, f"check out the folder, or check the output of {_SHOW}"
    from checker.inputs.terraform.module.folder import downloads_of  # only Terraform files need it

    is_here = header.labels[0] in downloads_of(path.parent) if header.labels else False
    state = "does not use it" if is_here else "is not downloaded"
    reason = f"`{header.name}` comes from `{header.source}`, which {state}"
    folder = shlex.quote(name_of(path.parent))
    return reason, f"run `terraform -chdir={folder} init`, or check the output of {_SHOW}"


_OF_TOPICS_OR_KEYS = re.compile(r"(?:\b|_)(?:sns|kms)(?:\b|_)", re.IGNORECASE)


def _missing_modules(path: Path) -> Iterator[Skipped]:
    """Yield the modules for topics and keys, by the name of their source, that are neither local nor downloaded."""
    from checker.inputs.terraform.module.folder import downloads_of  # only Terraform files need it

    if downloads_of(path.parent):
        return
    text = text_of(path)
    for header in _headers(text):
        if header.kind != "module" or CONNECT in header.text or not header.is_remote:
            continue
        if _OF_TOPICS_OR_KEYS.search(header.source):
            reason, help_text = _cause_of_module(path, header)
            whole = f"topics and keys of a module were not checked: {reason}"
            yield _skipped(path, whole, mention_at(text, header.start), help_text)
