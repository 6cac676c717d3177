"""Reads and writes the file that holds a baseline: `schemas/baseline.v1.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.configuration.baseline import from_json, to_json
from checker.inputs.schema import plain, validate
from checker.inputs.text import parse_text, read_text

if TYPE_CHECKING:
    from pathlib import Path

    from checker.configuration.baseline import Baseline

SCHEMA = "baseline.v1.json"


def read_baseline(path: Path, *, pipes: bool = False) -> Baseline:
    """Read a baseline; with ``pipes`` the user names it, so that it may be a pipe. Raises InputError."""
    document = parse_text(path.as_posix(), read_text(path, pipes=pipes))
    validate(document, SCHEMA)
    return from_json(plain(document.root))


def baseline_text(baseline: Baseline) -> str:
    """Write a baseline, without the last line end."""
    return json.dumps(to_json(baseline), indent=2, ensure_ascii=False)
