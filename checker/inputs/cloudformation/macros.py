"""Lists the parts of a template that are not read: macros, modules, loops, and properties that are not an object.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/modules.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.core.finding import Part
from checker.core.pattern import pattern
from checker.inputs.cloudformation.deployment import PROPERTIES
from checker.inputs.cloudformation.include import INCLUDE
from checker.inputs.cloudformation.loops import FOR_EACH, loop_of
from checker.inputs.cloudformation.sections import has_extensions, transform_name
from checker.policy.node import Object, rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.cloudformation.sections import Resource, Template
    from checker.policy.node import Member, Node


_AWS = "AWS::"
"""AWS macros change no topics or keys, except AWS::Include, which inserts another file.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
"""
_MODULE = "::MODULE"
_RELEVANT = pattern(r"(?i:sns|kms|cmk|topic|amazonconnect)|[Cc]onnect(?![a-z])")
"""Matches the names and properties of modules that may be about topics, keys or Amazon Connect."""
_PROCESSED = (
    "check the template that they result in: `aws cloudformation get-template --stack-name STACK "
    "--template-stage Processed`"
)


def skipped_parts(template: Template) -> Iterator[Skipped]:
    """Report macros, modules and loops whose results are not checked, and properties that cannot be read."""
    yield from _transforms(template)
    yield from (_macro(template, macro) for macro in template.macros)
    for one in template.resources.values():
        node = one.properties
        if one.type in PROPERTIES and node is not None and not isinstance(node, Object):
            reason = f"the properties of `{one.logical}` are not an object"
            yield _skipped(template, node, reason)._replace(error=True)
        elif one.type.endswith(_MODULE) and _may_be_relevant(one):
            yield _module(template, one)


def _transforms(template: Template) -> Iterator[Skipped]:
    for one in template.transforms:
        name = transform_name(one)
        if name is not None and (name == INCLUDE or not name.startswith(_AWS)):
            reason = f"changes made by the macro `{name}` are not checked"
            yield _skipped(template, one, reason, _PROCESSED)


def _macro(template: Template, macro: Member) -> Skipped:
    where = macro.value.source.position(macro.start, macro.end)
    reason, help_text = f"`{macro.key}` creates resources that are not checked", _PROCESSED
    if macro.key.startswith(FOR_EACH) and not has_extensions(template):
        reason += ": the template has no `Transform: AWS::LanguageExtensions`"
        help_text = "add the transform; CloudFormation rejects the template without it"
    elif macro.key.startswith(FOR_EACH) and loop_of(macro) is None:
        reason += ": it is not a list of an identifier, a collection and an object"
        help_text = "correct the loop; CloudFormation rejects the template as it is"
    elif macro.key.startswith(FOR_EACH):
        reason += ": its collection is not known"
        help_text = f"set its parameters with `--parameter NAME=VALUE`, or {_PROCESSED}"
    return Skipped(template.name, reason, position=where, help=help_text)


def _may_be_relevant(resource: Resource) -> bool:
    written = rendered(resource.properties) if resource.properties is not None else ""
    return _RELEVANT.search(f"{resource.type} {written}") is not None


def _module(template: Template, resource: Resource) -> Skipped:
    reason = f"the resources of module `{resource.logical}` (`{resource.type}`) are not checked"
    where = template.place(resource.logical)
    position = where.document.locate(where.route, Part.VALUE)
    return Skipped(template.name, reason, position=position, help=_PROCESSED)


def _skipped(template: Template, node: Node, reason: str, help_text: str = "") -> Skipped:
    where = node.source.position(node.start, node.end)
    return Skipped(template.name, reason, position=where, help=help_text)
