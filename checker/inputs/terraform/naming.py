"""What resources of a plan are called by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.inputs.terraform.resource import AFTER_APPLY, SENSITIVE
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from checker.inputs.terraform.resource import Resource


def arn_of(resource: Resource, name: str) -> Arn | Unknown:
    """The ARN of a resource; ``name`` is what it is called by while that is not known."""
    text = resource.text("arn")
    arn = Arn.parse(text) if isinstance(text, str) else None
    return arn or Unknown(SENSITIVE if resource.hides("arn") else AFTER_APPLY, name)
