"""Fixes files, or a topic in AWS: one command for both."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from checker.app.fix_files import apply_fixes, ending_of_fix, plan_fixes
from checker.app.fix_live import fix_live
from checker.app.fix_output import Shown
from checker.app.next_step import after_fix
from checker.app.terminal import check_output, paint_for, tell
from checker.report.context import Paint
from checker.report.repair import summary_line

if TYPE_CHECKING:
    from checker.app.exit_codes import Ending
    from checker.app.fix_request import FixRequest


def run_fix(request: FixRequest) -> Ending:
    """Plan and show the fixes, and apply them if that is requested. Raises CheckerError."""
    request.check()
    paint = Paint() if request.output else paint_for(sys.stdout)
    shown = Shown(request.format, paint, request.diff, request.output)
    return fix_live(request, shown) if request.is_live else _fix_files(request, shown)


def _fix_files(request: FixRequest, shown: Shown) -> Ending:
    plan = plan_fixes(request.options, unsafe=request.unsafe, kms_condition=request.kms_condition)
    check_output(request.output)  # again, now that the inputs are known
    if request.apply:
        plan = apply_fixes(plan)
    shown.write(plan.outcome)
    next_step = after_fix(plan.outcome, request.options.instances)
    tell(*shown.remarks(plan.outcome), summary_line(plan.outcome), *next_step)
    return ending_of_fix(plan.outcome, plan.fail_on)
