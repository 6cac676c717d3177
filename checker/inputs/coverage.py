"""Reports gaps in a run: folders without checked resources, and topics without a policy file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.arn import topic_arn
from checker.core.errors import Skipped
from checker.core.shell import shell_command
from checker.inputs.collect import LOOKED_FOR
from checker.inputs.discover import HCL, name_of
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from checker.analysis.inventory import Inventory
    from checker.inputs.collect import Facts
    from checker.lint.report import Report


def nothing_examined(
    report: Report, paths: Iterable[Path], absolute: Callable[[str], str]
) -> Iterator[Skipped]:
    """Report each folder in which nothing was examined, with the reason."""
    # Modules outside the folder may declare the topics of a Terraform root.
    examined = [name for one in report.examined for name in (absolute(one.source), f"{one.home}/")]
    for path in paths:
        folder = absolute(name_of(path)).rstrip("/") + "/"
        if os.path.isdir(path) and not any(name.startswith(folder) for name in examined):  # noqa: PTH112 - never raises
            names = (absolute(one.what) for one in report.skipped if one.error)
            unread = sum(f"{name}/".startswith(folder) for name in names)
            yield _nothing(name_of(path), report.not_judged, unread)


def values_not_read(report: Report) -> Iterator[Skipped]:
    """Report the values files of each root that was examined: each of them is a deployment that was not checked."""
    for root in dict.fromkeys(one.home for one in report.examined if one.source.endswith(HCL)):
        from checker.inputs.callers import files_below, is_chosen  # only where there is Terraform code

        files = [name_of(one) for one in sorted(files_below(Path(os.path.relpath(root)), is_chosen))]
        if files:
            command = shell_command(("checker", "check", "--changed", *files))
            reason = (
                "Terraform does not load such files by itself: deployments with their values were not checked"
            )
            yield Skipped(", ".join(files), reason, help=f"`{command}` checks them", complete=True)


def topics_not_read(inventory: Inventory) -> Iterator[Skipped]:
    """Report topics that contacts stream to but that no file declares: delivery is not known for them."""
    read = {str(topic.arn) for topic in inventory.topics}
    streamed = dict.fromkeys(text for contact in inventory.contacts for text, _ in contact.topics)
    for name in streamed:
        arn = topic_arn(name)
        if name not in read and arn is not None:
            reason = "not known: chats are streamed to this topic, but no input file contains its policy"
            command = f"aws sns get-topic-attributes --topic-arn {name} --region {arn.region}"
            yield Skipped(name, reason, help=f"save the output of `{command}` next to the other files")


def _nothing(folder: str, not_judged: int, unread: int) -> Skipped:
    """Return the entry of a folder in which nothing was examined. Files that could not be read have their own help."""
    if not_judged:
        reason = "nothing was examined: nothing connects a topic to Amazon Connect"
        help_text = "name a file to check its topics, or use `--all-topics`"
    elif unread:
        unread_files = "a file" if unread == 1 else f"{unread} files"
        reason, help_text = f"nothing was examined: {unread_files} could not be read", ""
    else:
        reason, help_text = "nothing was examined: no topic or key was found", f"looked for {LOOKED_FOR}"
    return Skipped(folder, reason, help=help_text, complete=True)


_CLOSE = 0.6
"""Minimum similarity of a suggestion; names of variables are longer and more alike than rule IDs."""


VARIABLE, PARAMETER = "--var", "--parameter"


def unmatched_values(facts: Facts) -> Iterator[Skipped]:
    """Report values for Terraform variables and CloudFormation parameters that no examined file declares."""
    given = facts.given
    yield from _unmatched(VARIABLE, given.variables, facts.variables, "Terraform root declares a variable")
    yield from _unmatched(PARAMETER, given.parameters, facts.parameters, "template declares a parameter")


def _unmatched(
    option: str, given: Iterable[tuple[str, str]], known: Collection[str], declares: str
) -> Iterator[Skipped]:
    for name in dict.fromkeys(name for name, _ in given):
        if name not in known:
            yield misspelled(option, f"no examined {declares} `{name}`", name, known)


def misspelled(option: str, reason: str, name: str, known: Collection[str]) -> Skipped:
    """Report an option with an unknown name, suggesting a similar name or listing known names."""
    guess = did_you_mean(name, known, _CLOSE)
    listed = ", ".join(f"`{one}`" for one in sorted(known)[:5])
    more = f" and {len(known) - 5} more" if len(known) > 5 else ""
    help_text = f"did you mean `{guess}`?" if guess else f"known: {listed}{more}" if known else ""
    return Skipped(option, reason, error=True, help=help_text)
