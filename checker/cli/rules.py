"""`checker rules`: list the rules, or explain one."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.output import Format
from checker.app.run import known_rules
from checker.app.terminal import paint_for, write
from checker.cli.options import FormatOption
from checker.configuration.load import check_name
from checker.report.rules import rule_list, rule_page, rules_json


def rules(
    rule: Annotated[str | None, typer.Argument(metavar="[ID]", help="Rule to explain.")] = None,
    output_format: FormatOption = Format.TEXT,
) -> Ending:
    """List the rules, or explain one rule."""
    found = known_rules()
    if rule is not None:
        check_name(rule, [one.id for one in found], "checker rules")
        found = tuple(one for one in found if one.id == rule)
    paint = paint_for(sys.stdout)
    if output_format is Format.JSON:
        write(rules_json(found))
    elif rule is not None:
        write(rule_page(found[0], paint))
    else:
        write(rule_list(found, paint))
    return Ending()
