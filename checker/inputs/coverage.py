"""Reports the folders of a run in which nothing was examined."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checker.inputs.facts import LOOKED_FOR
from checker.inputs.files import name_of
from checker.inventory import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from checker.inventory import Inventory, Key, Topic
    from checker.outcome import Report


def nothing_examined(
    report: Report, inventory: Inventory, paths: Iterable[Path], absolute: Callable[[str], str]
) -> Iterator[Skipped]:
    """Say of each folder in which nothing was examined what was looked for."""
    examined = [*(absolute(one.source) for one in report.examined), *_homes(report, inventory)]
    for path in paths:
        folder = absolute(name_of(path)).rstrip("/") + "/"
        if os.path.isdir(path) and not any(name.startswith(folder) for name in examined):  # noqa: PTH112 - never raises
            yield _nothing(name_of(path), report.not_judged)


def _homes(report: Report, inventory: Inventory) -> Iterator[str]:
    """The Terraform roots of what was examined: a module that a root calls may lie outside its folder."""
    names = {one.resource for one in report.examined}
    resources: tuple[Topic | Key, ...] = (*inventory.topics, *inventory.keys)
    return (f"{one.home}/" for one in resources if one.address and one.name in names)


def _nothing(folder: str, not_judged: int) -> Skipped:
    if not_judged:
        reason = "nothing was examined: nothing connects a topic to Amazon Connect"
        help_text = "name a file to judge its topics, or use `--all-topics`"
    else:
        reason, help_text = "nothing was examined: no topic or key was found", f"looked for {LOOKED_FOR}"
    return Skipped(folder, reason, help=help_text, complete=True)
