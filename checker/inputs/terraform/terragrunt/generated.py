"""Reads the files that `generate` writes into a module, such as providers.

https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#generate
"""

from __future__ import annotations

import os
from enum import Enum
from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.discover import HCL
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.values import is_composed, known, text, truth, why_unknown
from checker.inputs.terraform.terragrunt.generated_text import has_known_places
from checker.policy.node import Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.inputs.terraform.terragrunt.configuration import Configuration
    from checker.policy.node import Node, Span


CREDENTIALS = pattern(
    r"\b(?:assume_role\w*|profile|access_key|shared_credentials_files?|shared_config_files|iam_role|iam_web_identity_token"
    r"|AWS_(?:DEFAULT_PROFILE|PROFILE|ACCESS_KEY(?:_ID)?|ROLE_ARN|CONFIG_FILE|SHARED_CREDENTIALS_FILE))\b"
)
"""Matches arguments with which a provider may use other credentials than `get_aws_account_id`."""
_VALUES = pattern(r"terraform\.tfvars|[^/]*\.auto\.tfvars")
_LOADED = pattern(r"(?:.*/)?(?:terraform|[^/]*\.auto)\.tfvars(?:\.json)?|\.terraform/.*")
_EXISTING = ("overwrite", "overwrite_terragrunt", "skip", "error")
_SIGNATURES = ("", "#", "# ", "//", "// ")


class FileKind(Enum):
    """How Terraform uses a file, by its name."""

    CODE = "a `.tf` file of the module"
    VALUES = "values of variables"
    LOADED = "another file that Terraform loads, or one whose name is not known"
    DATA = "a file that only functions can read"


class Generated(NamedTuple):
    """A file that Terragrunt writes or removes: its path in the module, what to do if it exists, and its text.

    ``name`` is empty if the path is not known. ``contents`` is ``None`` if they are not known, or if the file is removed.
    ``report`` is reported if the file is not known.
    """

    name: str
    if_exists: str
    contents: Scalar | None
    report: Skipped
    is_removed: bool = False

    @property
    def kind(self) -> FileKind:
        """How Terraform uses the file."""
        if self.name.endswith(".tf") and "/" not in self.name:
            return FileKind.CODE
        if _VALUES.fullmatch(self.name):
            return FileKind.VALUES
        is_loaded = not self.name or self.name.endswith(HCL) or _LOADED.fullmatch(self.name)
        return FileKind.LOADED if is_loaded else FileKind.DATA

    @property
    def is_open(self) -> bool:
        """True if too little is known of the file to read it."""
        has_text = self.is_removed or (self.contents is not None and has_known_places(self.contents))
        return self.kind is FileKind.LOADED or not has_text or self.if_exists not in _EXISTING


def generated_files(merged: Iterable[Configuration]) -> list[Generated]:
    """Return the files of the blocks, the attribute `generate`, and the generated backend."""
    files: dict[str, Generated | None] = {}
    for one in merged:
        for label, values, at in (*_blocks(one), *_attribute(one), *_backends(one)):
            files[label] = _generated(label, values, at)
    return [one for one in files.values() if one is not None]


_Written = tuple[str, "Mapping[str, Node]", "Span"]


def _blocks(configuration: Configuration) -> Iterator[_Written]:
    for block in configuration.parsed.body.blocks("generate"):
        arguments = block.body.arguments.items()
        values = {name: evaluate(one.expression, configuration.scope) for name, one in arguments}
        yield "".join(block.labels[:1]), values, block.header


def _attribute(configuration: Configuration) -> Iterator[_Written]:
    argument = configuration.parsed.body.arguments.get("generate")
    if argument is None:
        return
    found = evaluate(argument.expression, configuration.scope)
    if not isinstance(found, Object):
        yield "", {}, argument.at
        return
    for member in found.members:
        yield member.key, _members(member.value), argument.at


def _backends(configuration: Configuration) -> Iterator[_Written]:
    """Yield the file with the backend, which declares nothing but may replace a file of the module.

    https://terragrunt.gruntwork.io/docs/reference/hcl/blocks/#remote_state
    """
    for block in configuration.parsed.body.blocks("remote_state"):
        argument = block.body.arguments.get("generate")
        if argument is not None:
            values = _members(evaluate(argument.expression, configuration.scope))
            yield "remote_state", {**values, "contents": known("", block.header)}, block.header


def _members(node: Node) -> Mapping[str, Node]:
    return {one.key: one.value for one in node.members} if isinstance(node, Object) else {}


def _generated(label: str, values: Mapping[str, Node], at: Span) -> Generated | None:
    """Return the file that a block writes or removes; ``None`` if it does neither."""
    reason = f'the file that `generate "{label}"` writes is not known'
    report = Skipped(at.source.name, reason, position=at.position())
    name, if_exists, if_disabled = (_text(values, one) for one in ("path", "if_exists", "if_disabled"))
    file = Generated(_path(name), if_exists, _contents(values), report)
    is_disabled = truth(values["disable"]) if "disable" in values else False
    if is_disabled is False:
        return file
    if is_disabled is not True:
        return file._replace(contents=None)
    if if_disabled == "skip" or "if_disabled" not in values:
        return None
    existing = {"remove": "overwrite", "remove_terragrunt": "overwrite_terragrunt"}.get(if_disabled, "")
    return file._replace(contents=None, if_exists=existing, is_removed=True)


def _path(name: str) -> str:
    """Return a path relative to the module; empty if it is not known, or outside of the module."""
    path = os.path.normpath(name) if name and "\0" not in name else ""
    return "" if path.startswith(("/", "..")) or path == "." else path


def _contents(values: Mapping[str, Node]) -> Scalar | None:
    """Return the text of a file; ``None`` if it is not known, or if a signature before it may change its meaning."""
    contents = values.get("contents")
    has_signature = "comment_prefix" not in values or _text(values, "comment_prefix") in _SIGNATURES
    is_known = isinstance(contents, Scalar) and (why_unknown(contents) is None or is_composed(contents))
    return contents if has_signature and is_known and isinstance(contents, Scalar) else None


def _text(values: Mapping[str, Node], name: str) -> str:
    found = text(values[name]) if name in values else ""
    return found if isinstance(found, str) else ""
