"""`checker rules`: list the rules, or explain one."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.output import Format
from checker.app.rules import show_rules
from checker.cli.options import FormatOption

_RuleArgument = Annotated[str | None, typer.Argument(metavar="[ID]", help="Rule to explain.")]


def rules(rule: _RuleArgument = None, output_format: FormatOption = Format.TEXT) -> Ending:
    """List the rules, or explain one rule."""
    return show_rules(rule, output_format)
