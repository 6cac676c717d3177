"""CloudFormation templates, in files of their own and in the output of CloudFormation's API.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.kinds.kind import Kind
from checker.policy.node import Object, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match

_STACK_SET = "StackSet"
"""The key of a stack set in the output of `describe-stack-set`; it runs in other accounts than other templates."""
_NO_RESOURCE = "the template declares no topic or key"


def _match(root: Object) -> Match | None:
    """Recognize a document with Resources that is marked as a template, itself or in a resource."""
    resources = root.get("Resources")
    if not isinstance(resources, Object):
        return None
    if any(member.key in ("AWSTemplateFormatVersion", "Transform") for member in root.members):
        return root, ()
    types = (one.value.get("Type") for one in resources.members if isinstance(one.value, Object))
    return (root, ()) if any("::" in (text_of(one) or "") for one in types) else None


def _read(facts: Facts, found: Found) -> None:
    from checker.inputs.cloudformation.nested import Stack  # policies need neither
    from checker.inputs.cloudformation.template import read_template

    chosen = found.named and not facts.of_change
    is_set = found.route[:1] == (_STACK_SET,)
    stack = Stack(folder=found.path.parent / found.path.name) if is_set else Stack()
    if not read_template(found.path, found.document, facts, named=chosen, stack=stack):
        facts.skip_irrelevant(found.path, _NO_RESOURCE, named=found.named)


def _includes(path: Path, text: str) -> Iterable[str]:
    if "TemplateURL" not in text and "Location" not in text:
        return ()
    from checker.inputs.cloudformation.nested import includes  # policies do not need it

    return includes(path, text)


def _match_stored(root: Object) -> Match | None:
    """Recognize the output of `get-template`, and that of `describe-stack-set`."""
    stack_set = root.get(_STACK_SET)
    holder, route = (stack_set, (_STACK_SET,)) if isinstance(stack_set, Object) else (root, ())
    body = holder.get("TemplateBody")
    if isinstance(body, Object):
        return (body, (*route, "TemplateBody")) if _match(body) is not None else None
    is_template = "Resources" in (text_of(body) or "")
    return (body, (*route, "TemplateBody")) if body is not None and is_template else None


def _read_stored(facts: Facts, found: Found) -> None:
    """Read a template in the output of the API. Raises InputError for text that is not a template."""
    from checker.inputs.cloudformation.stored import document_of  # policies do not need it

    _read(facts, found._replace(document=document_of(found.node)))


TEMPLATE = Kind("a CloudFormation template", _match, _read, unique_keys=False, includes=_includes)
STORED = Kind("the output of get-template", _match_stored, _read_stored, unique_keys=False)
KINDS = (TEMPLATE, STORED)
