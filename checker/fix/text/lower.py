"""Turn changes of a policy into edits of its file, in the file's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.terminal_text import SHOWN, redacted
from checker.fix.text.compare import Replaced, Wrapped, compare
from checker.fix.text.edits import GENERATED, CannotEditError, file_of
from checker.fix.text.hcl_statements import Blocks, is_blocks
from checker.fix.text.hcl_writer import HclWriter, HeredocWriter, TemplateWriter, TerraformJsonWriter
from checker.fix.text.json_writer import JsonWriter
from checker.fix.text.yaml_writer import YamlBlockWriter, YamlFlowWriter
from checker.inputs.discover import HCL_JSON, HCL_LANGUAGE
from checker.inputs.text import is_yaml
from checker.policy.node import children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.text.compare import Change
    from checker.fix.text.edits import TextEdit
    from checker.fix.text.json_writer import Originals
    from checker.policy.node import Node
    from checker.policy.source import Source


_NOT_COPIED = "the fix would copy a sensitive value into the file; use a reference to its variable instead"
_VARIABLE = "the policy comes from a variable, which may have other values elsewhere"


def lowered(old: Node, new: Node) -> tuple[TextEdit, ...]:
    """Return the edits that turn ``old`` into its changed copy ``new``. Raises CannotEditError."""
    if not old.source.quotable:
        raise CannotEditError(GENERATED)
    originals = frozenset(map(id, _nodes(old)))
    if is_blocks(old):
        edits = tuple(Blocks(old, originals).edits(new))
    else:
        changes = compare(old, new)
        edits = tuple(edit for change in changes for edit in _writer(change, originals).edits(change))
    if any(map(_is_in_variable, edits)):
        raise CannotEditError(_VARIABLE)
    if any(map(_copies_secret, edits)):
        raise CannotEditError(_NOT_COPIED)
    if any(edit.clashes(other) for n, edit in enumerate(edits) for other in edits[:n]):
        raise CannotEditError("two changes would touch the same text")
    return edits


def _copies_secret(edit: TextEdit) -> bool:
    """Return True for an edit that writes a sensitive value where the file did not contain it."""
    before = redacted(edit.source.text[edit.start : edit.end]).count(SHOWN)
    return redacted(edit.text).count(SHOWN) > before


def _is_in_variable(edit: TextEdit) -> bool:
    """Return True for an edit of a Terraform variable's value."""
    name = edit.source.name
    if name.endswith((".tfvars", ".tfvars.json")):
        return True
    if not name.endswith(HCL_LANGUAGE):
        return False
    from checker.inputs.terraform.hcl.parse import parse  # slow to import

    try:
        blocks = parse(edit.source).written
    except InputError as error:  # one fix that cannot be placed must not lose the whole report
        raise CannotEditError(f"the file cannot be parsed: {error.reason}") from None
    around = (block for block in blocks if block.at.start <= edit.start < block.at.end)
    return any(block.kind == "variable" for block in around)


def _writer(change: Change, originals: Originals) -> JsonWriter | YamlBlockWriter:
    """Return the writer for the text around a value, or for the value itself if it has no container."""
    node = _written_in(change)
    return _language(node.source, node.start)(originals)


def _written_in(change: Change) -> Node:
    if isinstance(change, Wrapped):
        return change.old
    if not isinstance(change, Replaced):
        return change.parent
    if change.parent is None:
        return change.old
    if change.old.source is not change.parent.source:
        raise CannotEditError("part of the policy is written elsewhere")
    return change.parent


def _language(source: Source, start: int) -> type[JsonWriter | YamlBlockWriter]:
    begins = source.text[start : start + 1]
    name = file_of(source).name
    if source.outer is not None:
        if not source.text.lstrip().startswith(("{", "[")):
            raise CannotEditError("the policy is computed by an expression")
        if name.endswith(HCL_LANGUAGE):
            return HeredocWriter
        return TerraformJsonWriter if name.endswith(HCL_JSON) else JsonWriter
    if is_yaml(source):
        return YamlFlowWriter if begins in ("{", "[") else YamlBlockWriter
    if begins not in ("{", "[", '"'):
        raise CannotEditError("the policy is computed by an expression")
    if name.endswith(HCL_LANGUAGE):
        return HclWriter
    return TerraformJsonWriter if name.endswith(HCL_JSON) else TemplateWriter


def _nodes(root: Node) -> Iterator[Node]:
    yield root
    for child in children(root):
        yield from _nodes(child)
