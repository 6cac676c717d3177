"""The result of a repair, as reports display it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from checker.core.finding import Verdict
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.fix.effect import default_effect
from checker.fix.text.edits import CannotEditError, Raw, file_of, raw, verbatim
from checker.fix.text.hcl_blocks import Lines, statement_text
from checker.fix.text.hcl_statements import is_blocks
from checker.fix.text.hcl_writer import HclWriter, HeredocWriter, TemplateWriter
from checker.fix.text.json_writer import TOP_LEVEL
from checker.fix.text.yaml_writer import YamlBlockWriter
from checker.inputs.discover import HCL_LANGUAGE
from checker.inputs.text import is_yaml
from checker.policy.change import ReferenceText
from checker.policy.node import Array, Node, Object, Scalar, children

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    References = Mapping[int, str]
    "The text of each value that a file writes as an expression, by the identity of its node."
    from checker.analysis.access_diff import Difference
    from checker.fix.attempts import UnfixedFinding
    from checker.fix.live.flow_result import FlowResult
    from checker.fix.live.replacement import Replacement
    from checker.fix.rounds import Repair


_IN_LINE = pattern(r"(?=.*[.({$])[^\r\n\\]+")
"""An expression on one line and without escapes, which would be escapes of the surrounding string."""
_IN_YAML = pattern(r"[!{][^\r\n]+")
"""A CloudFormation function in short form or in braces. A block on lines of its own depends on its indentation."""


def written_out(statement: Node, root: Node, name: str) -> Iterator[str]:
    """Yield the lines of a statement, written for the file ``name`` that contains the policy ``root``."""
    references = {id(node): text for node, text in _references(root, root)}
    yield from "".join(_chunks(statement, root, name, references)).split("\n")


def _chunks(statement: Node, root: Node, name: str, references: References) -> list[str]:
    source, kept = file_of(root.source), frozenset(references)
    if name.endswith(HCL_LANGUAGE) and root.source.outer is None:
        return _hcl(_plain(statement, references, write=ReferenceText), root)
    plain = _plain(statement, references)
    if name.endswith(HCL_LANGUAGE) and not _is_of_template(plain):
        chunks = HeredocWriter(kept).node(plain, TOP_LEVEL, None)
        return [chunk if isinstance(chunk, Raw) else verbatim(chunk) for chunk in chunks]
    if is_yaml(source) or name.endswith((".yaml", ".yml")):
        return ["- ", *YamlBlockWriter(kept).nested(plain, "  ", source)]
    return _DisplayWriter(kept).node(plain, TOP_LEVEL, None)


def _is_of_template(statement: Node) -> bool:
    """True for a statement that refers to a resource of a template, such as one in a Terraform stack."""
    if isinstance(statement, Scalar):
        return isinstance(statement.value, ReferenceText) and "#" in statement.value
    return any(map(_is_of_template, children(statement)))


def _hcl(statement: Node, root: Node) -> list[str]:
    if is_blocks(root):
        with suppress(CannotEditError):  # unknown conditions cannot be written as blocks
            return statement_text(HclWriter(), statement, "", Lines("\n", "  "))
    return HclWriter().node(statement, TOP_LEVEL, None)


def _references(node: Node, root: Node) -> Iterator[tuple[Node, str]]:
    """Yield the values that the file writes as expressions. An expression may stand for several values."""
    for child in children(node):
        yield from _references(child, root)
    if isinstance(node, Scalar) and node.start < node.end and file_of(node.source) is file_of(root.source):
        with suppress(CannotEditError):  # the value has no clear boundaries, or the file must not be quoted
            text = raw(node.source, node.start, node.end)
            if _is_reference(node, text):
                yield node, text if node.source is root.source else f'"{text}"'


def _is_reference(node: Scalar, text: str) -> bool:
    if not isinstance(node.value, str | Unknown) or (isinstance(node.value, str) and node.value in text):
        return False
    return (_IN_YAML if is_yaml(file_of(node.source)) else _IN_LINE).fullmatch(text) is not None


class _DisplayWriter(TemplateWriter):
    """Writes JSON for people, who understand a name even where JSON has no syntax for it."""

    def reference(self, name: str) -> str:
        return super().reference(name) if "#" in name else f'"${{{name}}}"'


def _plain(node: Node, references: References, *, write: type[ReferenceText] | None = None) -> Node:
    """Replace unknown values with names. ``write`` turns references into names as well."""
    if isinstance(node, Array):
        return node._replace(items=tuple(_plain(item, references, write=write) for item in node.items))
    if isinstance(node, Object):
        members = (m._replace(value=_plain(m.value, references, write=write)) for m in node.members)
        return node._replace(members=tuple(members))
    value = node.value
    if id(node) in references:
        return node._replace(value=write(references[id(node)])) if write else node
    if isinstance(value, Unknown):
        return node._replace(value=ReferenceText(value.where) if value.where else f"<{value.reason}>")
    return node


class PolicyChange(NamedTuple):
    """A policy that changes, and the access gained and lost."""

    resource: str
    difference: Difference


def policy_changes(repair: Repair) -> tuple[PolicyChange, ...]:
    """Return the access gained and lost by the change of each policy."""
    then = {policy.name: policy for policy in repair.after.policies()}
    pairs = ((known, then.get(known.name)) for known in repair.before.policies())
    return tuple(
        PolicyChange(known.case.name, default_effect(known.case, known.text.policy, now.text.policy))
        for known, now in pairs
        if now is not None and now.content != known.content
    )


class Outcome(NamedTuple):
    """A repair with the original texts, its effect on every policy, and whether it was applied.

    ``names`` maps absolute paths to the names that reports use. ``replacement`` replaces a live topic or its key.
    ``flow`` is the test chat that followed. ``command`` is the command that was run.
    """

    repair: Repair
    originals: Mapping[str, str]
    names: Mapping[str, str]
    changes: tuple[PolicyChange, ...]
    applied: bool = False
    replacement: Replacement | None = None
    flow: FlowResult | None = None
    command: tuple[str, ...] = ("checker", "fix")

    def name(self, path: str) -> str:
        """Return the name of a file in reports."""
        return self.names.get(path, path)

    @property
    def unfixed(self) -> tuple[UnfixedFinding, ...]:
        """Return the findings that are not fixed. Undetermined results are not findings."""
        return tuple(unfixed for unfixed in self.repair.unfixed if unfixed.finding.verdict is Verdict.FAIL)

    @property
    def is_pending(self) -> bool:
        """Return True if changes were shown but not applied."""
        steps = self.replacement.steps if self.replacement else ()
        return not self.applied and bool(self.repair.texts or steps)

    def written_out(self, unfixed: UnfixedFinding) -> Iterator[list[str]]:
        """Yield the statements of a finding, to be added by hand."""
        if unfixed.root is None:
            return
        for statement in unfixed.statements:
            yield list(written_out(statement, unfixed.root, unfixed.finding.locations[0].source))
