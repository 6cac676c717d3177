"""Lists the rules, or prints the page of one."""

from __future__ import annotations

import sys

from checker.app.exit_codes import Ending
from checker.app.output import Format
from checker.app.run import known_rules
from checker.app.terminal import paint_for, write
from checker.configuration.load import check_name
from checker.report.rules import rule_list, rule_page, rules_json


def show_rules(rule: str | None, output_format: Format) -> Ending:
    """Print all rules, or one of them. Raises InputError for a rule that does not exist."""
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
