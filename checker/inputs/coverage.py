"""Reports what a run had to leave out: folders in which nothing was examined, topics that no file declares."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.inputs.facts import LOOKED_FOR
from checker.inputs.files import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from checker.analysis.inventory import Inventory
    from checker.lint.report import Report


def nothing_examined(
    report: Report, paths: Iterable[Path], absolute: Callable[[str], str]
) -> Iterator[Skipped]:
    """Say of each folder in which nothing was examined what was looked for."""
    # The topics of a Terraform root may be declared in modules outside of its folder.
    examined = [name for one in report.examined for name in (absolute(one.source), f"{one.home}/")]
    for path in paths:
        folder = absolute(name_of(path)).rstrip("/") + "/"
        if os.path.isdir(path) and not any(name.startswith(folder) for name in examined):  # noqa: PTH112 - never raises
            yield _nothing(name_of(path), report.not_judged)


def topics_not_read(inventory: Inventory) -> Iterator[Skipped]:
    """Give the topics that contacts stream to and that no file declares: whether a stream arrives is not known."""
    read = {str(topic.arn) for topic in inventory.topics}
    streamed = dict.fromkeys(text for contact in inventory.contacts for text, _ in contact.topics)
    for name in streamed:
        arn = Arn.parse(name)
        if name not in read and arn is not None and arn.is_topic:
            reason = "not known: chats are streamed to this topic, and no file that was read has its policy"
            command = f"aws sns get-topic-attributes --topic-arn {name} --region {arn.region}"
            yield Skipped(name, reason, help=f"save the output of `{command}` beside the other files")


def _nothing(folder: str, not_judged: int) -> Skipped:
    if not_judged:
        reason = "nothing was examined: nothing connects a topic to Amazon Connect"
        help_text = "name a file to judge its topics, or use `--all-topics`"
    else:
        reason, help_text = "nothing was examined: no topic or key was found", f"looked for {LOOKED_FOR}"
    return Skipped(folder, reason, help=help_text, complete=True)
