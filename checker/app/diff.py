"""Compares the access that two policies allow, or the policies of two roots, templates or folders."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.analysis.access_diff import difference
from checker.app.exit_codes import Ending
from checker.app.next_step import after_diff
from checker.app.output import Format
from checker.app.terminal import paint_for, tell, write
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.core.unknown import Unknown
from checker.inputs.diff_inputs import read_inputs
from checker.inputs.diff_sides import resource_arn, sides_of, target_of
from checker.inputs.typed_files import instance_option
from checker.report.context import Paint
from checker.report.difference import difference_json, difference_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from checker.core.arn import Arn
    from checker.inputs.collect import Given
    from checker.inputs.diff_inputs import Input
    from checker.inputs.diff_sides import Side


class DiffRequest(NamedTuple):
    """The options of `checker diff`: ARNs of the compared topic or key, its name, and instances to list by name."""

    topic: str = ""
    key: str = ""
    resource: str = ""
    instances: tuple[str, ...] = ()


class _Result(NamedTuple):
    """Whether access is the same, and the report in both formats."""

    same: bool | Unknown
    text: Iterable[str]
    json: dict[str, Any]


def show_difference(
    old: str,
    new: str,
    request: DiffRequest,
    *,
    given: Given,
    output_format: Format,
    output: Path | None,
) -> Ending:
    """Report the differences of two inputs. Raises InputError."""
    arns = [instance_option(text) for text in request.instances]
    before, after = read_inputs(old, new, given)
    paint = Paint() if output else paint_for(sys.stdout)
    compared = _of_code if before.is_code and after.is_code else _of_policies
    result = compared(before, after, request, arns, paint)
    write(result.text if output_format is Format.TEXT else json_lines(result.json), output)
    if result.same is not True:
        tell(*after_diff(new))
    return Ending(findings=result.same is False, undetermined=isinstance(result.same, Unknown))


def _of_policies(
    old: Input, new: Input, request: DiffRequest, instances: Sequence[Arn], paint: Paint
) -> _Result:
    """Compare two policies of one topic or key."""
    before, after = sides_of(old, new, request.resource, key=bool(request.key))
    target = target_of(before, after, _requested_arn(before, request))
    found = difference(before.about(target), after.about(target), target, instances)
    return _Result(found.same, difference_text(found, paint), difference_json(found))


def _requested_arn(side: Side, request: DiffRequest) -> str:
    """Return the ARN option for the kind of the policies. Raises InputError for the other option."""
    option, other = ("--topic-arn", "--key-arn") if side.is_key else ("--key-arn", "--topic-arn")
    if request.topic if side.is_key else request.key:
        reason = f"the policies are of a {side.kind}"
        raise InputError(option, reason, help_text=f"give `{other} ARN`")
    return request.key if side.is_key else request.topic


def _of_code(old: Input, new: Input, request: DiffRequest, instances: Sequence[Arn], paint: Paint) -> _Result:
    """Compare all topics and keys of two roots, templates or folders, in all deployments."""
    from checker.analysis.deployed_diff import compare  # only code has deployments
    from checker.analysis.policy_pair import ComparedRoots
    from checker.inputs.policy_pairs import policy_pairs
    from checker.report.root_difference import roots_json, roots_text

    compared = policy_pairs(old, new, request.resource, _arn_of_one(request))
    found = ComparedRoots(tuple(compare(one, instances) for one in compared.pairs), compared.unread)
    return _Result(found.same, roots_text(found, paint), roots_json(found))


def _arn_of_one(request: DiffRequest) -> Arn | None:
    """Return the ARN of the topic or key to compare, if an option names it. Raises InputError."""
    if request.topic and request.key:
        raise InputError("--key-arn", "cannot be used with --topic-arn", help_text="compare one at a time")
    if request.topic:
        return resource_arn(request.topic, "topic")
    return resource_arn(request.key, "key") if request.key else None
