"""Reads and writes the file that holds a baseline: `schemas/baseline.v1.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.configuration.baseline import from_json, to_json
from checker.inputs.schema import plain, validate
from checker.inputs.text import InputError, parse_text, read_text
from checker.terminal_text import json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.configuration.baseline import Baseline

SCHEMA = "baseline.v1.json"


def read_baseline(path: Path, *, pipes: bool = False) -> Baseline:
    """Read a baseline; with ``pipes`` the user names it, so that it may be a pipe. Raises InputError."""
    document = parse_text(path.as_posix(), read_text(path, pipes=pipes))
    try:
        validate(document, SCHEMA)
    except InputError as error:
        reason = f"not a valid baseline: {error.reason}"
        help_text = "write one with `checker baseline write`"
        raise InputError(error.what, reason, error.position, help_text) from None
    return from_json(plain(document.root))


def baseline_lines(baseline: Baseline) -> Iterator[str]:
    """Write a baseline, line by line."""
    return json_lines(to_json(baseline), ascii_only=False)
