"""CloudFormation templates.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.kinds.kind import Kind
from checker.policy.node import Object, text_of

if TYPE_CHECKING:
    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match

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
    from checker.inputs.cloudformation.template import read_template  # policies do not need it

    chosen = found.named and not facts.of_change
    if not read_template(found.path, found.document, facts, named=chosen):
        facts.skip_irrelevant(found.path, _NO_RESOURCE, named=found.named)


TEMPLATE = Kind("a CloudFormation template", _match, _read, unique_keys=False)
KINDS = (TEMPLATE,)
