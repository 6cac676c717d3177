"""Tells attributes that nobody gives a value, through the variables of modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.terraform.address import split
from checker.inputs.terraform.modules import is_null, mapping, references_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.inputs.terraform.modules import Setting
    from checker.inputs.terraform.references import Scope


def is_left_out(name: str, scope: Scope, setting: Setting, variables: Mapping[str, object]) -> bool:
    """True for an attribute that is not set, or set to a variable that nobody gives a value."""
    expression = setting.expressions.get(name)
    for _ in range(len(split(scope.address)) + 1):
        if expression is None or is_null(expression):
            return True
        steps = [split(one) for one in references_of(expression)]
        if len(steps) != 1 or len(steps[0]) != 2 or steps[0][0].name != "var":
            return False
        name = steps[0][1].name
        if scope.call is None or scope.outer is None:
            given = mapping(variables.get(name))
            return "value" in given and given["value"] is None
        expression = scope.call.setting.expressions.get(name)
        if expression is None:
            default = mapping(scope.module.variables.get(name))
            return "default" in default and default["default"] is None
        scope = scope.outer
    return False
