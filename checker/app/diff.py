"""Compares the access that two policies allow."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from checker.analysis.access_diff import difference
from checker.app.exit_codes import Ending
from checker.app.output import Format
from checker.app.terminal import paint_for, write
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.core.unknown import Unknown
from checker.inputs.diff_inputs import Side, read_sides, target_of
from checker.inputs.typed_files import instance_option
from checker.report.context import Paint
from checker.report.difference import difference_json, difference_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from checker.analysis.access_diff import Difference
    from checker.inputs.collect import Given


def show_difference(
    old: str,
    new: str,
    *,
    topic: str,
    key: str,
    resource: str,
    instances: Sequence[str],
    given: Given,
    output_format: Format,
    output: Path | None,
) -> Ending:
    """Report the difference of two files. Raises InputError."""
    arns = [instance_option(text) for text in instances]
    before, after = read_sides(old, new, resource, given, key=bool(key))
    target = target_of(before, after, _said(before, topic, key))
    found = difference(before.about(target), after.about(target), target, arns)
    paint = Paint() if output else paint_for(sys.stdout)
    write(_lines(found, output_format, paint), output)
    return Ending(findings=found.same is False, undetermined=isinstance(found.same, Unknown))


def _said(side: Side, topic: str, key: str) -> str:
    """Return the ARN option for the kind of the policies. Raises InputError for the other option."""
    option, other = ("--topic-arn", "--key-arn") if side.is_key else ("--key-arn", "--topic-arn")
    if topic if side.is_key else key:
        reason = f"the policies are of a {side.kind}"
        raise InputError(option, reason, help_text=f"give `{other} ARN`")
    return key if side.is_key else topic


def _lines(found: Difference, output_format: Format, paint: Paint) -> Iterable[str]:
    if output_format is Format.TEXT:
        return difference_text(found, paint)
    return json_lines(difference_json(found))
