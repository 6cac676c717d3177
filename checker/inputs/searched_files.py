"""Searches the files of a run for policies for Amazon Connect, and for the calls that start chat streaming."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.discover import home_of, is_code, is_in_tests, is_input, is_searched, is_unit
from checker.inputs.mentions import search

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checker.analysis.inventory import Inventory
    from checker.core.errors import Skipped
    from checker.inputs.collect import Facts
    from checker.inputs.mentions import Searched


def search_files(paths: list[Path], named: list[Path], facts: Facts) -> list[Searched]:
    """Search all files except code of tests, and read the calls that start chat streaming.

    Of a change, the kinds of files are searched that are searched in a folder. The files that may set the environment of the calls are read later.
    """
    wanted = (path for path in paths if not facts.of_change or is_searched(path.name))
    files = [search(path) for path in wanted if not (is_code(path) and is_in_tests(path, named))]
    faults = (
        one.fault for one in files if not (is_input(one.path.name) or is_unit(one.path))
    )  # their readers report them
    facts.skipped += (one.skipped()._replace(error=False) for one in faults if one is not None)
    known = {home_of(file.path) for file in files}
    around = [search(path) for path in facts.given.code if home_of(path) not in known]
    facts.code = tuple(file.path for file in (*files, *around) if is_code(file.path))
    calling = [file.path for file in files if file.streams and not is_in_tests(file.path, named)]
    calling += [file.path for file in around if file.streams]
    if calling:
        from checker.inputs.streaming_code import stream_calls  # imported on demand: few runs have such code

        facts.calls = stream_calls(calling)
    return files


def calls_without_topic(inventory: Inventory, facts: Facts) -> Iterable[Skipped]:
    """Return the calls without a checked topic; the files of a change are too few to tell."""
    if not facts.calls or facts.of_change:
        return ()
    from checker.inputs.unread_calls import unread_calls  # imported on demand, as above

    return unread_calls(inventory, facts.calls)
