"""The expressions of a policy for instances: references to what each deployment sets, or that have a value by default.

https://developer.hashicorp.com/terraform/language/expressions/references
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from checker.core.arn import is_account, is_instance_arn
from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.fix.text.edits import CannotEditError, file_of, raw
from checker.iam.prove.source_keys import SOURCE_KEYS
from checker.inputs.discover import HCL
from checker.policy.node import Array, Object, Scalar, children, items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.node import Member, Node

_NAME = r"[A-Za-z_][\w.-]*(?:\[[^\[\]{}\r\n]*\][\w.]*)*"
_REFERENCE = pattern(rf'(?:"?\$\{{ *)?({_NAME})(?: *\}}"?)?')
"""A reference in Terraform, alone or as the whole of a text."""
_ASSIGNED = pattern(rf"\s*[=:]\s*(\[\s*)?({_NAME})(?(1)\s*\])[ \t]*(?=[,}}\r\n#]|//|\Z)")
"""A reference behind a key, alone or in a list of one."""
_VALUES = pattern(rf"\bvalues\s*=\s*\[\s*({_NAME})\s*\]")
"""The only value in a condition of an `aws_iam_policy_document`."""
_SET = pattern(r"\b(?:var|each)\.|terraform\.workspace|[!{](?!.*AWS::)")
"""What each deployment may set: a variable or workspace, or a function of a template without pseudo parameters."""
_FUNCTION = pattern(r"[!{][^\r\n]+")
"""A function of a template on one line."""


def expressions_in(root: Node) -> Iterator[tuple[str, str]]:
    """Yield the references, ARNs of instances and accounts that a policy has, each with the expression of its file.

    The expression is empty if the file has none that can stand elsewhere. What the policy itself contains is not yielded.
    """
    in_terraform = file_of(root.source).name.endswith(HCL)
    for node, member, parent in _values(root):
        known = _known_as(node, in_terraform=in_terraform)
        written = _raw(node) if known and _is_within(node, parent) else ""
        if written and known not in written:
            found = (_REFERENCE if in_terraform else _FUNCTION).fullmatch(written)
            yield known, (found[1] if in_terraform else found[0]) if found else ""
        elif known and not written:
            yield known, _assigned(member, parent)


def varying_in(root: Node) -> Iterator[Scalar]:
    """Yield the values of conditions on the source that have a value now, and that a variable or parameter sets."""
    for node, member, parent in _values(root):
        if member.key.lower() in SOURCE_KEYS and isinstance(node.value, str):
            written = _raw(node) if _is_within(node, parent) else _assigned(member, parent)
            if node.value not in written and may_vary(written):
                yield node


def may_vary(expression: str) -> bool:
    """Return True for an expression with a variable or parameter, which another deployment may set."""
    return _SET.search(expression) is not None


def _known_as(node: Scalar, *, in_terraform: bool) -> str:
    """Return the reference, ARN or account that a value is. A fix writes the reference to a parameter as it is."""
    if isinstance(node.value, Unknown):
        return node.value.reference if in_terraform or node.value.is_entry else ""
    text = node.value if isinstance(node.value, str) else ""
    return text if is_instance_arn(text) or is_account(text) else ""


def scalars_in(root: Node) -> Iterator[Scalar]:
    """Yield the texts among the values of members, also in lists."""
    return (node for node, _, _ in _values(root))


def _values(node: Node) -> Iterator[tuple[Scalar, Member, Object]]:
    """Yield the texts among the values of members, also in lists, each with its member and the object around it."""
    if isinstance(node, Object):
        for member in node.members:
            listed = [one for one in items(member.value) if isinstance(one, Scalar)]
            yield from ((one, member, node) for one in listed)
    for child in children(node):
        yield from _values(child)


def _is_within(node: Scalar, parent: Object) -> bool:
    """True for a value that is written where its object is. That of a variable is written where this has its default."""
    return node.source is parent.source and parent.start <= node.start < node.end <= parent.end


def _raw(node: Scalar) -> str:
    with suppress(CannotEditError):  # the value has no clear boundaries, or the file must not be quoted
        return raw(node.source, node.start, node.end)
    return ""


def _assigned(member: Member, parent: Object) -> str:
    """Return the reference that Terraform assigns to a key, if it is one value; empty for any other expression."""
    text, value = parent.source.text, member.value
    found = _ASSIGNED.match(text, member.end)
    if found is not None:
        is_list = isinstance(value, Array) and not found[1]
        return "" if is_list else found[2]
    block = _VALUES.search(text, parent.start, parent.end)
    return block[1] if block is not None and len(items(value)) == 1 else ""
