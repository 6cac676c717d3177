"""Finds the topics whose policies a loop or macro may write that is not written out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.cloudformation.deployment import INLINE_POLICY, TOPIC_POLICY, as_value
from checker.inputs.cloudformation.loops import loop_of
from checker.inputs.cloudformation.sections import is_macro
from checker.policy.node import Object, items, rendered, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.loops import Loop
    from checker.policy.model import Value
    from checker.policy.node import Member, Node


_OWNERS = {TOPIC_POLICY: "Topics", INLINE_POLICY: "TopicArn"}
_REPLACED = pattern(r"[$&]\{")


class PossiblePolicy(NamedTuple):
    """A policy that a macro may write: its name, and its topics; ``None`` if they are not known."""

    macro: str
    name: str
    topics: tuple[Value, ...] | None = None


def possible_policies(evaluation: Evaluation) -> Iterator[PossiblePolicy]:
    """Yield the policies that the macros among the resources of a template may write."""
    for macro in evaluation.template.macros:
        yield from _of_macro(evaluation, macro, macro.key, ())


def _of_macro(
    evaluation: Evaluation, macro: Member, name: str, around: tuple[Loop, ...]
) -> Iterator[PossiblePolicy]:
    loop = loop_of(macro)
    if loop is None:
        yield PossiblePolicy(name, f"a policy of {macro.key}")
        return
    for member in loop.output.members:
        if is_macro(member):
            yield from _of_macro(evaluation, member, name, (*around, loop))
        else:
            yield from _of_resource(evaluation, member, name, (*around, loop))


def _of_resource(
    evaluation: Evaluation, member: Member, macro: str, around: tuple[Loop, ...]
) -> Iterator[PossiblePolicy]:
    resource = member.value
    kind = text_of(resource.get("Type")) if isinstance(resource, Object) else None
    if kind is None or _REPLACED.search(kind):
        yield PossiblePolicy(macro, member.key)
    elif kind in _OWNERS:
        properties = resource.get("Properties") if isinstance(resource, Object) else None
        node = properties.get(_OWNERS[kind]) if isinstance(properties, Object) else None
        topics = _topics(evaluation, node, around)
        if topics != ():
            yield PossiblePolicy(macro, member.key, topics)


def _topics(evaluation: Evaluation, node: Node | None, around: tuple[Loop, ...]) -> tuple[Value, ...] | None:
    """Return the topics of a policy, without those that the loops create; ``None`` if they are not known."""
    others = [one for one in items(node) if not _is_created(one, around)] if node is not None else []
    if node is None or any(_depends(one, around) for one in others):
        return None
    found = [evaluation.node(one) for one in others]
    return tuple(as_value(value) for one in found if one is not None for value in items(one))


def _is_created(node: Node, around: tuple[Loop, ...]) -> bool:
    """True for a reference to a resource that one of the loops writes."""
    target = _target(node)
    return target is not None and any(target == one.key for loop in around for one in loop.output.members)


def _target(node: Node) -> str | None:
    """Return the logical name in `Ref` or `Fn::GetAtt`, with the identifiers of loops as they are written."""
    member = node.members[0] if isinstance(node, Object) and len(node.members) == 1 else None
    if member is None or member.key not in ("Ref", "Fn::GetAtt"):
        return None
    name = items(member.value)[0] if items(member.value) else None
    written = name.get("Fn::Sub") if isinstance(name, Object) else name
    return (text_of(written) or "").partition(".")[0] or None


def _depends(node: Node, around: tuple[Loop, ...]) -> bool:
    """True if a value may mention the identifier of a loop."""
    written = rendered(node)
    return any(f"{{{loop.identifier}}}" in written or f'"{loop.identifier}"' in written for loop in around)
