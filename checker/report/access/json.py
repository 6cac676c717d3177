"""Access changes as JSON, as `schemas/diff.v1.json` describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.terminal_text import json_lines
from checker.report.root_difference import roots_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.policy_pair import ComparedRoots
    from checker.report.context import Setting


def lines_of(found: ComparedRoots, setting: Setting) -> Iterator[str]:  # noqa: ARG001 - as every format
    """Write the differences as JSON."""
    return json_lines(roots_json(found))
