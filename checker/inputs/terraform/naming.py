"""What resources of a plan are called by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.inputs.declared import Where
from checker.inputs.terraform.resource import AFTER_APPLY, SENSITIVE

if TYPE_CHECKING:
    from checker.inputs.terraform.resource import Resource


def arn_of(resource: Resource, name: str) -> Arn | Unknown:
    """The ARN of a resource; ``name`` is what it is called by while that is not known."""
    text = resource.text("arn")
    arn = Arn.parse(text) if isinstance(text, str) else None
    return arn or Unknown(SENSITIVE if resource.hides("arn") else AFTER_APPLY, name)


def where_of(resource: Resource) -> Where:
    """The Region and account of a resource: those of its ARN, else the Region that the resource names itself."""
    arn = arn_of(resource, "")
    if isinstance(arn, Arn):
        return Where(arn.region, arn.account)
    region = resource.text("region")
    named = (
        region if isinstance(region, str) and region else Unknown(AFTER_APPLY, f"{resource.address}.region")
    )
    return Where(named, Unknown(AFTER_APPLY, f"{resource.address}.account"))
