"""The short forms of CloudFormation's functions in YAML: `!Sub x` for `Fn::Sub: x`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

_PLAIN = ("Ref", "Condition")
_FUNCTIONS = (
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
)
_LONG = {f"!{name}": name for name in _PLAIN} | {f"!{name}": f"Fn::{name}" for name in _FUNCTIONS}


def long_form(tag: str | None) -> str | None:
    """Name the function that a tag stands for; ``None`` for a tag that is none of CloudFormation's."""
    return _LONG.get(tag or "")
