"""Comparison of a text with the file that has it; `CHECKER_GOLDEN=write pytest TESTS` writes the files anew."""

from __future__ import annotations

import os
from pathlib import Path


def is_as_written(path: Path, text: str) -> bool:
    """Compare a text with the file that has it, and show the first line that differs."""
    if os.environ.get("CHECKER_GOLDEN") == "write":
        path.write_text(text, "utf-8")
    lines, written = text.splitlines(), path.read_text("utf-8").splitlines()
    for line, expected in zip(lines, written, strict=False):
        assert line == expected
    assert len(lines) == len(written)
    return True
