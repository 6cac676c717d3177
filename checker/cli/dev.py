"""`checker dev`: commands for contributors."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.new_rule import Family, create_rule

_RuleArgument = Annotated[str, typer.Argument(metavar="ID", help="ID of the rule, such as topic-name.")]
_FamilyOption = Annotated[Family, typer.Option(help="Family of the rule.")]


def dev_new_rule(rule: _RuleArgument, family: _FamilyOption = Family.SNS) -> Ending:
    """Add a rule with its documentation and cases to a checkout of checker.

    The rule works and its tests pass: change them step by step.
    """
    return create_rule(rule, family)
