"""Compares the access that two policies, roots, templates or folders allow, or a branch and its base."""

from __future__ import annotations

import sys
from contextlib import suppress
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.access_diff import difference
from checker.app.exit_codes import Ending
from checker.app.next_step import after_diff, to_read_outside
from checker.app.output import Destination, append_step_summary, check_destinations, repository_root
from checker.app.terminal import paint_for, tell, write
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.terminal_text import json_lines, reveal_words
from checker.core.unknown import Unknown
from checker.inputs.arn_options import instance_option
from checker.inputs.collect import Defaults
from checker.inputs.diff_inputs import read_inputs
from checker.inputs.diff_sides import resource_arn, sides_of, target_of
from checker.inputs.git_revision import is_revision
from checker.inputs.repository import confined_to
from checker.inputs.resource_changes import doubts_of_policies
from checker.report.context import Paint, Setting
from checker.report.difference import difference_json, difference_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from checker.analysis.access_diff import Difference
    from checker.analysis.policy_pair import ComparedRoots
    from checker.core.arn import Arn
    from checker.inputs.collect import Given
    from checker.inputs.diff_inputs import Input
    from checker.inputs.diff_sides import Side


class DiffFormat(StrEnum):
    """Formats of a comparison."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"
    SARIF = "sarif"


class FailOnChange(StrEnum):
    """The changes that fail a comparison."""

    GAINS = "gains"
    LOSES = "loses"
    ANY = "any"


class DiffRequest(NamedTuple):
    """The options of `checker diff`: ARNs of the compared topic or key, its name, and instances to list by name."""

    topic: str = ""
    key: str = ""
    resource: str = ""
    instances: tuple[str, ...] = ()
    fail_on: FailOnChange = FailOnChange.ANY


class DiffOutput(NamedTuple):
    """The format of a report and its file, or standard output."""

    format: DiffFormat = DiffFormat.TEXT
    path: Path | None = None


Outputs = tuple[DiffOutput, ...]


def outputs_of(texts: Sequence[str], output: Path | None) -> Outputs:
    """Parse `NAME` or `NAME=FILE`; ``output`` is a file in place of standard output. Raises InputError."""
    found = [Destination.of(text, tuple(DiffFormat)) for text in texts or (DiffFormat.TEXT,)]
    check_destinations(found, str(output or ""))
    return tuple(DiffOutput(DiffFormat(one.format), one.path or output) for one in found)


def show_diff(
    paths: Sequence[str], base: str, request: DiffRequest, *, given: Given, output: Outputs
) -> Ending:
    """Report what the working tree changes since a base, or the differences of two inputs. Raises InputError."""
    if base:
        return show_change(base, [Path(one) for one in paths], request, given=given, output=output)
    if len(paths) == 2:
        return show_difference(paths[0], paths[1], request, given=given, output=output)
    reason = f"compares two inputs, but {len(paths)} {'is' if len(paths) == 1 else 'are'} named"
    raise InputError(
        "diff", reason, help_text="`checker diff OLD NEW`, or `checker diff --base REV [PATH]...`"
    )


def show_difference(old: str, new: str, request: DiffRequest, *, given: Given, output: Outputs) -> Ending:
    """Report the differences of two inputs. Raises InputError."""
    named = [Path() if is_revision(one, Path(one)) else Path(one) for one in (old, new)]
    with (
        confined_to(named, allow_outside=given.allow_outside),
        read_inputs(old, new, given) as (before, after),
    ):
        if not (before.is_code and after.is_code):
            return _show_policies(before, after, new, request, output)
        arns = [instance_option(text) for text in request.instances]

        def compared(defaults: Defaults) -> ComparedRoots:
            with read_inputs(old, new, given._replace(defaults=defaults)) as sides:
                return _of_code(*sides, request, arns)

        found = _with_other_values(_of_code(before, after, request, arns), (before, after), compared)
    return _show(
        found._replace(compared=f"{new} compared with {before.name}"), new, request, output, Path.cwd()
    )


def _with_other_values(
    found: ComparedRoots, inputs: Sequence[Input], compared: Callable[[Defaults], ComparedRoots]
) -> ComparedRoots:
    """Add the changes with other values that the code lists, and state the defaults on which the result depends."""
    with suppress(InputError):  # without a default, a resource that an option names may not exist
        if any(one.inventory.has_other_values for one in inputs):
            found = found.with_other_values(compared(Defaults.UNLISTED))
        is_same = any(one.same is True for one in found.resources)
        if is_same and any(one.inventory.has_defaults for one in inputs):
            found = found.with_defaults_assumed(compared(Defaults.NO_TEXTS))
    return found


def _show_policies(before: Input, after: Input, new: str, request: DiffRequest, output: Outputs) -> Ending:
    """Report the differences of two policies; ``new`` is the name of the second input."""
    arns = [instance_option(text) for text in request.instances]
    sides = sides_of(before, after, request.resource, key=bool(request.key))
    target = target_of(*sides, _requested_arn(sides[0], request))
    result = difference(sides[0].about(target), sides[1].about(target), target, arns)
    more = doubts_of_policies(sides[0].resource, sides[1].resource)
    result = result._replace(doubts=tuple(dict.fromkeys((*result.doubts, *more))))
    found = _as_roots(result, *sides)._replace(compared=f"{new} compared with {before.name}")
    plain = tuple(one for one in output if one.format in (DiffFormat.TEXT, DiffFormat.JSON))
    _write_policies(result, plain)
    output = tuple(one for one in output if one not in plain)
    return _show(found, new, request, output, Path.cwd())


def _as_roots(found: Difference, old: Side, new: Side) -> ComparedRoots:
    """Return the difference of two policies as that of the only topic or key of two inputs."""
    from checker.analysis.deployments import NO_SYMBOLS
    from checker.analysis.policy_pair import ComparedRoots, DeployedAccess, DeployedDifference, PolicyPair

    pair = PolicyPair(
        old.case,
        new.case,
        new.name,
        old_name=old.name,
        old_place=old.name,
        new_place=new.name,
        file=new.name,
    )
    gained, lost = (
        tuple(DeployedAccess(one, NO_SYMBOLS.default, is_gain=is_gain) for one in accesses)
        for is_gain, accesses in ((True, found.gained), (False, found.lost))
    )
    differs = bool(gained or lost)
    return ComparedRoots(
        (
            DeployedDifference(
                pair, gained, lost, (), found.doubts, differs=differs, gains=bool(gained), loses=bool(lost)
            ),
        )
    )


def show_change(
    revision: str, paths: Sequence[Path], request: DiffRequest, *, given: Given, output: Outputs
) -> Ending:
    """Report what the working tree changes since the merge base with a revision. Raises InputError."""
    from checker.analysis.deployed_diff import compare  # only code has deployments
    from checker.analysis.policy_pair import Base, ComparedRoots
    from checker.inputs.base_inputs import read_changed
    from checker.inputs.changed_files import base_of, paths_in
    from checker.inputs.policy_pairs import changed_pairs

    if request.topic or request.key:
        option = "--topic-arn" if request.topic else "--key-arn"
        raise InputError(option, "cannot be used with --base", help_text="`--resource NAME` selects one")
    output = tuple(one._replace(path=one.path and one.path.absolute()) for one in output)
    arns = [instance_option(text) for text in request.instances]
    base = base_of(revision)
    written = [one.path for one in output if one.path is not None]
    with confined_to((Path(base.top), *paths), allow_outside=given.allow_outside):
        with read_changed(base, paths_in(base, paths), given, written) as sides:
            changes = list(sides)
            compared = [changed_pairs(one, request.resource) for one in changes]

        def compared_with(defaults: Defaults) -> ComparedRoots:
            options = given._replace(defaults=defaults)
            with read_changed(base, paths_in(base, paths), options, written) as sides:
                pairs = [pair for one in sides for pair in changed_pairs(one, request.resource).pairs]
            return ComparedRoots(tuple(compare(pair, arns) for pair in pairs))

        resources = tuple(compare(pair, arns) for one in compared for pair in one.pairs)
        inputs = [side for one in changes for side in (one.old, one.new)]
        found = _with_other_values(ComparedRoots(resources), inputs, compared_with)
    unread = tuple(dict.fromkeys(skipped for one in compared for skipped in one.unread))
    reported = {(one.what, one.block) for one in unread}
    untouched = dict.fromkeys(skipped for one in compared for skipped in one.untouched)
    found = found._replace(
        unread=unread,
        untouched=tuple(one for one in untouched if (one.what, one.block) not in reported),
        compared=base.sentence,
        base=Base(base.revision, base.commit),
    )
    return _show(found, "", request, output, Path(base.top))


def _show(found: ComparedRoots, new: str, request: DiffRequest, output: Outputs, top: Path) -> Ending:
    """Write the report in all formats, those to files first.

    ``new`` is the new input if two inputs were named, ``top`` the folder that the names of files are relative to.
    """
    from checker.report.access.rows import own_sentences  # only code has deployments

    reveal_words(own_sentences(found))
    root = repository_root(top).as_posix()

    def lines_of(output_format: DiffFormat, paint: Paint) -> Iterable[str]:
        if output_format is DiffFormat.TEXT and new:
            from checker.report.root_difference import roots_text  # only code has deployments

            return roots_text(found, paint)
        written = import_module(f"checker.report.access.{output_format.value}")
        lines: Iterable[str] = written.lines_of(found, Setting(root=root, folder=top.as_posix(), paint=paint))
        return lines

    _write_each(output, lines_of)
    if any(one.format is DiffFormat.GITHUB for one in output):
        from checker.report.access.markdown import step_summary  # not for other formats

        append_step_summary(lambda: step_summary(found))
    tell(*to_read_outside((*found.unread, *found.untouched)))
    if new and found.same is not True:
        tell(*after_diff(new))
    return _ending(found, request.fail_on)


def _ending(found: ComparedRoots, fail_on: FailOnChange) -> Ending:
    """Return how a comparison ended: with a change that fails it, or with something that may be one."""
    if fail_on is FailOnChange.ANY:
        return Ending(findings=found.same is False, undetermined=isinstance(found.same, Unknown))
    changed = found.changes(gain=fail_on is FailOnChange.GAINS)
    return Ending(findings=changed is True, undetermined=isinstance(changed, Unknown))


def _write_policies(difference: Difference, output: Outputs) -> None:
    """Write the difference of two policies, which have no deployments, as text or JSON."""

    def lines_of(output_format: DiffFormat, paint: Paint) -> Iterable[str]:
        is_text = output_format is DiffFormat.TEXT
        return difference_text(difference, paint) if is_text else json_lines(difference_json(difference))

    _write_each(output, lines_of)


def _write_each(output: Outputs, lines_of: Callable[[DiffFormat, Paint], Iterable[str]]) -> None:
    """Write a comparison in all formats, those to files first."""
    for one in sorted(output, key=lambda each: each.path is None):
        write(lines_of(one.format, Paint() if one.path else paint_for(sys.stdout)), one.path)


def _requested_arn(side: Side, request: DiffRequest) -> str:
    """Return the ARN option for the kind of the policies. Raises InputError for the other option."""
    option, other = ("--topic-arn", "--key-arn") if side.is_key else ("--key-arn", "--topic-arn")
    if request.topic if side.is_key else request.key:
        reason = f"the policies are of a {side.kind}"
        raise InputError(option, reason, help_text=f"give `{other} ARN`")
    return request.key if side.is_key else request.topic


def _of_code(old: Input, new: Input, request: DiffRequest, instances: Sequence[Arn]) -> ComparedRoots:
    """Compare all topics and keys of two roots, templates or folders, in all deployments."""
    from checker.analysis.deployed_diff import compare  # only code has deployments
    from checker.analysis.policy_pair import ComparedRoots
    from checker.inputs.policy_pairs import policy_pairs

    compared = policy_pairs(old, new, request.resource, _arn_of_one(request))
    return ComparedRoots(tuple(compare(one, instances) for one in compared.pairs), compared.unread)


def _arn_of_one(request: DiffRequest) -> Arn | None:
    """Return the ARN of the topic or key to compare, if an option names it. Raises InputError."""
    if request.topic and request.key:
        raise InputError("--key-arn", "cannot be used with --topic-arn", help_text="compare one at a time")
    if request.topic:
        return resource_arn(request.topic, "topic")
    return resource_arn(request.key, "key") if request.key else None
